//! The relays that the tool knows: how each is tried against its imitation.

use relay_core::Environment;
use relay_sandbox::{Product, Sandbox};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{local::Local, observable::Asked, output::Failure};

/// One relay and its demonstration.
pub(crate) struct Entry {
    /// The relay's folder name.
    pub(crate) slug: &'static str,
    /// Its product's name.
    pub(crate) name: &'static str,
    product: Product,
    /// The gateway event whose observables the demonstration asks about.
    event: &'static str,
    /// Calls of a warm `observe` that have to wait for each other.
    pub(crate) depth: usize,
    settings: fn(&str) -> Environment,
    claims: fn() -> Value,
}

/// Every relay, in the order of the documentation.
pub(crate) const RELAYS: &[Entry] = &[Entry {
    slug: "misp",
    name: "MISP",
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
}];

#[derive(Deserialize)]
struct GatewayEvent {
    body: String,
}

/// The relay with this folder name, or all of them.
pub(crate) fn chosen(slug: Option<&str>) -> Result<Vec<&'static Entry>, Failure> {
    let Some(slug) = slug else { return Ok(RELAYS.iter().collect()) };
    let found = RELAYS.iter().find(|entry| entry.slug == slug);
    let known: Vec<_> = RELAYS.iter().map(|entry| entry.slug).collect();
    let text = || format!("there is no relay {slug}; there are: {}", known.join(", "));
    Ok(vec![found.ok_or_else(|| Failure::Usage(text()))?])
}

impl Entry {
    /// Starts the product's imitation.
    pub(crate) async fn sandbox(&self) -> Result<Sandbox, Failure> {
        let started = Sandbox::start(self.product).await;
        started.map_err(|error| Failure::Unreachable(format!("the sandbox cannot start: {error}")))
    }

    /// The relay itself in this process, in front of `sandbox`, with a token for it.
    pub(crate) async fn local(&self, sandbox: &Sandbox) -> Result<Local, Failure> {
        let settings = (self.settings)(sandbox.url());
        let claims = (self.claims)();
        match self.product {
            Product::Misp => Local::start::<misp::Misp>(settings, claims).await,
            other => Err(Failure::Usage(format!("there is no relay for {} yet", other.slug()))),
        }
    }

    /// The observables of the relay's sample event.
    pub(crate) fn observables(&self) -> Vec<Asked> {
        let event: Option<GatewayEvent> = serde_json::from_str(self.event).ok();
        event.and_then(|event| serde_json::from_str(&event.body).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_event_asks_about_something() {
        for entry in RELAYS {
            assert!(entry.observables().len() > 3, "{}", entry.slug);
        }
    }
}
