//! `relayctl module type`: the module type of a relay, printed or sent to Threat Response.

use clap::Args;
use relay_core::{BaseUrl, Environment};
use serde_json::{Map, Value, json};

use super::{api::ThreatResponse, logo::Logos, type_json::ModuleType};
use crate::{
    failure::{Failure, Outcome},
    region::Region,
    relays,
    terminal::{Screen, line, pretty, prompt},
};

/// Prints the module type of a relay as JSON, or creates or updates it in Cisco XDR (Threat Response).
///
/// Modules of such a type show a form for the product's credentials, and send them to the relay in
/// configuration tokens that XDR signs.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module type --relay misp --url https://abc.execute-api.eu-west-1.amazonaws.com --region eu
  relayctl module type --relay misp --url URL --logo misp.svg > module_type.json
  relayctl module type --relay misp --url URL --push --dry-run
  relayctl module type --relay misp --url NEW_URL --update 4a1f6bfe-20e3-5e25-9dd2-f07e6a1fd05a")]
pub(crate) struct Type {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: String,
    /// The relay's URL
    #[arg(long, value_name = "URL")]
    url: String,
    /// The region of your XDR, which signs the tokens; asked for otherwise
    #[arg(long, value_enum)]
    region: Option<Region>,
    #[command(flatten)]
    logos: Logos,
    /// How many modules of the type there may be; without it any number
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_instances: Option<u32>,
    /// Create the module type in XDR
    #[arg(long, conflicts_with = "update")]
    push: bool,
    /// Change the module type with this id to what would be printed
    #[arg(long, value_name = "ID")]
    update: Option<String>,
    /// Say what --push or --update would send and stop
    #[arg(long)]
    dry_run: bool,
    /// Do not ask whether this is really meant
    #[arg(long)]
    yes: bool,
}

impl Type {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let entry = relays::named(&self.relay)?;
        let url = BaseUrl::from_token(&self.url)
            .ok_or_else(|| Failure::Usage("the URL must be https.".to_owned()))?;
        let logos = self.logos.of(entry.about.name)?;
        let region = self.region.map_or_else(Region::asked, Ok)?;
        let new = ModuleType::of(entry, url.as_str(), region, logos, self.max_instances);
        match &self.update {
            Some(id) => self.update(id, &new, region, screen, environment).await,
            None if self.push => self.push(&new, region, screen, environment).await,
            None => line(pretty(&new)),
        }
    }

    async fn push(
        &self,
        new: &ModuleType,
        region: Region,
        screen: &Screen,
        environment: &Environment,
    ) -> Outcome {
        let title = new.title;
        if self.dry_run {
            let text = format!("Would create the module type \"{title}\":\n{}", pretty(new));
            return screen.show(&json!({"would_create": new}), text);
        }
        self.confirm(&format!("Create the module type \"{title}\"?"))?;
        let api = ThreatResponse::login(region, environment).await?;
        let created = api.create_type(new).await?;
        let text = format!("The module type \"{title}\" is there, its id is {}.", created.id);
        screen.show(&json!({"created": created}), text)
    }

    async fn update(
        &self,
        id: &str,
        new: &ModuleType,
        region: Region,
        screen: &Screen,
        environment: &Environment,
    ) -> Outcome {
        let api = ThreatResponse::login(region, environment).await?;
        let change = difference(&api.module_type(id).await?, new)?;
        let title = new.title;
        if change.is_empty() {
            let text = format!("The module type \"{title}\" is as it should be.");
            return screen.show(&json!({"unchanged": id}), text);
        }
        if self.dry_run {
            let text = format!("Would change the module type \"{title}\":\n{}", pretty(&change));
            return screen.show(&json!({"would_change": change}), text);
        }
        let members: Vec<_> = change.keys().map(String::as_str).collect();
        self.confirm(&format!("Change {} of the module type \"{title}\"?", members.join(", ")))?;
        let changed = api.change_type(id, &change).await?;
        let text = format!("The module type \"{title}\" is changed.");
        screen.show(&json!({"changed": changed}), text)
    }

    fn confirm(&self, question: &str) -> Outcome {
        if self.yes {
            return Ok(());
        }
        if !prompt::can_ask() {
            let text = "say --yes to send the module type, or --dry-run to see it.";
            return Err(Failure::Usage(text.to_owned()));
        }
        if prompt::confirms(question)? {
            return Ok(());
        }
        Err(Failure::Refused("nothing was sent.".to_owned()))
    }
}

/// Returns the members that are other than those of the known type.
fn difference(known: &Map<String, Value>, new: &ModuleType) -> Outcome<Map<String, Value>> {
    let new = serde_json::to_value(new).map_err(|error| Failure::Refused(error.to_string()))?;
    let members = new.as_object().into_iter().flatten();
    let differs = members.filter(|(name, value)| known.get(*name) != Some(*value));
    Ok(differs.map(|(name, value)| (name.clone(), value.clone())).collect())
}
