//! The rules that every relay keeps.

use misp::Misp;
use sandbox::{
    Product,
    misp::{
        API_KEY, NO_SEARCH_KEY,
        sample::{LOADER_DOMAIN, RANSOMWARE_SHA256, SCANNER_ADDRESS, SINKHOLE_ADDRESS},
    },
};
use serde_json::{Value, json};
use testkit::conformance::Subject;

pub(crate) struct Conforming;

impl Subject for Conforming {
    type Relay = Misp;

    const PRODUCT: Product = Product::Misp;
    const CREDENTIALS: &'static [&'static str] = &["AuthKey"];
    const SECRETS: &'static [&'static str] = &["AuthKey"];
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("domain", LOADER_DOMAIN), ("sha256", RANSOMWARE_SHA256), ("ip", SCANNER_ADDRESS)];
    const BUSY: (&'static str, &'static str) = ("ip", SINKHOLE_ADDRESS);
    const SEARCH: &'static str = "/attributes/restSearch";
    const IN_ONE_CALL: usize = 50;
    const CALLS: usize = 2;
    const HOST: Option<&'static str> = Some("HOST");
    const FREE_TEXT: &'static [&'static str] = &["info", "comment", "category", "name"];

    fn settings(url: &str) -> Vec<(&'static str, String)> {
        vec![("API_URL", url.to_owned())]
    }

    fn claims() -> Value {
        json!({"AuthKey": API_KEY})
    }

    fn other_claims() -> Value {
        json!({"AuthKey": NO_SEARCH_KEY})
    }
}

testkit::conformance!(Conforming);
