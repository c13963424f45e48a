//! The rules that every relay keeps, for each way in which this one finds alerts.

use graph_security::GraphSecurity;
use sandbox::{
    Product,
    graph_security::BUSY_ADDRESS,
    identity::{app, tenant},
};
use serde_json::Value;
use testkit::conformance::Subject;

use crate::test_relay::{ADDRESS, BATCH, HUNT, SHA256, claims};

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

            fn tireless_claims() -> [Value; 2] {
                [&tenant::WOODGROVE, &tenant::RELECLOUD].map(|tenant| claims(&app::GRAPH, tenant))
            }
        }
    };
}

subject!(Filtered, [("GRAPH_V2_STRATEGY", "filter")], (BATCH, ("ip", BUSY_ADDRESS)), 20, 1);
subject!(Hunted, [("GRAPH_V2_STRATEGY", "hunting")], (HUNT, ("ip", BUSY_ADDRESS)), 500, 2);
subject!(Legacy, [("GRAPH_BACKEND", "alerts")], (BATCH, ("ip", ADDRESS)), 20, 1);

mod filtered {
    use super::Filtered;

    testkit::conformance!(Filtered);
}

mod hunted {
    use super::Hunted;

    // The rules that depend on how alerts are found, but for two: one query is about all
    // observables, whatever their number and type, and many alerts outlast the service's quota.
    testkit::conformance!(Hunted;
        routes {
            health_asks_the_product
            known_observables_are_found
            a_warm_relay_makes_the_fewest_calls
            the_unknown_is_no_error
        }
        values {
            i12_odd_values_find_nothing
            i12_odd_values_cost_the_others_nothing
            values_are_echoed_as_asked
            l05_repeats_are_answered_once
            order_is_kept_and_changes_no_id
            the_same_question_has_the_same_answer
            l05_ten_thousand_observables_are_cut
        }
        limits {
            c11_the_token_sets_the_limit
            the_limit_is_each_observables_own
        }
        failures {
            n15_refusals_by_status_are_said
            n12_a_product_out_of_order_is_said
            n10_a_used_up_quota_is_said
            n08_n16_strange_bodies_are_said
            n03_n08_bodies_that_break_off_are_said
            n06_n07_bodies_without_end_are_said
            n01_redirects_are_not_followed
            n02_n03_a_product_that_is_not_there_is_said
            n05_l04_silence_ends_with_the_time
            failures_leave_nothing_behind
            n04_n12_one_short_disorder_is_bridged
        }
        statuses { n15_every_status_of_every_call_has_a_code }
        partial { equal_failures_are_said_once }
        tenants {
            s02_c12_callers_in_turn_do_not_meet
            s02_callers_at_the_same_time_do_not_meet
            s01_another_credential_opens_nothing
            c10_a_strange_credential_is_refused
        }
        hostile {
            i13_hostile_words_are_data
            i14_hostile_links_are_dropped
            n09_nonsense_never_breaks_an_answer
            n17_credentials_in_errors_are_blotted_out
            n17_credentials_that_are_cut_are_blotted_out
        }
    );
}

mod legacy {
    use super::Legacy;

    testkit::conformance!(Legacy);
}
