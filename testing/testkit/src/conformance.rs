//! The rules of the relay protocol, as tests that every relay passes before its imitated product.
//!
//! A relay says in a [`Subject`] what is its own, and [`conformance!`](crate::conformance!) makes
//! the tests. Every answer is judged on the way: it has to be valid CTIM and to keep all secrets.

use std::future::Future;

use jiff::Timestamp;
use relay_core::Relay;
use sandbox::Product;
use serde_json::Value;

mod answer;
mod ask;
pub mod bodies;
pub mod failures;
pub mod hostile;
pub mod hosts;
pub mod limits;
pub mod partial;
pub mod policies;
mod question;
pub mod routes;
mod stage;
pub mod statuses;
pub mod tenants;
pub mod tokens;
pub mod values;

pub(crate) use answer::Answer;
pub(crate) use ask::Ask;
pub(crate) use question::Question;
pub(crate) use stage::Stage;

/// Where the relay is said to be.
const BASE_URL: &str = "https://relay.example";

/// When it is, for relays and products alike.
const NOW: Timestamp = sandbox::identity::NOW;

/// What is a relay's own among the rules that are everybody's.
pub trait Subject: 'static {
    /// The relay.
    type Relay: Relay;

    /// The product whose imitation it asks.
    const PRODUCT: Product;
    /// Claims that are credentials: each is needed, and the product refuses any other value.
    const CREDENTIALS: &'static [&'static str];
    /// Those of them that must show nowhere.
    const SECRETS: &'static [&'static str];
    /// Types and values that the product knows, for both callers; at least two.
    const KNOWN: &'static [(&'static str, &'static str)];
    /// A type and a value with more than five sightings.
    const BUSY: (&'static str, &'static str);
    /// How the path of every search begins, and of no login.
    const SEARCH: &'static str;
    /// How many observables of the first known type one call can be about at most.
    const IN_ONE_CALL: usize;
    /// How many calls a warm relay makes for the first known observable.
    const CALLS: usize;
    /// The claim by which a caller says where the product is, if there is one.
    const HOST: Option<&'static str> = None;
    /// Members of the product's answers that hold what people wrote.
    const FREE_TEXT: &'static [&'static str];

    /// The settings that lead the relay to a product at this URL; the shared secret is set already.
    fn settings(url: &str) -> Vec<(&'static str, String)>;

    /// The claims of a caller who may do everything.
    fn claims() -> Value;

    /// The claims of another caller, who is told something else about the same observables.
    fn other_claims() -> Value;

    /// The claims of two such callers of whom the product keeps no call quota.
    fn tireless_claims() -> [Value; 2] {
        [Self::claims(), Self::other_claims()]
    }
}

/// Runs one rule.
///
/// # Panics
///
/// When the rule is broken.
pub fn hold(rule: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(rule);
}

/// Makes a test of every rule for a [`Subject`].
///
/// ```ignore
/// testkit::conformance!(Misp);
/// ```
#[macro_export]
macro_rules! conformance {
    ($subject:ty) => {
        $crate::conformance!($subject;
            routes {
                version_needs_no_token
                watchdog_echoes_its_header
                health_asks_the_product
                l01_prefixes_change_nothing
                l01_other_paths_and_methods_are_refused
                known_observables_are_found
                a_warm_relay_makes_the_fewest_calls
                the_unknown_is_no_error
                deliberating_gives_the_same_verdicts
                links_cost_no_call
                offered_actions_can_be_triggered
                i07_other_actions_are_not_done
            }
            policies {
                the_first_gate_speaks_first
                one_gate_does_not_open_the_other
                constant_routes_ask_for_nothing
            }
            tokens {
                c01_c04_sound_tokens_are_let_in
                j01_j03_j06_j11_j18_unsound_tokens_are_refused
                c01_c02_c03_c05_tokens_out_of_time_are_refused
                j21_odd_headers_are_refused
                c09_every_credential_is_needed
                c07_configuration_tokens_are_let_in
                j05_c06_c07_c08_k01_strange_configuration_tokens_are_refused
            }
            bodies {
                faulty_bodies_are_explained
                large_bodies_are_refused_briefly
                faulty_orders_are_explained
                nothing_asked_is_nothing_found
            }
            values {
                i12_odd_values_find_nothing
                i12_odd_values_cost_the_others_nothing
                values_are_echoed_as_asked
                l05_repeats_are_answered_once
                order_is_kept_and_changes_no_id
                the_same_question_has_the_same_answer
                l05_ten_thousand_observables_are_cut
                l05_many_links_and_actions_are_cut
            }
            limits {
                c11_the_token_sets_the_limit
                the_environment_sets_the_limit
                c11_senseless_limits_fall_to_the_next_source
                c11_an_endless_limit_has_an_end
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
            statuses {
                n15_every_status_of_every_call_has_a_code
                n13_a_failing_product_is_not_stormed
            }
            hosts {
                i15_no_caller_leads_inside
            }
            partial {
                n06_n16_a_call_that_fails_costs_its_own
                n11_a_quota_that_ends_half_way_keeps_what_was_found
                n05_l04_a_call_without_end_costs_its_own
                n05_l04_an_answer_without_end_costs_its_own
                equal_failures_are_said_once
            }
            tenants {
                s02_c12_callers_in_turn_do_not_meet
                s02_callers_at_the_same_time_do_not_meet
                s01_another_credential_opens_nothing
                c10_a_strange_credential_is_refused
                s05_a_request_that_ends_in_the_middle_leaves_nothing
                p03_printed_credentials_show_no_secret
            }
            hostile {
                i13_hostile_words_are_data
                i14_hostile_links_are_dropped
                n09_nonsense_never_breaks_an_answer
                i13_hostile_errors_are_plain_lines
                n17_credentials_in_errors_are_blotted_out
                n17_access_tokens_in_errors_are_blotted_out
                n17_credentials_that_are_cut_are_blotted_out
            }
        );
    };
    ($subject:ty; $($chapter:ident { $($rule:ident)* })*) => {
        $(mod $chapter {
            use super::*;
            $(
                #[test]
                fn $rule() {
                    $crate::conformance::hold($crate::conformance::$chapter::$rule::<$subject>());
                }
            )*
        })*
    };
}

#[cfg(test)]
mod tests {
    /// A rule that nobody calls would hold for nobody.
    #[test]
    fn every_rule_is_made_a_test() {
        let made = include_str!("conformance.rs");
        for chapter in [
            include_str!("conformance/routes.rs"),
            include_str!("conformance/policies.rs"),
            include_str!("conformance/tokens.rs"),
            include_str!("conformance/bodies.rs"),
            include_str!("conformance/values.rs"),
            include_str!("conformance/limits.rs"),
            include_str!("conformance/failures.rs"),
            include_str!("conformance/statuses.rs"),
            include_str!("conformance/hosts.rs"),
            include_str!("conformance/partial.rs"),
            include_str!("conformance/tenants.rs"),
            include_str!("conformance/hostile.rs"),
        ] {
            let rules = chapter.split("pub async fn ").skip(1);
            for rule in rules.filter_map(|rest| rest.split('<').next()) {
                assert!(made.contains(&format!(" {rule}\n")), "{rule}");
            }
        }
    }
}
