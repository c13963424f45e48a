//! The rules that every relay keeps, for each way in which this one finds alerts.

use graph_security::GraphSecurity;
use relay_sandbox::{
    Product,
    graph_security::BUSY_ADDRESS,
    identity::{app, tenant},
};
use relay_testkit::conformance::Subject;
use serde_json::Value;

use crate::desk::{ADDRESS, BATCH, HUNT, SHA256, claims};

/// What is the same whatever the backend: `$settings` chooses it, `$search` is its first call.
macro_rules! subject {
    ($name:ident, $settings:expr, $search:expr, $in_one_call:expr, $calls:expr) => {
        pub(crate) struct $name;

        impl Subject for $name {
            type Relay = GraphSecurity;

            const PRODUCT: Product = Product::GraphSecurity;
            const CREDENTIALS: &'static [&'static str] =
                &["application_id", "tenant_id", "client_secret"];
            const SECRETS: &'static [&'static str] = &["client_secret"];
            const KNOWN: &'static [(&'static str, &'static str)] =
                &[("sha256", SHA256), ("domain", "cdn.contoso-files.example"), ("ip", ADDRESS)];
            const BUSY: (&'static str, &'static str) = $search.1;
            const SEARCH: &'static str = $search.0;
            const IN_ONE_CALL: usize = $in_one_call;
            const CALLS: usize = $calls;
            const FREE_TEXT: &'static [&'static str] = &["title", "description", "category"];

            fn settings(url: &str) -> Vec<(&'static str, String)> {
                let hosts = ["GRAPH_BASE_URL", "LOGIN_BASE_URL"].map(|name| (name, url.to_owned()));
                let chosen = $settings.map(|(name, word): (_, &str)| (name, word.to_owned()));
                hosts.into_iter().chain(chosen).collect()
            }

            fn claims() -> Value {
                claims(&app::GRAPH, &tenant::CONTOSO)
            }

            fn other_claims() -> Value {
                claims(&app::GRAPH, &tenant::FABRIKAM)
            }
        }
    };
}

subject!(Filtered, [("GRAPH_V2_STRATEGY", "filter")], (BATCH, ("ip", BUSY_ADDRESS)), 20, 1);
subject!(Hunted, [("GRAPH_V2_STRATEGY", "hunting")], (HUNT, ("ip", BUSY_ADDRESS)), 500, 2);
subject!(Legacy, [("GRAPH_BACKEND", "alerts")], (BATCH, ("ip", ADDRESS)), 20, 1);

mod filtered {
    use super::Filtered;

    relay_testkit::conformance!(Filtered);
}

mod hunted {
    use super::Hunted;

    relay_testkit::conformance!(Hunted);
}

mod legacy {
    use super::Legacy;

    relay_testkit::conformance!(Legacy);
}
