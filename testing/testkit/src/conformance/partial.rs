//! A request that fails affects the observables that it is about, and no others.

use std::time::Duration;

use relay_core::Relay;
use sandbox::{Fault, Times, When};
use serde_json::json;

use super::Conformance;

/// A warm relay needs a small part of it for a request that succeeds.
const TIMEOUT: Duration = Duration::from_millis(1500);

impl<R: Relay> Conformance<R> {
    /// The searches for the first known observable fail: the last one has all its entities.
    async fn assert_affects_only_the_first(&self, fault: Fault) {
        let relay = self.warm().await.within(TIMEOUT);
        let alone = relay.observe(self.last()).await;
        assert!(alone.all_docs().count() > 0, "{fault:?}");
        relay.break_first(fault);
        let answer = relay.observe(self.apart()).await;
        answer.assert_failure();
        answer.assert_includes(&alone);
    }

    /// A request that is rejected or garbled affects only its own observables.
    pub(super) async fn n06_n16_failed_request_affects_only_its_observables(&self) {
        for fault in [
            Fault::status(500),
            Fault::json(500, &json!({"message": "boom"})),
            Fault::Malformed,
            Fault::Html,
            Fault::Huge { bytes: u64::MAX },
        ] {
            self.assert_affects_only_the_first(fault).await;
        }
    }

    /// When a quota is exhausted half-way, what was found before stays.
    pub(super) async fn n11_entities_found_before_429_are_kept(&self) {
        let relay = self.warm().await;
        let alone = relay.observe(self.first()).await;
        let (_, last) = self.fixture.known[self.fixture.known.len() - 1];
        let exhausted = Fault::TooManyRequests { retry_after: Some("3600".to_owned()) };
        let when = When::path(self.mode.search_path).mentioning(last);
        relay.sandbox.fault(when, exhausted, Times::Always);
        let answer = relay.observe(self.apart()).await;
        assert_eq!(answer.codes(), ["too many requests"]);
        answer.assert_includes(&alone);
    }

    /// A request without a response before the deadline affects only its own observables.
    pub(super) async fn n05_l04_silent_request_affects_only_its_observables(&self) {
        self.assert_affects_only_the_first(Fault::SlowHeaders).await;
    }

    /// A response without an end before the deadline affects only its own observables.
    pub(super) async fn n05_l04_endless_response_affects_only_its_observables(&self) {
        self.assert_affects_only_the_first(Fault::Stall).await;
    }

    /// Equal errors of several observables are reported once.
    pub(super) async fn equal_errors_are_reported_once(&self) {
        let relay = self.warm().await;
        relay.break_searches(Fault::status(500));
        let answer = relay.observe(self.known()).await;
        let mut errors: Vec<_> = answer.error_entries().iter().map(ToString::to_string).collect();
        let count = errors.len();
        errors.sort();
        errors.dedup();
        assert_eq!(errors.len(), count, "{}", answer.text);
    }
}
