//! The rules that every relay keeps.

use qualys_ioc::QualysIoc;
use sandbox::{
    Product,
    qualys_ioc::{ACCOUNT, EVENTS_PATH, SECOND_TENANT},
};
use serde_json::Value;
use testkit::conformance::Subject;

use crate::test_relay::{DROPPED, PLATFORM, claims};

/// A file with events of every score.
const SCORES_MD5: &str = "5d41c2b3a4958677f0e1d2c3b4a59687";

pub(crate) struct Conforming;

impl Subject for Conforming {
    type Relay = QualysIoc;

    const PRODUCT: Product = Product::QualysIoc;
    const CREDENTIALS: &'static [&'static str] = &["user", "pass"];
    const SECRETS: &'static [&'static str] = &["pass"];
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("sha256", DROPPED), ("ip", "203.0.113.77")];
    const BUSY: (&'static str, &'static str) = ("md5", SCORES_MD5);
    const SEARCH: &'static str = EVENTS_PATH;
    const IN_ONE_CALL: usize = 1;
    const CALLS: usize = 2;
    const HOST: Option<&'static str> = Some("API_URL");
    const FREE_TEXT: &'static [&'static str] =
        &["threatName", "familyName", "fullOSName", "processName", "arguments", "name"];

    fn settings(url: &str) -> Vec<(&'static str, String)> {
        // With fewer at a time, the searches of one observable keep all others waiting.
        let settings = [("API_URL", url), ("PLATFORM_URL", PLATFORM), ("QUALYS_CONCURRENCY", "4")];
        settings.map(|(name, value)| (name, value.to_owned())).into()
    }

    fn claims() -> Value {
        claims(ACCOUNT)
    }

    fn other_claims() -> Value {
        claims(SECOND_TENANT)
    }
}

testkit::conformance!(Conforming);
