//! Two callers of one process: nothing of one reaches the other.

use futures::future::join_all;
use relay_core::{Relay, Route};
use serde_json::{Value, json};

use super::Conformance;
use crate::{Answer, TestRelay};

/// How often each of two callers sends the same request.
const ROUNDS: usize = 100;

impl<R: Relay> Conformance<R> {
    /// The relay as each of two callers sees it.
    fn callers(&self, relay: &TestRelay<R>) -> [TestRelay<R>; 2] {
        self.fixture.load_claims().map(|claims| relay.with_claims(claims))
    }

    /// What each of two callers is answered by a process of its own.
    async fn separate(&self, relay: &TestRelay<R>) -> [Answer; 2] {
        let [one, other] = self.fixture.load_claims();
        let one = self.another(relay).await.with_claims(one).observe(self.known()).await;
        let other = self.another(relay).await.with_claims(other).observe(self.known()).await;
        assert_ne!(one, other, "the two must see different entities");
        [one, other]
    }

    /// Two callers in turn, each with the same token again and again, get what a process of their
    /// own would answer.
    pub(super) async fn s02_c12_alternating_callers_are_separate(&self) {
        let relay = self.start().await;
        let expected = self.separate(&relay).await;
        for _ in 0..ROUNDS {
            for (caller, expected) in self.callers(&relay).iter().zip(&expected) {
                // Equal to a checked answer, so that checking it again would only cost time.
                let answer = caller.send_unchecked(caller.request(Route::Observe)).await;
                assert_eq!(answer.json(), expected.text);
            }
            relay.sandbox.forget_calls();
        }
    }

    /// The same for callers at the same time.
    pub(super) async fn s02_concurrent_callers_are_separate(&self) {
        let relay = self.start().await;
        let expected = self.separate(&relay).await;
        let callers = self.callers(&relay);
        let answers = callers.iter().cycle().take(8).map(|caller| caller.observe(self.known()));
        for (answer, expected) in join_all(answers).await.iter().zip(expected.iter().cycle()) {
            assert_eq!(answer, expected);
        }
    }

    /// A request that is cancelled anywhere does not change the answer to the next one.
    pub(super) async fn s05_cancelled_request_does_not_affect_the_next(&self) {
        for relay in [self.start().await, self.warm().await] {
            relay.sandbox.hold();
            tokio::select! {
                _ = relay.observe(self.known()) => panic!("the product has not responded yet"),
                () = relay.sandbox.held(1) => {}
            }
            relay.sandbox.release();
            let expected = self.another(&relay).await.observe(self.known()).await;
            assert_eq!(relay.observe(self.known()).await, expected);
        }
    }

    /// The debug output of credentials shows no secret.
    pub(super) async fn p03_debug_output_shows_no_secret(&self) {
        for claims in [self.fixture.claims(), self.fixture.other_claims()] {
            let credentials = serde_json::from_value::<R::Credentials>(claims.clone());
            let credentials = credentials.expect("a caller's claims are complete");
            for shown in [format!("{credentials:?}"), format!("{credentials:#?}")] {
                let mut secrets =
                    self.fixture.secrets.iter().filter_map(|name| claims[*name].as_str());
                assert!(!secrets.any(|secret| shown.contains(secret)), "{shown}");
            }
        }
    }

    /// A caller who knows all credentials but one gets nothing, however warm the relay is.
    pub(super) async fn s01_any_wrong_credential_is_rejected(&self) {
        let relay = self.warm().await;
        for (name, value) in self.credentials() {
            for wrong in [format!("{value}x"), value.chars().rev().collect()] {
                let answer = relay.with_claim(name, wrong).observe(self.known()).await;
                answer.assert_failure();
                assert_eq!(answer.get("data"), None, "{}", answer.text);
            }
            relay.observe(self.known()).await.assert_no_errors();
        }
    }

    /// A credential that no header, form or path can carry is rejected, and splits none of them.
    pub(super) async fn c10_malformed_credentials_are_rejected(&self) {
        let relay = self.warm().await;
        for (name, value) in self.credentials() {
            for end in ["\r\nX-Injected: 1", "\nx", "\u{0}", "ключ", " \u{7f}", "&a=b", "/../x?y#z"]
            {
                let malformed = relay.with_claim(name, format!("{value}{end}"));
                let answer = malformed.observe(self.known()).await;
                answer.assert_failure();
                assert_eq!(answer.get("data"), None, "{}", answer.text);
                let vague = ["unknown", "internal error", "connection error"];
                assert!(!answer.codes().iter().any(|code| vague.contains(code)), "{}", answer.text);
            }
            let long = relay.with_claim(name, "x".repeat(64 * 1024));
            long.observe(self.known()).await.assert_unauthorized();
        }
        assert!(relay.calls_where(|call| call.header("x-injected").is_some()).is_empty());
    }

    /// The credentials of the usual caller, by name.
    fn credentials(&self) -> impl Iterator<Item = (&'static str, String)> {
        let claims = self.fixture.claims();
        self.fixture.credentials.iter().map(move |name| match &claims[*name] {
            Value::String(value) => (*name, value.clone()),
            other => panic!("{name} is no text: {}", json!(other)),
        })
    }
}
