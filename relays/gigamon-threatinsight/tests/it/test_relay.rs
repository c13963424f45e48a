//! What the tests of this relay add to the common test relay.

use gigamon_threatinsight::GigamonThreatinsight;
use relay_core::Route;
use sandbox::gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE};
use serde_json::{Value, json};

pub(crate) const OBSERVE: Route = Route::Observe;
/// An address with one detection of one event, and two more events in the search.
pub(crate) const SERVER: &str = "203.0.113.77";

pub(crate) type TestRelay = testkit::TestRelay<GigamonThreatinsight>;

/// Returns how many requests for detections, for their events, event searches and device look-ups
/// arrived.
pub(crate) fn counts(relay: &TestRelay) -> [usize; 4] {
    let paths = [
        format!("{DETECTIONS_BASE}/detections"),
        format!("{DETECTIONS_BASE}/events"),
        EVENTS_BASE.to_owned(),
        ENTITY_BASE.to_owned(),
    ];
    paths.map(|path| relay.calls_to(&path).len())
}

pub(crate) fn claims(key: &str) -> Value {
    json!({"key": key})
}

/// Returns the body of a request about one observable.
pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}
