//! One relay: how it is tried against its imitation, and what Threat Response knows of its product.

use relay_core::{Claim, Environment};
use sandbox::{Product, Sandbox};
use serde::Deserialize;
use serde_json::Value;

use super::Facts;
use crate::{
    failure::{Failure, Outcome},
    local::Local,
    observable::Asked,
};

/// One relay, its demonstration, and its place in Threat Response.
pub(crate) struct Entry {
    pub(crate) facts: Facts,
    pub(super) product: Product,
    /// The gateway event whose observables the demonstration asks about.
    pub(super) event: &'static str,
    /// Calls of a warm `observe` that have to wait for each other.
    pub(crate) depth: usize,
    /// Further calls that a new process has to wait for: a login, and what it remembers later on.
    pub(crate) cold: usize,
    /// Calls that the relay lets run side by side, by default.
    pub(crate) at_once: usize,
    /// The settings that lead the relay to an imitation at this URL.
    pub(super) settings: fn(&str) -> Vec<(&'static str, String)>,
    /// The claims that the imitation accepts.
    pub(super) claims: fn() -> Value,
    /// Where the product's makers explain it: label and link.
    pub(crate) documentation: (&'static str, &'static str),
    /// The product's module type in North America, Europe and Asia-Pacific, where Threat Response
    /// has one.
    pub(crate) module_types: Option<[&'static str; 3]>,
}

#[derive(Deserialize)]
struct GatewayEvent {
    body: String,
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
        let settings = Environment::of(self.settings(sandbox));
        Local::start(&self.facts, settings, self.sample_claims()).await
    }

    /// The settings that lead the relay to `sandbox`, names and values.
    pub(crate) fn settings(&self, sandbox: &Sandbox) -> Vec<(&'static str, String)> {
        (self.settings)(sandbox.url())
    }

    /// The claims that the imitation accepts.
    pub(crate) fn sample_claims(&self) -> Value {
        (self.claims)()
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
    use crate::catalog::RELAYS;

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
