//! The rules that every relay keeps.

use defender_atp::Defender;
use relay_sandbox::{
    Product,
    defender_atp::sample,
    identity::{app, tenant},
};
use relay_testkit::conformance::Subject;
use serde_json::Value;

use crate::desk::claims;

pub(crate) struct Conforming;

impl Subject for Conforming {
    type Relay = Defender;

    const PRODUCT: Product = Product::DefenderAtp;
    const CREDENTIALS: &'static [&'static str] = &["client_id", "client_secret", "tenant_id"];
    const SECRETS: &'static [&'static str] = &["client_secret"];
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("ip", sample::ADDRESS), ("sha1", sample::SCRIPT_HOST_SHA1), ("domain", sample::DOMAIN)];
    const BUSY: (&'static str, &'static str) = ("ip", sample::ADDRESS);
    const SEARCH: &'static str = "/api/";
    const IN_ONE_CALL: usize = 1;
    // Alerts and one hunt; the devices are known.
    const CALLS: usize = 2;
    const FREE_TEXT: &'static [&'static str] = &["title", "description", "fileName", "filePath"];

    fn settings(url: &str) -> Vec<(&'static str, String)> {
        ["DEFENDER_API_BASE", "GRAPH_BASE_URL", "LOGIN_BASE_URL"]
            .map(|name| (name, url.to_owned()))
            .to_vec()
    }

    fn claims() -> Value {
        claims(&app::DEFENDER, &tenant::CONTOSO)
    }

    fn other_claims() -> Value {
        claims(&app::DEFENDER, &tenant::FABRIKAM)
    }
}

relay_testkit::conformance!(Conforming);
