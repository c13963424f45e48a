//! `relayctl module type`: the description of a relay for Threat Response, from the relay's facts.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use catalog::CatalogEntry;
use clap::Args;
use relay_core::{About, BaseUrl, Claim, ClaimKind, Documentation, RoutePolicy};
use serde::Serialize;

use crate::{
    failure::{Failure, Outcome},
    region::Region,
    relays,
    terminal::{line, pretty},
};

/// Prints the module type of a relay as JSON, for Threat Response's API or its module maker.
///
/// Modules of such a type show a form for the product's credentials, and send them to the relay in
/// configuration tokens that Threat Response signs.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module type --relay misp --url https://abc.execute-api.eu-west-1.amazonaws.com --region eu
  relayctl module type --relay misp --url URL --logo misp.svg > module_type.json")]
pub(crate) struct Type {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: String,
    /// The relay's URL
    #[arg(long, value_name = "URL")]
    url: String,
    /// The region of your Threat Response, which signs the tokens
    #[arg(long, value_enum, default_value_t = Region::Nam)]
    region: Region,
    /// A picture, SVG or PNG, instead of the product's initials
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
}

/// The parts of a module type, in the order in which the module maker writes them.
#[derive(Serialize)]
struct ModuleType {
    title: &'static str,
    default_name: &'static str,
    short_description: String,
    description: String,
    tips: String,
    external_references: [ExternalReference; 1],
    configuration_spec: Vec<FormField>,
    capabilities: Vec<Capability>,
    properties: Properties,
    flags: [&'static str; 0],
    logo: String,
}

#[derive(Serialize)]
struct ExternalReference {
    label: &'static str,
    link: &'static str,
}

/// One field of the form.
#[derive(Serialize)]
struct FormField {
    key: String,
    required: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    label: &'static str,
    tooltip: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    options: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    label: &'static str,
}

#[derive(Serialize)]
struct Capability {
    id: &'static str,
    description: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Properties {
    supported_apis: Vec<&'static str>,
    url: String,
    auth_type: &'static str,
    configuration_token_alg: &'static str,
    #[serde(rename = "custom_jwks_host")]
    jwks_host: &'static str,
}

impl Type {
    pub(super) fn run(&self) -> Outcome {
        let entry = relays::named(&self.relay)?;
        let url = BaseUrl::from_token(&self.url)
            .ok_or_else(|| Failure::Usage("the URL must be https.".to_owned()))?;
        let logo = match &self.logo {
            Some(file) => picture(file)?,
            None => initials(entry.about.name),
        };
        line(pretty(&ModuleType::of(entry, url.as_str(), self.region, logo)))
    }
}

impl ModuleType {
    fn of(entry: &CatalogEntry, url: &str, region: Region, logo: String) -> Self {
        let about = &entry.about;
        let capabilities = capabilities(about);
        let Documentation { title: label, url: link } = about.documentation;
        Self {
            title: about.name,
            default_name: about.name,
            short_description: short_description(about, &capabilities),
            description: description(about, &capabilities),
            tips: tips(entry),
            external_references: [ExternalReference { label, link }],
            configuration_spec: entry.claims().map(field).collect(),
            capabilities,
            properties: Properties {
                supported_apis: supported_apis(about),
                url: url.to_owned(),
                auth_type: "configuration-token",
                configuration_token_alg: "RS256",
                jwks_host: region.host(),
            },
            flags: [],
            logo,
        }
    }
}

/// Returns the routes that the relay answers with more than a constant.
pub(super) fn supported_apis(about: &About) -> Vec<&'static str> {
    let policies = about.policies;
    let routes = [
        (policies.deliberate, "deliberate/observables"),
        (policies.observe, "observe/observables"),
        (policies.refer, "refer/observables"),
        (policies.respond, "respond/observables"),
        (policies.trigger, "respond/trigger"),
    ];
    let enabled = routes.into_iter().filter(|(policy, _)| *policy != RoutePolicy::Disabled);
    std::iter::once("health").chain(enabled.map(|(_, api)| api)).collect()
}

fn capabilities(about: &About) -> Vec<Capability> {
    let policies = about.policies;
    let routes = [
        (policies.deliberate, "deliberate", "Verdicts on observables"),
        (policies.observe, "observe", "Sightings, judgements and indicators of observables"),
        (policies.refer, "refer", "Links into the product"),
        (policies.respond, "respond", "Actions on observables"),
    ];
    let enabled = routes.into_iter().filter(|(policy, ..)| *policy != RoutePolicy::Disabled);
    let enabled = enabled.map(|(_, id, description)| Capability { id, description });
    let health = Capability { id: "health", description: "A check of credentials and connection" };
    std::iter::once(health).chain(enabled).collect()
}

fn short_description(about: &About, capabilities: &[Capability]) -> String {
    let can: Vec<_> = capabilities.iter().map(|one| one.id).collect();
    format!("**{}** behind a relay of your own: {}.", about.name, can.join(", "))
}

fn description(about: &About, capabilities: &[Capability]) -> String {
    let kinds: Vec<_> = about.observables.iter().map(|(_, name)| *name).collect();
    let can = capabilities.iter().map(|one| format!("- **{}**: {}\n", one.id, one.description));
    format!(
        "The relay asks {} about what you investigate, with your own account.\n\nIt knows these observables: {}.\n\nWhat it offers:\n\n{}",
        about.name,
        kinds.join(", "),
        can.collect::<String>()
    )
}

/// Returns how to fill in the form.
fn tips(entry: &CatalogEntry) -> String {
    let fields = entry.claims().map(|claim| {
        let needed = if claim.is_required { "required" } else { "optional" };
        format!("   - **{}** ({needed}) - {}\n", claim.title, claim.tooltip)
    });
    format!(
        "1. Have the relay's URL and your {} credentials at hand\n2. Fill in the form:\n   - **Module name** - Leave the default name or choose one that says more to you\n{}3. Click **Save**; the health check says whether relay and credentials work",
        entry.about.name,
        fields.collect::<String>()
    )
}

/// Returns a field of the form. Its value becomes the claim whose name follows `custom_`.
fn field(claim: &Claim) -> FormField {
    let choices = match claim.kind {
        ClaimKind::Choice(choices) => choices,
        _ => &[],
    };
    FormField {
        key: format!("custom_{}", claim.name),
        required: claim.is_required,
        kind: match claim.kind {
            ClaimKind::ApiKey => "api_key",
            ClaimKind::Password => "password",
            ClaimKind::Text => "string",
            ClaimKind::Number => "integer",
            ClaimKind::Switch => "boolean",
            ClaimKind::Choice(_) => "options",
        },
        label: claim.title,
        tooltip: claim.tooltip,
        options: choices.iter().map(|choice| Choice { value: choice, label: choice }).collect(),
    }
}

/// Returns a picture of the product's initials, as a data URL.
fn initials(name: &str) -> String {
    let is_short = name.len() <= 4;
    let letters: String = if is_short {
        name.to_owned()
    } else {
        name.split_whitespace().filter_map(|word| word.chars().next()).take(3).collect()
    };
    let svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" rx="16" fill="#17495e"/><text x="48" y="58" font-family="sans-serif" font-size="28" font-weight="bold" text-anchor="middle" fill="#ffffff">{letters}</text></svg>"##
    );
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

fn picture(file: &Path) -> Outcome<String> {
    let kind = match file.extension().and_then(|end| end.to_str()) {
        Some("svg") => "svg+xml",
        Some("png") => "png",
        _ => return Err(Failure::Usage("the logo must be an .svg or a .png file.".to_owned())),
    };
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}.", file.display())))?;
    Ok(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}
