//! Which module is meant and its settings: from arguments, or from a settings file.

use std::path::PathBuf;

use clap::Args;
use relay_core::{BaseUrl, Environment, Secret};
use serde_json::{Map, Value, json};

use super::{api::NewInstance, type_json::supported_apis};
use crate::{
    failure::{Failure, Outcome},
    region::CUSTOM_RELAY,
    relays,
    token::{TokenSource, read},
};

/// The setting that holds the token.
const AUTHORIZATION: &str = "authorization-header";
/// The settings that are not secret.
const PUBLIC_SETTINGS: [&str; 3] = ["url", "auth-type", "supported-apis"];

/// A module's settings. The token comes from --token-file or RELAY_TOKEN.
#[derive(Args)]
pub(super) struct ModuleArguments {
    #[command(flatten)]
    selector: ModuleSelector,
    /// The relay's URL
    #[arg(long, value_name = "URL", conflicts_with = "settings")]
    url: Option<String>,
    #[command(flatten)]
    token: TokenSource,
    /// A JSON file with name, module_type_id, visibility and settings, in which $NAME and ${NAME}
    /// stand for variables of the environment
    #[arg(long, value_name = "FILE", conflicts_with = "relay")]
    settings: Option<PathBuf>,
}

/// The settings that a module should have, and what tells which one it is.
pub(super) struct WantedModule {
    pub(super) name: Option<String>,
    pub(super) module_type: Option<String>,
    pub(super) settings: Map<String, Value>,
}

/// A module's name and type.
#[derive(Args)]
pub(super) struct ModuleSelector {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: Option<String>,
    /// The module's name; the product's name otherwise
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The module's type; that of custom relays otherwise, for a module that is there also those of the
    /// product
    #[arg(long, value_name = "ID")]
    module_type_id: Option<String>,
}

impl ModuleSelector {
    pub(super) fn name(&self) -> Outcome<String> {
        let missing = || Failure::Usage("give --relay or --name.".to_owned());
        self.name_if_given()?.ok_or_else(missing)
    }

    /// Returns the name that was given, or that of the relay's product.
    pub(super) fn name_if_given(&self) -> Outcome<Option<String>> {
        match (&self.name, &self.relay) {
            (Some(name), _) => Ok(Some(name.clone())),
            (None, Some(relay)) => Ok(Some(relays::named(relay)?.about.name.to_owned())),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn relay(&self) -> Option<&str> {
        self.relay.as_deref()
    }

    pub(super) fn module_type(&self) -> Option<&str> {
        self.module_type_id.as_deref()
    }
}

impl ModuleArguments {
    pub(super) fn selector(&self) -> &ModuleSelector {
        &self.selector
    }

    /// Returns what the module that is there should have; what nobody mentioned is not in it.
    pub(super) fn wanted(&self, environment: &Environment) -> Outcome<WantedModule> {
        if let Some(file) = &self.settings {
            let new = self.read_file(&read(file)?, environment)?;
            return Ok(WantedModule {
                name: Some(new.name),
                module_type: Some(new.module_type_id),
                settings: new.settings,
            });
        }
        let mut settings = Map::new();
        if self.url.is_some() {
            settings.insert("url".to_owned(), self.url()?.as_str().into());
        }
        if let Some(token) = self.token.given(environment)? {
            settings.extend(token_settings(&token));
        }
        if let Some(relay) = self.selector.relay().filter(|_| !settings.is_empty()) {
            let apis = json!(supported_apis(&relays::named(relay)?.about));
            settings.insert("supported-apis".to_owned(), apis);
        }
        let module_type = self.selector.module_type_id.clone();
        Ok(WantedModule { name: self.selector.name_if_given()?, module_type, settings })
    }

    fn url(&self) -> Outcome<BaseUrl> {
        let url = self.url.as_deref().and_then(BaseUrl::from_token);
        url.ok_or_else(|| Failure::Usage("give --url; it must be https.".to_owned()))
    }

    /// Returns the module as it should be.
    pub(super) fn new_instance(&self, environment: &Environment) -> Outcome<NewInstance> {
        match &self.settings {
            Some(file) => self.read_file(&read(file)?, environment),
            None => self.read_arguments(environment),
        }
    }

    fn read_arguments(&self, environment: &Environment) -> Outcome<NewInstance> {
        let url = self.url()?;
        let Some(relay) = &self.selector.relay else {
            return Err(Failure::Usage("give --relay.".to_owned()));
        };
        let mut settings = token_settings(&self.token.required(environment)?);
        settings.insert("url".to_owned(), url.as_str().into());
        let apis = json!(supported_apis(&relays::named(relay)?.about));
        settings.insert("supported-apis".to_owned(), apis);
        Ok(NewInstance {
            name: self.selector.name()?,
            module_type_id: self.selector.module_type().unwrap_or(CUSTOM_RELAY).to_owned(),
            visibility: "org".to_owned(),
            settings,
        })
    }

    fn read_file(&self, text: &str, environment: &Environment) -> Outcome<NewInstance> {
        let bad = || {
            let text = "the settings file must be a JSON object with name, module_type_id, visibility and settings.";
            Failure::Usage(text.to_owned())
        };
        let mut new: NewInstance = serde_json::from_str(text).map_err(|_| bad())?;
        new.name = match &self.selector.name {
            Some(name) => name.clone(),
            None => expanded(&new.name, environment)?,
        };
        if let Some(id) = &self.selector.module_type_id {
            new.module_type_id = id.clone();
        }
        for value in new.settings.values_mut() {
            if let Value::String(text) = value {
                *text = expanded(text, environment)?;
            }
        }
        Ok(new)
    }
}

/// Returns the settings of a module that sends this token.
fn token_settings(token: &Secret) -> Map<String, Value> {
    let settings = json!({
        "auth-type": AUTHORIZATION,
        AUTHORIZATION: format!("Bearer {}", token.expose()),
    });
    settings.as_object().cloned().unwrap_or_default()
}

/// Replaces `$NAME` and `${NAME}` by variables of the environment.
///
/// Those of AWS are left out: what a settings file holds goes to XDR, and nobody's credentials of AWS
/// belong there.
fn expanded(text: &str, environment: &Environment) -> Outcome<String> {
    let value = |name: &str| match environment.text(name) {
        Some(_) if name.starts_with("AWS_") => Err(Failure::Usage(format!(
            "the settings file names {name}, which is not for a module; give it another name."
        ))),
        Some(value) => Ok(Some(value.to_owned())),
        None => Err(Failure::Usage(format!("the settings file names {name}, which is not set."))),
    };
    let expanded = shellexpand::env_with_context(text, value);
    expanded.map(Into::into).map_err(|error| error.cause)
}

/// Returns the settings with everything hidden that may be a secret.
pub(super) fn without_secrets(settings: &Map<String, Value>) -> Map<String, Value> {
    let shown = settings.iter().map(|(name, value)| {
        let shown = if PUBLIC_SETTINGS.contains(&name.as_str()) {
            value.clone()
        } else {
            json!("[hidden]")
        };
        (name.clone(), shown)
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_and_must_be_set() {
        let environment = Environment::of([("TOKEN", "a.b.c")]);
        assert_eq!(expanded("Bearer ${TOKEN}", &environment).unwrap(), "Bearer a.b.c");
        assert_eq!(expanded("$TOKEN", &environment).unwrap(), "a.b.c");
        assert_eq!(expanded("costs $$5", &environment).unwrap(), "costs $5");
        let error = expanded("$MISSING", &environment).unwrap_err();
        assert!(error.to_string().contains("MISSING"));
    }

    #[test]
    fn only_known_settings_are_shown() {
        let settings =
            json!({"url": "https://a.example", AUTHORIZATION: "Bearer x", "custom_key": "y"});
        let shown = Value::Object(without_secrets(settings.as_object().unwrap()));
        assert_eq!(
            shown,
            json!({"url": "https://a.example", AUTHORIZATION: "[hidden]", "custom_key": "[hidden]"})
        );
    }
}
