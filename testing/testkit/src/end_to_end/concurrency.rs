//! Several requests in one process at the same time, as managed instances of Lambda send them.

use std::time::Duration;

use futures::future::join_all;
use relay_core::Relay;
use sandbox::{Fault, Times, When};
use serde_json::{Value, json};

use super::{Deployed, EndToEnd, events::comparable, host::observe, load::Growth};
use crate::{
    Observables,
    event::Event,
    runtime_api::{Invocation, Outcome},
};

/// As many requests as one process gets at the same time.
const CONCURRENCY: usize = 8;
const SETTING: (&str, &str) = ("AWS_LAMBDA_MAX_CONCURRENCY", "8");
/// Too short to wait for a product that does not respond.
const SHORT_TIMEOUT: Duration = Duration::from_secs(2);
/// A value that no product knows.
const UNKNOWN_DOMAIN: &str = "unlucky-one.example";

impl<R: Relay> EndToEnd<R> {
    async fn deploy_concurrent(&self) -> Deployed {
        self.deploy_with(&[SETTING]).await
    }

    /// So many requests, of two callers in turn.
    fn alternating(&self, count: usize) -> impl Iterator<Item = Event> {
        let requests = self.fixture.load_claims();
        let requests = requests.map(|claims| observe(claims, self.fixture.known));
        requests.into_iter().cycle().take(count)
    }

    /// What each of two callers is answered when nobody else asks; after that the relay is warm.
    async fn separate(&self, relay: &Deployed) -> [Value; 2] {
        let mut answers = Vec::new();
        for event in self.alternating(4) {
            answers.push(comparable(relay.ask(&event).await.json()));
        }
        let answers: [Value; 2] = answers.split_off(2).try_into().expect("two answers");
        assert_ne!(answers[0], answers[1], "the two must see different entities");
        answers
    }

    /// As many requests as the process gets reach the product at the same time, and either caller
    /// gets its own entities.
    pub(super) async fn requests_are_answered_concurrently(&self) {
        let relay = self.deploy_concurrent().await;
        let expected = self.separate(&relay).await;
        relay.sandbox.forget_calls();
        relay.sandbox.hold();
        let requests = self.alternating(2 * CONCURRENCY);
        let outcomes: Vec<_> = requests.map(|event| relay.function().send(&event)).collect();
        relay.function().busy_with(CONCURRENCY).await;
        relay.sandbox.held(CONCURRENCY).await;
        relay.sandbox.release();
        assert_answers(join_all(outcomes).await, &expected);
        assert!(relay.sandbox.peak_concurrency() >= CONCURRENCY);
        relay.end().await;
    }

    /// Requests that come at the same time before any login share one login. A relay's first
    /// request is the login, where its product has one; others send it for every call.
    pub(super) async fn concurrent_requests_share_their_logins(&self) {
        let [claims, _] = self.fixture.load_claims();
        let request = observe(claims, Observables::first(self.fixture));
        let relay = self.deploy_concurrent().await;
        relay.ask(&request).await;
        let cold = paths(&relay);
        relay.ask(&request).await;
        let warm = paths(&relay);
        relay.end().await;
        let relay = self.deploy_concurrent().await;
        relay.sandbox.hold();
        let outcomes: Vec<_> = (0..CONCURRENCY).map(|_| relay.function().send(&request)).collect();
        relay.function().busy_with(CONCURRENCY).await;
        relay.sandbox.release();
        join_all(outcomes).await;
        let logins = |paths: &[String]| paths.iter().filter(|path| **path == cold[0]).count();
        let all = paths(&relay);
        let expected = logins(&cold) + (CONCURRENCY - 1) * logins(&warm);
        assert_eq!(logins(&all), expected, "{all:?}");
        relay.end().await;
    }

    /// A request that times out, a malformed event, and a request whose connections are reset do
    /// not affect concurrent requests.
    pub(super) async fn failing_request_does_not_affect_concurrent_ones(&self) {
        let relay = self.deploy_concurrent().await;
        let expected = self.separate(&relay).await;
        let [claims, _] = self.fixture.load_claims();
        let unlucky = observe(claims, ("domain", UNKNOWN_DOMAIN));
        let when = When::any().mentioning(UNKNOWN_DOMAIN);
        relay.sandbox.fault(when, Fault::ResetInBody, Times::Always);
        relay.sandbox.hold();
        let function = relay.function();
        let requests = self.alternating(CONCURRENCY - 3);
        let outcomes: Vec<_> = requests.map(|event| function.send(&event)).collect();
        let reset = function.send(&unlucky);
        let late = function.send(Invocation::from(&unlucky).time_left(SHORT_TIMEOUT));
        let malformed = function.send(&json!({}));
        assert_eq!(late.await.reply().json()["errors"][0]["code"], "connection error");
        assert!(matches!(malformed.await, Outcome::Failed(_)));
        relay.sandbox.release();
        assert!(reset.await.reply().json().get("errors").is_some());
        assert_answers(join_all(outcomes).await, &expected);
        let again = self.alternating(CONCURRENCY).map(|event| function.send(&event));
        assert_answers(join_all(again).await, &expected);
        relay.end().await;
    }

    /// After the first thousand, a thousand more leak no memory, no descriptor and no thread.
    pub(super) async fn thousand_concurrent_requests_leak_nothing(&self) {
        let relay = self.deploy_concurrent().await;
        let expected = self.separate(&relay).await;
        let mut growth = Growth::of(&relay);
        for _ in 0..2 * 1000 / (2 * CONCURRENCY) {
            let requests = self.alternating(2 * CONCURRENCY);
            let outcomes = requests.map(|event| relay.function().send(&event));
            assert_answers(join_all(outcomes).await, &expected);
            relay.sandbox.forget_calls();
            growth.measure(2 * CONCURRENCY);
        }
        growth.write_down(R::ABOUT.slug, "side-by-side", 1000);
        growth.assert_nothing_opened(1000);
        growth.assert_little_memory(1000);
        relay.end().await;
    }
}

#[track_caller]
fn assert_answers(outcomes: Vec<Outcome>, expected: &[Value; 2]) {
    for (outcome, expected) in outcomes.into_iter().zip(expected.iter().cycle()) {
        assert_eq!(comparable(outcome.reply().json()), *expected);
    }
}

/// The paths of the requests since the last call of this function.
fn paths(relay: &Deployed) -> Vec<String> {
    let calls = relay.sandbox.calls();
    relay.sandbox.forget_calls();
    calls.into_iter().map(|call| call.path).collect()
}
