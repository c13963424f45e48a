//! The rules that every relay keeps, for each of the two places where alerts come from.

use defender_atp::Defender;
use sandbox::{
    Product,
    defender_atp::sample::{ADDRESS, DOMAIN, SCRIPT_HOST_SHA1},
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::conformance::Subject;

use crate::test_relay::claims;

/// What is the same whatever the `$backend`: `$search` begins the path of its first call.
macro_rules! subject {
    ($name:ident, $backend:literal, $search:literal, $in_one_call:literal) => {
        pub(crate) struct $name;

        impl Subject for $name {
            type Relay = Defender;

            const PRODUCT: Product = Product::DefenderAtp;
            const CREDENTIALS: &'static [&'static str] =
                &["client_id", "tenant_id", "client_secret"];
            const SECRETS: &'static [&'static str] = &["client_secret"];
            const KNOWN: &'static [(&'static str, &'static str)] =
                &[("ip", ADDRESS), ("sha1", SCRIPT_HOST_SHA1), ("domain", DOMAIN)];
            const BUSY: (&'static str, &'static str) = ("ip", ADDRESS);
            const SEARCH: &'static str = $search;
            const IN_ONE_CALL: usize = $in_one_call;
            const CALLS: usize = 2;
            const FREE_TEXT: &'static [&'static str] =
                &["title", "description", "category", "threatFamilyName", "assignedTo"];

            fn settings(url: &str) -> Vec<(&'static str, String)> {
                let hosts = ["DEFENDER_API_BASE", "GRAPH_BASE_URL", "LOGIN_BASE_URL"];
                let hosts = hosts.map(|name| (name, url.to_owned()));
                hosts.into_iter().chain([("DEFENDER_BACKEND", $backend.to_owned())]).collect()
            }

            fn claims() -> Value {
                claims(&app::DEFENDER, &tenant::WOODGROVE)
            }

            fn other_claims() -> Value {
                claims(&app::DEFENDER, &tenant::FABRIKAM)
            }

            fn tireless_claims() -> [Value; 2] {
                // The relay itself keeps hunting within the quota, so these two do not hunt.
                [&tenant::WOODGROVE, &tenant::RELECLOUD].map(|tenant| {
                    let mut claims = claims(&app::DEFENDER, tenant);
                    claims["DEFENDER_HUNTING"] = json!("off");
                    claims
                })
            }
        }
    };
}

subject!(Own, "mde", "/api", 1);
subject!(OverGraph, "graph", "/v1.0/$batch", 20);

mod own {
    use super::Own;

    testkit::conformance!(Own);
}

mod over_graph {
    use super::OverGraph;

    testkit::conformance!(OverGraph);
}
