//! The rules of the relay protocol, which every relay keeps in front of its product's simulator.
//!
//! [`conformance!`](crate::conformance!) makes a test of every rule. What the rules have to know of
//! a relay is in its [`Fixture`]; a rule is tested in each of the fixture's modes.

use std::marker::PhantomData;

use relay_core::Relay;
use sandbox::{Fixture, Mode};

use crate::{Observables, TestRelay, relay::fixture, runtime::block_on_paused};

mod bodies;
mod connections;
mod failures;
mod hosts;
mod limits;
mod malicious;
mod partial;
mod policies;
mod routes;
mod statuses;
mod tenants;
mod texts;
mod tokens;
mod values;

pub(crate) use failures::UNUSED_URL;
pub(crate) use malicious::with_free_text;

/// The rules for one relay in one mode; a method for each rule.
struct Conformance<R> {
    fixture: &'static Fixture,
    mode: &'static Mode,
    relay: PhantomData<R>,
}

impl<R: Relay> Conformance<R> {
    /// A relay that has sent no request yet.
    async fn start(&self) -> TestRelay<R> {
        self.start_with(&[]).await
    }

    /// A relay with further settings.
    async fn start_with(&self, settings: &[(&str, &str)]) -> TestRelay<R> {
        TestRelay::start().mode(self.mode).with(settings).await
    }

    /// A relay that has its access tokens and connections.
    async fn warm(&self) -> TestRelay<R> {
        let relay = self.start().await;
        relay.warm_up().await;
        relay
    }

    /// Another process of the relay in front of the same simulator.
    async fn another(&self, relay: &TestRelay<R>) -> TestRelay<R> {
        TestRelay::start().mode(self.mode).before(&relay.sandbox).await
    }

    fn known(&self) -> Observables {
        Observables::known(self.fixture)
    }

    fn first(&self) -> Observables {
        Observables::first(self.fixture)
    }

    fn last(&self) -> Observables {
        Observables::last(self.fixture)
    }

    fn apart(&self) -> Observables {
        Observables::apart(self.fixture, self.mode)
    }
}

macro_rules! rules {
    ($dollar:tt $($chapter:ident { $($rule:ident)* })*) => {
        /// Tests one rule in every mode of the relay.
        ///
        /// # Panics
        ///
        /// When the rule is broken, or there is none of this name.
        pub fn run<R: Relay>(rule: &str) {
            for mode in fixture::<R>().modes.iter().filter(|mode| !mode.exempt.contains(&rule)) {
                // Shown if the test fails.
                println!("mode: {}", mode.name);
                let rules = Conformance::<R> { fixture: fixture::<R>(), mode, relay: PhantomData };
                match rule {
                    $($(stringify!($rule) => block_on_paused(rules.$rule()),)*)*
                    _ => panic!("there is no rule {rule}"),
                }
            }
        }

        /// Makes a test of every rule for a relay.
        ///
        /// ```ignore
        /// testkit::conformance!(misp::Misp);
        /// ```
        #[macro_export]
        macro_rules! conformance {
            ($dollar relay:ty) => {
                $(mod $chapter {
                    $(
                        #[test]
                        fn $rule() {
                            $crate::conformance::run::<$dollar relay>(stringify!($rule));
                        }
                    )*
                })*
            };
        }
    };
}

rules! { $
    routes {
        version_needs_no_token
        watchdog_echoes_its_header
        health_calls_the_product
        l01_path_prefixes_are_ignored
        l01_unknown_paths_and_methods_are_rejected
        known_observables_are_found
        warm_relay_sends_the_fewest_requests
        unknown_observables_are_no_error
        deliberate_returns_the_verdicts_of_observe
        links_need_no_request
        offered_actions_can_be_triggered
        i07_actions_not_offered_are_rejected
    }
    policies {
        first_failed_check_is_reported
        token_and_body_are_both_checked
        disabled_routes_check_nothing
        optional_tokens_cause_no_error
    }
    texts {
        texts_say_something_of_their_own
    }
    tokens {
        c01_c04_valid_tokens_are_accepted
        j01_j03_j06_j11_j18_invalid_tokens_are_rejected
        c01_c02_c03_c05_expired_and_future_tokens_are_rejected
        j21_malformed_authorization_headers_are_rejected
        c09_every_credential_is_required
        c07_configuration_tokens_are_accepted
        j05_c06_c07_c08_k01_foreign_configuration_tokens_are_rejected
    }
    bodies {
        malformed_bodies_are_explained
        large_malformed_bodies_get_short_answers
        malformed_triggers_are_explained
        empty_lists_get_empty_answers
    }
    values {
        i12_malformed_values_find_nothing
        i12_malformed_values_do_not_affect_others
        values_are_returned_as_sent
        l05_duplicates_are_answered_once
        order_is_kept_and_changes_no_id
        equal_requests_get_equal_answers
        l05_ten_thousand_observables_are_truncated
        l05_many_links_and_actions_are_truncated
    }
    limits {
        c11_token_sets_the_entity_limit
        environment_sets_the_entity_limit
        c11_invalid_limits_are_ignored
        c11_entity_limit_has_a_maximum
        entity_limit_counts_per_observable
    }
    failures {
        n15_error_statuses_are_reported
        n12_unavailable_product_is_reported
        n10_exhausted_quota_is_reported
        n08_n16_unexpected_bodies_are_reported
        n03_n08_truncated_bodies_are_reported
        n06_n07_endless_bodies_are_reported
        n01_redirects_are_not_followed
        n02_n03_unreachable_product_is_reported
        n05_l04_silent_product_is_reported_at_the_deadline
        failures_do_not_affect_later_requests
        n04_n12_one_brief_failure_is_retried
    }
    statuses {
        n15_every_status_of_every_request_has_a_code
        n13_failing_product_gets_few_retries
    }
    connections {
        one_handshake_for_each_origin
        first_answer_takes_the_fewest_round_trips
    }
    hosts {
        i15_callers_cannot_reach_private_addresses
    }
    partial {
        n06_n16_failed_request_affects_only_its_observables
        n11_entities_found_before_429_are_kept
        n05_l04_silent_request_affects_only_its_observables
        n05_l04_endless_response_affects_only_its_observables
        equal_errors_are_reported_once
    }
    tenants {
        s02_c12_alternating_callers_are_separate
        s02_concurrent_callers_are_separate
        s01_any_wrong_credential_is_rejected
        c10_malformed_credentials_are_rejected
        s05_cancelled_request_does_not_affect_the_next
        p03_debug_output_shows_no_secret
    }
    malicious {
        i13_malicious_texts_are_data
        i14_malicious_links_are_dropped
        n09_nonsense_responses_get_valid_answers
        i13_malicious_errors_are_plain_lines
        n17_credentials_in_errors_are_redacted
        n17_access_tokens_in_errors_are_redacted
        n17_truncated_credentials_are_redacted
    }
}
