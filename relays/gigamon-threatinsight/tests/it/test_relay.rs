//! Where the tests ask: one service, one sandbox, tokens that fit, all at one standing time.

use std::{ops::Deref, sync::Arc};

use gigamon_threatinsight::GigamonThreatInsight;
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

pub(crate) struct TestRelay(test_relay::TestRelay<GigamonThreatInsight>);

impl Deref for TestRelay {
    type Target = test_relay::TestRelay<GigamonThreatInsight>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings; they win over the usual ones, and an empty one counts as missing.
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

    /// Asks about observables; the answer must be valid CTIM.
    pub(crate) async fn observe(&self, wanted: &Value) -> Value {
        let answer = self.ask(OBSERVE, wanted).await;
        assert_valid(wanted, &answer, 100);
        answer
    }

    /// The calls whose path begins like this, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.calls_where(|call| call.path.starts_with(path))
    }

    /// How many searches for detections, calls for their events, event searches and device
    /// look-ups arrived.
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
