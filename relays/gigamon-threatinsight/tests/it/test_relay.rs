//! The relay under test, in front of the simulator of ThreatINSIGHT, at a fixed time.

use std::{ops::Deref, sync::Arc};

use gigamon_threatinsight::GigamonThreatinsight;
use relay_core::http::{Resolver, SystemResolver};
use sandbox::{
    Call, Product, Sandbox,
    gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, RECORDED_AT},
};
use serde_json::{Value, json};
use testkit::test_relay::{self, settings};
pub(crate) use testkit::test_relay::{
    Names, assert_valid_free_edges as assert_valid, bearer, codes, count, docs, message, one,
};

pub(crate) const OBSERVE: &str = "/observe/observables";
/// An address with one detection of one event, and two more events in the search.
pub(crate) const SERVER: &str = "203.0.113.77";

pub(crate) struct TestRelay(test_relay::TestRelay<GigamonThreatinsight>);

impl Deref for TestRelay {
    type Target = test_relay::TestRelay<GigamonThreatinsight>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Starts the relay with further settings, which win over the default ones; an empty one counts
    /// as missing.
    pub(crate) async fn with(further: &[(&str, &str)]) -> Self {
        Self::resolving(further, Arc::new(SystemResolver)).await
    }

    pub(crate) async fn resolving(further: &[(&str, &str)], lookup: Arc<dyn Resolver>) -> Self {
        let now = RECORDED_AT.parse().unwrap();
        let sandbox = Sandbox::start_at(Product::GigamonThreatinsight, now).await.unwrap();
        let usual = [
            ("GTI_DETECTIONS_URL", DETECTIONS_BASE),
            ("GTI_EVENTS_URL", EVENTS_BASE),
            ("GTI_ENTITY_URL", ENTITY_BASE),
        ];
        let usual = usual.map(|(name, base)| (name, format!("{}{base}", sandbox.url())));
        let settings = settings(usual, further);
        Self(test_relay::TestRelay::resolving(sandbox, settings, now, claims(KEY), lookup).await)
    }

    pub(crate) async fn ask_as(&self, key: &str, path: &str, body: &Value) -> Value {
        self.ask_with(claims(key), path, body).await
    }

    /// Returns the answer about observables, which must be valid CTIM.
    pub(crate) async fn observe(&self, observables: &Value) -> Value {
        let answer = self.ask(OBSERVE, observables).await;
        assert_valid(observables, &answer, 100);
        answer
    }

    /// Returns the requests whose path begins with `path`, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.calls_where(|call| call.path.starts_with(path))
    }

    /// Returns how many requests for detections, for their events, event searches and device look-ups
    /// arrived.
    pub(crate) fn counts(&self) -> [usize; 4] {
        let paths = [
            format!("{DETECTIONS_BASE}/detections"),
            format!("{DETECTIONS_BASE}/events"),
            EVENTS_BASE.to_owned(),
            ENTITY_BASE.to_owned(),
        ];
        paths.map(|path| self.calls(&path).len())
    }
}

fn claims(key: &str) -> Value {
    json!({"key": key})
}
