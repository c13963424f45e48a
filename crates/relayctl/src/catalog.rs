//! The relays that the tool knows: how each is tried against its imitation, and what Threat
//! Response knows of its product. A further relay is one more entry in [`RELAYS`].

mod facts;

use clap::builder::PossibleValuesParser;
use relay_core::{Claim, Environment};
use relay_sandbox::{Product, Sandbox};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use facts::{Facts, Ready};

use crate::{
    failure::{Failure, Outcome},
    local::Local,
    observable::Asked,
};

/// One relay, its demonstration, and its place in Threat Response.
pub(crate) struct Entry {
    pub(crate) facts: Facts,
    product: Product,
    /// The gateway event whose observables the demonstration asks about.
    event: &'static str,
    /// Calls of a warm `observe` that have to wait for each other.
    pub(crate) depth: usize,
    /// The settings that lead the relay to an imitation at this URL.
    settings: fn(&str) -> Environment,
    /// The claims that the imitation accepts.
    claims: fn() -> Value,
    /// Where the product's makers explain it: label and link.
    pub(crate) documentation: (&'static str, &'static str),
    /// The product's module type in North America, Europe and Asia-Pacific, where Threat Response
    /// has one.
    pub(crate) module_types: Option<[&'static str; 3]>,
}

/// Every relay, in the order of the documentation.
pub(crate) const RELAYS: &[Entry] = &[Entry {
    facts: Facts::of::<misp::Misp>(),
    product: Product::Misp,
    event: include_str!("../../../events/misp/observe.json"),
    depth: 2,
    settings: |url| {
        Environment::of([
            ("API_URL", url.to_owned()),
            ("URLSCAN_API_URL", format!("{url}/urlscan/api/v1")),
        ])
    },
    claims: || {
        json!({
            "AuthKey": relay_sandbox::misp::API_KEY,
            "URLSCAN_API_KEY": relay_sandbox::misp::URLSCAN_API_KEY,
        })
    },
    documentation: ("MISP documentation", "https://www.misp-project.org/documentation/"),
    module_types: None,
}];

#[derive(Deserialize)]
struct GatewayEvent {
    body: String,
}

/// The relay with this folder name.
pub(crate) fn named(slug: &str) -> Outcome<&'static Entry> {
    let found = RELAYS.iter().find(|entry| entry.slug() == slug);
    found.ok_or_else(|| Failure::Usage(format!("there is no relay {slug}.")))
}

/// The relay with this folder name, or all of them.
pub(crate) fn chosen(slug: Option<&str>) -> Outcome<Vec<&'static Entry>> {
    match slug {
        Some(slug) => Ok(vec![named(slug)?]),
        None => Ok(RELAYS.iter().collect()),
    }
}

/// What an argument that names a relay may say.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(RELAYS.iter().map(Entry::slug))
}

impl Entry {
    /// The relay's folder name.
    pub(crate) fn slug(&self) -> &'static str {
        self.facts.about.slug
    }

    /// Its product's name.
    pub(crate) fn name(&self) -> &'static str {
        self.facts.about.name
    }

    /// What its token may carry, the claim that all relays read included.
    pub(crate) fn claims(&self) -> impl Iterator<Item = &'static Claim> {
        self.facts.claims.iter().chain(&[Claim::ENTITIES_LIMIT])
    }

    /// Starts the product's imitation.
    pub(crate) async fn sandbox(&self) -> Outcome<Sandbox> {
        let started = Sandbox::start(self.product).await;
        started.map_err(|error| Failure::Unreachable(format!("the sandbox cannot start: {error}.")))
    }

    /// The relay itself in this process, in front of `sandbox`, with a token for it.
    pub(crate) async fn local(&self, sandbox: &Sandbox) -> Outcome<Local> {
        Local::start(&self.facts, (self.settings)(sandbox.url()), (self.claims)()).await
    }

    /// The observables of the relay's sample event.
    pub(crate) fn observables(&self) -> Vec<Asked> {
        let event: Option<GatewayEvent> = serde_json::from_str(self.event).ok();
        event.and_then(|event| serde_json::from_str(&event.body).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_sample_event_asks_about_something() {
        for entry in RELAYS {
            assert!(entry.observables().len() > 3, "{}", entry.slug());
        }
    }

    #[test]
    fn relay_and_imitation_belong_together() {
        for entry in RELAYS {
            assert_eq!(entry.slug(), entry.product.slug());
        }
    }

    /// The claims are written down beside the type that reads them; this keeps them together.
    #[tokio::test]
    async fn the_listed_claims_are_the_ones_the_relay_reads() {
        for entry in RELAYS {
            let listed: HashSet<_> = entry.claims().map(|claim| claim.name).collect();
            let claims = (entry.claims)();
            let sample: Vec<_> = claims.as_object().into_iter().flatten().collect();
            for (name, _) in &sample {
                assert!(listed.contains(name.as_str()), "{}: {name} is not listed", entry.slug());
            }
            for claim in entry.claims().filter(|claim| claim.is_required) {
                let without = sample.iter().filter(|(name, _)| *name != claim.name);
                let without: serde_json::Map<_, _> =
                    without.map(|(name, value)| ((*name).clone(), (*value).clone())).collect();
                assert!(accepts(entry, &claims).await, "{}", entry.slug());
                let refused = !accepts(entry, &Value::Object(without)).await;
                assert!(refused, "{}: {} is not required", entry.slug(), claim.name);
            }
        }
    }

    async fn accepts(entry: &Entry, claims: &Value) -> bool {
        let relay = Local::start(&entry.facts, Environment::default(), claims.clone()).await;
        relay.unwrap().check().await.is_ok()
    }
}
