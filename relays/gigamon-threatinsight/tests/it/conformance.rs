//! The rules that every relay keeps.

use gigamon_threatinsight::GigamonThreatInsight;
use sandbox::{
    Product,
    gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, SECOND_KEY},
};
use serde_json::{Value, json};
use testkit::conformance::Subject;

use crate::test_relay::SERVER;

/// A server that events of nearly every kind name.
const BUSY_SERVER: &str = "198.51.100.23";

pub(crate) struct Conforming;

impl Subject for Conforming {
    type Relay = GigamonThreatInsight;

    const PRODUCT: Product = Product::GigamonThreatinsight;
    const CREDENTIALS: &'static [&'static str] = &["key"];
    const SECRETS: &'static [&'static str] = &["key"];
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("ip", SERVER),
        ("domain", "c2.bad.example"),
        ("md5", "6b1f0e9d8c7b6a594837261504f3e2d1"),
    ];
    const BUSY: (&'static str, &'static str) = ("ip", BUSY_SERVER);
    const SEARCH: &'static str = "";
    const IN_ONE_CALL: usize = 1;
    const CALLS: usize = 4;
    const FREE_TEXT: &'static [&'static str] =
        &["name", "description", "category", "user_agent", "status_msg", "service", "hostname"];

    fn settings(url: &str) -> Vec<(&'static str, String)> {
        let families = [
            ("GTI_DETECTIONS_URL", DETECTIONS_BASE),
            ("GTI_EVENTS_URL", EVENTS_BASE),
            ("GTI_ENTITY_URL", ENTITY_BASE),
        ];
        families.map(|(name, base)| (name, format!("{url}{base}"))).into()
    }

    fn claims() -> Value {
        json!({"key": KEY})
    }

    fn other_claims() -> Value {
        json!({"key": SECOND_KEY})
    }
}

testkit::conformance!(Conforming);
