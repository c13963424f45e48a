//! The rules of the relay protocol, as tests that every relay passes before its imitated product.
//!
//! A relay says in a [`Subject`] what is its own, and [`conformance!`](crate::conformance!) makes
//! the tests. Every answer is judged on the way: it has to be valid CTIM and to keep all secrets.

use std::future::Future;

use jiff::Timestamp;
use relay_core::Relay;
use relay_sandbox::Product;
use serde_json::Value;

mod answer;
mod ask;
pub mod bodies;
pub mod failures;
pub mod gates;
pub mod hostile;
pub mod limits;
pub mod partial;
mod question;
pub mod routes;
mod stage;
pub mod tenants;
pub mod tokens;
pub mod values;

use answer::Answer;
use ask::Ask;
use question::Question;
use stage::Stage;

/// Where the relay is said to be.
const BASE_URL: &str = "https://relay.example";

/// When it is, for relays and products alike.
const NOW: Timestamp = relay_sandbox::identity::NOW;

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
    /// Members of the product's answers that hold what people wrote.
    const FREE_TEXT: &'static [&'static str];

    /// The settings that lead the relay to a product at this URL; the shared secret is set already.
    fn settings(url: &str) -> Vec<(&'static str, String)>;

    /// The claims of a caller who may do everything.
    fn claims() -> Value;

    /// The claims of another caller, who is told something else about the same observables.
    fn other_claims() -> Value;
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
/// relay_testkit::conformance!(Misp);
/// ```
#[macro_export]
macro_rules! conformance {
    ($subject:ty) => {
        $crate::conformance!($subject;
            routes {
                version_needs_no_token
                watchdog_echoes_its_header
                health_asks_the_product
                prefixes_change_nothing
                other_paths_and_methods_are_refused
                known_observables_are_found
                a_warm_relay_makes_the_fewest_calls
                the_unknown_is_no_error
                deliberating_gives_the_same_verdicts
                links_cost_no_call
                offered_actions_can_be_triggered
                other_actions_are_not_done
            }
            gates {
                the_first_gate_speaks_first
                one_gate_does_not_open_the_other
                constant_routes_ask_for_nothing
            }
            tokens {
                sound_tokens_are_let_in
                unsound_tokens_are_refused
                odd_headers_are_refused
                every_credential_is_needed
                configuration_tokens_are_let_in
                strange_configuration_tokens_are_refused
            }
            bodies {
                faulty_bodies_are_explained
                large_bodies_are_refused_briefly
                faulty_orders_are_explained
                nothing_asked_is_nothing_found
            }
            values {
                odd_values_find_nothing
                odd_values_cost_the_others_nothing
                values_are_echoed_as_asked
                repeats_are_answered_once
                order_is_kept_and_changes_no_id
                the_same_question_has_the_same_answer
                ten_thousand_observables_are_cut
                many_links_and_actions_are_cut
            }
            limits {
                the_token_sets_the_limit
                the_environment_sets_the_limit
                senseless_limits_fall_to_the_next_source
                an_endless_limit_has_an_end
                the_limit_is_each_observables_own
            }
            failures {
                refusals_by_status_are_said
                a_product_out_of_order_is_said
                a_used_up_quota_is_said
                strange_bodies_are_said
                bodies_that_break_off_are_said
                bodies_without_end_are_said
                redirects_are_not_followed
                a_product_that_is_not_there_is_said
                silence_ends_with_the_time
                failures_leave_nothing_behind
                one_short_disorder_is_bridged
            }
            partial {
                a_call_that_fails_costs_its_own
                a_call_without_end_costs_its_own
                an_answer_without_end_costs_its_own
                equal_failures_are_said_once
            }
            tenants {
                callers_in_turn_do_not_meet
                callers_at_the_same_time_do_not_meet
                another_credential_opens_nothing
                a_strange_credential_is_refused
            }
            hostile {
                hostile_words_are_data
                hostile_links_are_dropped
                nonsense_never_breaks_an_answer
                hostile_errors_are_plain_lines
                credentials_in_errors_are_blotted_out
                access_tokens_in_errors_are_blotted_out
                credentials_that_are_cut_are_blotted_out
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
            include_str!("conformance/gates.rs"),
            include_str!("conformance/tokens.rs"),
            include_str!("conformance/bodies.rs"),
            include_str!("conformance/values.rs"),
            include_str!("conformance/limits.rs"),
            include_str!("conformance/failures.rs"),
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
