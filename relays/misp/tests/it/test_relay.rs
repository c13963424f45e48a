//! Helpers of the MISP relay's tests.

pub(crate) mod listener;
pub(crate) mod responses;

use std::sync::Arc;

use misp::Misp;
use sandbox::{Product, Sandbox, misp::API_KEY};
use serde_json::{Value, json};
use testkit::{Answer, Observables, TestRelay};

/// The relay in front of MISP's simulator.
pub(crate) type MispRelay = TestRelay<Misp>;

/// Starts a simulator, for several relays or before the relay.
pub(crate) async fn start_sandbox() -> Arc<Sandbox> {
    let fixture = Product::Misp.fixture();
    Arc::new(Sandbox::start_at(Product::Misp, fixture.now).await.unwrap())
}

/// Starts a relay in front of a simulator of its own.
pub(crate) async fn start() -> MispRelay {
    MispRelay::start().await
}

/// Starts a relay with further settings in front of a simulator of its own.
pub(crate) async fn start_with(settings: &[(&str, &str)]) -> MispRelay {
    MispRelay::start().with(settings).await
}

/// Starts a relay in front of this simulator.
pub(crate) async fn start_before(sandbox: &Arc<Sandbox>) -> MispRelay {
    MispRelay::start().before(sandbox).await
}

/// The claims of a caller without a key for urlscan.io.
pub(crate) fn only_misp_key() -> Value {
    json!({"AuthKey": API_KEY})
}

/// Domains, one observable each.
pub(crate) fn domains(names: &[String]) -> Observables {
    names.iter().map(|name| ("domain", name.as_str())).collect()
}

/// Domains of the simulator's sinkhole, each in an event of its own.
pub(crate) fn sinkhole_domains(count: usize) -> Vec<String> {
    (0..count).map(|batch| format!("batch{batch}.sinkhole.example")).collect()
}

/// What tests read of an answer about MISP's events.
pub(crate) trait MispAnswer {
    /// The values of the observables that have a verdict.
    fn found(&self) -> Vec<&str>;
    /// The UUIDs, else ids, of the events, in the order of the sightings.
    fn events(&self) -> Vec<&str>;
    /// Fails unless the answer says that nothing was found, and nothing more.
    fn assert_nothing_found(&self);
}

impl MispAnswer for Answer {
    fn found(&self) -> Vec<&str> {
        texts(self, "verdicts", "/observable/value")
    }

    fn events(&self) -> Vec<&str> {
        texts(self, "sightings", "/external_ids/0")
    }

    #[track_caller]
    fn assert_nothing_found(&self) {
        assert_eq!(*self, json!({"data": {}}));
    }
}

fn texts<'a>(answer: &'a Answer, collection: &str, pointer: &str) -> Vec<&'a str> {
    let values = answer.every(collection, pointer).into_iter();
    values.map(|value| value.as_str().unwrap()).collect()
}
