//! The description of a relay for Threat Response, from the relay's facts.
//!
//! Source: NewModuleTypeParams of the IROH INT API 1.0.107. A member that is not listed there, such as
//! `disable_automatic_health_check`, is refused, so it is set in Threat Response itself.

use catalog::CatalogEntry;
use relay_core::{About, Claim, ClaimKind, Documentation, RoutePolicy};
use serde::Serialize;

use crate::region::Region;

/// What public module types of relays like this one carry.
const FLAGS: [&str; 2] = ["third-party", "community"];
/// The class of the reference that names the relay.
const RELAY_CLASS: &str = "threat-relays:relay";

/// The parts of a module type, in the order in which the module maker writes them.
#[derive(Serialize)]
pub(super) struct ModuleType {
    pub(super) title: &'static str,
    default_name: &'static str,
    short_description: String,
    description: String,
    tips: String,
    external_references: [ExternalReference; 2],
    product_categories: Vec<Described>,
    configuration_spec: Vec<FormField>,
    capabilities: Vec<Described>,
    properties: Properties,
    flags: [&'static str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_nb_instances: Option<u32>,
    logo: String,
    logo_dark: String,
}

/// A page, or the id of the relay, by which a module type is found again.
#[derive(Serialize)]
#[serde(untagged)]
enum ExternalReference {
    Page { label: &'static str, link: &'static str },
    Relay { external_id: &'static str, class: &'static str },
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

/// An id of Threat Response and what it stands for.
#[derive(Serialize)]
struct Described {
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

impl ModuleType {
    /// Returns the module type of a relay at this URL, whose tokens the region signs.
    pub(super) fn of(
        entry: &CatalogEntry,
        url: &str,
        region: Region,
        [logo, logo_dark]: [String; 2],
        max_nb_instances: Option<u32>,
    ) -> Self {
        let about = &entry.about;
        let capabilities = capabilities(about);
        let Documentation { title: label, url: link } = about.documentation;
        Self {
            title: about.name,
            default_name: about.name,
            short_description: short_description(about, &capabilities),
            description: description(about, &capabilities),
            tips: tips(entry),
            external_references: [
                ExternalReference::Page { label, link },
                ExternalReference::Relay { external_id: about.slug, class: RELAY_CLASS },
            ],
            product_categories: categories(about),
            configuration_spec: entry.claims().map(field).collect(),
            capabilities,
            properties: Properties {
                supported_apis: supported_apis(about),
                url: url.to_owned(),
                auth_type: "configuration-token",
                configuration_token_alg: "RS256",
                jwks_host: region.host(),
            },
            flags: FLAGS,
            max_nb_instances,
            logo,
            logo_dark,
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

fn categories(about: &About) -> Vec<Described> {
    let categories = about.categories.iter();
    categories.map(|one| Described { id: one.id(), description: one.description() }).collect()
}

fn capabilities(about: &About) -> Vec<Described> {
    let policies = about.policies;
    let routes = [
        (policies.deliberate, "deliberate", "Verdicts on observables"),
        (policies.observe, "observe", "Sightings, judgements and indicators of observables"),
        (policies.refer, "refer", "Links into the product"),
        (policies.respond, "respond", "Actions on observables"),
    ];
    let enabled = routes.into_iter().filter(|(policy, ..)| *policy != RoutePolicy::Disabled);
    let enabled = enabled.map(|(_, id, description)| Described { id, description });
    let health = Described { id: "health", description: "A check of credentials and connection" };
    std::iter::once(health).chain(enabled).collect()
}

fn short_description(about: &About, capabilities: &[Described]) -> String {
    let can: Vec<_> = capabilities.iter().map(|one| one.id).collect();
    format!("**{}** behind a relay of your own: {}.", about.name, can.join(", "))
}

fn description(about: &About, capabilities: &[Described]) -> String {
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
