//! A relay in front of its product's simulator, and a caller.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use futures::future::{BoxFuture, FutureExt};
use relay_core::{Clock, Incoming, Outgoing, Relay, Route, Service, url::escaped};
use sandbox::{Call, Fault, Fixture, Mode, Sandbox, Times, When};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::{
    Answer, Observables, TestRequest,
    ctim::{self, Finding, Severity},
    request::{REQUEST_ID, TIMEOUT},
    token::SECRET,
};

mod start;

pub(crate) use start::fixture;
pub use start::{Start, StartService, StartedService};

/// The length of a beginning that gives a secret away; a shorter one may occur by chance.
const SECRET_PREFIX_CHARS: usize = 8;
/// The largest answer that a relay gives.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The entity limit where neither token nor environment sets one, and the highest one.
const DEFAULT_ENTITY_LIMIT: usize = 100;
const MAX_ENTITY_LIMIT: usize = 1000;

/// One relay in front of its product's simulator, seen by one caller.
///
/// Settings, claims and time are those of the product's [`Fixture`], found by the relay's slug.
/// Every answer is checked: it is valid CTIM about the observables of the request, keeps the entity
/// limit, shows no secret, and is not the answer to a panic.
///
/// ```ignore
/// let relay = TestRelay::<Misp>::start().with(&[("CTR_ENTITIES_LIMIT", "5")]).await;
/// let answer = relay.observe([("domain", "bad.example")]).await;
/// assert_eq!(answer.docs("sightings").len(), 1);
/// assert_eq!(relay.calls_to("/attributes").len(), 2);
/// ```
pub struct TestRelay<R> {
    /// The simulator.
    pub sandbox: Arc<Sandbox>,
    /// The relay.
    pub service: Arc<dyn AnswerRequest>,
    /// The relay's clock; stands still until a test advances it.
    pub clock: Clock,
    /// What is known of the relay and its simulator.
    pub fixture: &'static Fixture,
    /// How the relay is set to work; its settings hold only where the test chose the mode.
    pub mode: &'static Mode,
    entity_limit: Option<String>,
    claims: Value,
    timeout: Duration,
    relay: PhantomData<fn() -> R>,
}

/// A service without the type of its relay.
pub trait AnswerRequest: Send + Sync {
    /// Answers one request.
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing>;
}

impl<R: Relay> AnswerRequest for Service<R> {
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing> {
        Service::answer(self, request).boxed()
    }
}

impl<R> Clone for TestRelay<R> {
    fn clone(&self) -> Self {
        Self {
            sandbox: Arc::clone(&self.sandbox),
            service: Arc::clone(&self.service),
            clock: self.clock.clone(),
            entity_limit: self.entity_limit.clone(),
            claims: self.claims.clone(),
            ..*self
        }
    }
}

impl<R: Relay> TestRelay<R> {
    /// Begins a relay; `.await` starts it.
    pub fn start() -> Start<R> {
        Start::new()
    }
}

impl<R> TestRelay<R> {
    /// The same relay, called with these claims and no others.
    #[must_use]
    pub fn with_claims(&self, claims: Value) -> Self {
        Self { claims, ..self.clone() }
    }

    /// The same relay, called with one claim more, or another value of it.
    #[must_use]
    pub fn with_claim(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut relay = self.clone();
        relay.claims[name] = value.into();
        relay
    }

    /// The same relay, whose caller waits so long for every answer.
    #[must_use]
    pub fn within(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The answer to `/health`.
    pub async fn health(&self) -> Answer {
        self.send(self.request(Route::Health)).await
    }

    /// The answer to `/observe/observables`.
    pub async fn observe(&self, observables: impl Into<Observables>) -> Answer {
        self.send(self.request(Route::Observe).about(observables)).await
    }

    /// The answer to `/deliberate/observables`.
    pub async fn deliberate(&self, observables: impl Into<Observables>) -> Answer {
        self.send(self.request(Route::Deliberate).about(observables)).await
    }

    /// The answer to `/refer/observables`.
    pub async fn refer(&self, observables: impl Into<Observables>) -> Answer {
        self.send(self.request(Route::Refer).about(observables)).await
    }

    /// The answer to `/respond/observables`.
    pub async fn respond(&self, observables: impl Into<Observables>) -> Answer {
        self.send(self.request(Route::Respond).about(observables)).await
    }

    /// The answer to `/respond/trigger`.
    pub async fn trigger(&self, action_id: &str, kind: &str, value: &str) -> Answer {
        self.send(self.request(Route::Trigger).action(action_id, (kind, value))).await
    }

    /// The answer to any JSON.
    pub async fn ask(&self, route: Route, body: &Value) -> Answer {
        self.send(self.request(route).json(body)).await
    }

    /// Calls every route that only reads, as on the day after the end of an API; returns the answers.
    ///
    /// # Panics
    ///
    /// When an answer has an error that is no warning.
    pub async fn assert_no_route_fails(&self) -> Vec<Answer> {
        let mut answers = Vec::new();
        for route in Route::ALL.iter().map(|(route, ..)| *route) {
            if !matches!(route, Route::Watchdog | Route::Trigger) {
                let answer = self.send(self.request(route)).await;
                let is_warning = |(severity, _): &(&str, &str)| *severity == "warning";
                assert!(answer.errors().iter().all(is_warning), "{route:?}: {}", answer.text);
                answers.push(answer);
            }
        }
        answers
    }

    /// A request of this relay's caller about everything that the product knows; to trigger an
    /// action that no relay offers.
    pub fn request(&self, route: Route) -> TestRequest {
        let request = TestRequest::bare(route).claims(self.claims.clone()).within(self.timeout);
        match route {
            Route::Trigger => request.action("no-such-action", self.fixture.known[0]),
            _ => request.about(self.fixture.known),
        }
    }

    /// The answer to a request, after it was checked.
    ///
    /// # Panics
    ///
    /// When the answer is not valid, shows a secret, or names a panic.
    pub async fn send(&self, request: TestRequest) -> Answer {
        let answer = Answer::read(&self.send_unchecked(request.clone()).await);
        if answer.status == 200 {
            self.assert_valid(&request, &answer);
        }
        self.assert_no_secret(&request, &answer);
        answer
    }

    /// What the service returns, which nobody has checked.
    pub async fn send_unchecked(&self, request: TestRequest) -> Outgoing {
        self.service.answer(request.into_incoming()).await
    }

    /// The requests that reached the product, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.sandbox.calls()
    }

    /// The requests whose path begins like this, in order of arrival.
    pub fn calls_to(&self, path: &str) -> Vec<Call> {
        self.calls_where(|call| call.path.starts_with(path))
    }

    /// The requests for which this holds, in order of arrival.
    pub fn calls_where(&self, holds: impl Fn(&Call) -> bool) -> Vec<Call> {
        self.calls().into_iter().filter(holds).collect()
    }

    /// Fails if a request has reached the product.
    ///
    /// # Panics
    ///
    /// When one has.
    #[track_caller]
    pub fn assert_no_calls(&self) {
        self.assert_max_calls(0);
    }

    /// Fails if more requests than these have reached the product.
    ///
    /// # Panics
    ///
    /// When more have.
    #[track_caller]
    pub fn assert_max_calls(&self, max: usize) {
        let count = self.calls().len();
        assert!(count <= max, "{count} requests, at most {max}");
    }

    /// Asks about the first known observable, so that access tokens and connections are there.
    pub(crate) async fn warm_up(&self) {
        self.observe(Observables::first(self.fixture)).await.assert_no_errors();
        self.sandbox.forget_calls();
    }

    /// Breaks the product's searches; logins still work.
    pub(crate) fn break_searches(&self, fault: Fault) {
        self.sandbox.fault(self.mode.search_path, fault, Times::Always);
    }

    /// Breaks the searches for the first known observable.
    pub(crate) fn break_first(&self, fault: Fault) {
        let when = When::path(self.mode.search_path).mentioning(self.fixture.known[0].1);
        self.sandbox.fault(when, fault, Times::Always);
    }

    fn assert_valid(&self, request: &TestRequest, answer: &Answer) {
        assert!(answer.text.len() <= MAX_ANSWER_BYTES, "{} bytes", answer.text.len());
        assert!(!answer.text.contains(REQUEST_ID), "the relay panicked: {}", answer.text);
        let Ok(route) = request.route.name().parse() else {
            assert!(answer.get("data").is_some() != answer.get("errors").is_some());
            return;
        };
        let expected = request.expectation().at_most(self.entity_limit(&request.claims));
        let mut findings = ctim::check_text(route, &answer.text, &expected);
        let values = expected.observables.into_iter().flatten().map(|one| json!(one.value));
        let values: Vec<_> = values.map(|value| value.to_string()).collect();
        findings.retain(|finding| {
            finding.severity != Severity::Accepted
                && !is_derived(finding)
                && !is_echo(finding, &values)
        });
        assert_eq!(findings, [], "{} {}", request.route.name(), answer.text);
    }

    /// `CTR_ENTITIES_LIMIT` of the token, else of the environment, else the default.
    fn entity_limit(&self, claims: &Value) -> usize {
        let claim = match &claims["CTR_ENTITIES_LIMIT"] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let digits = |text: &String| {
            let text = text.trim();
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let limit = text.parse().unwrap_or(usize::MAX).min(MAX_ENTITY_LIMIT);
            (is_number && limit > 0).then_some(limit)
        };
        let setting = self.entity_limit.as_ref();
        let limits = [claim.as_ref(), setting].into_iter().flatten();
        limits.filter_map(digits).next().unwrap_or(DEFAULT_ENTITY_LIMIT)
    }

    /// Neither a credential nor an access token is in the answer, nor the beginning of one.
    fn assert_no_secret(&self, request: &TestRequest, answer: &Answer) {
        let own = self.fixture.secrets.iter();
        let own = own.filter_map(|name| request.claims[*name].as_str().map(str::to_owned));
        let calls = self.calls();
        let sent = calls.iter().filter_map(|call| call.authorization()?.split(' ').next_back());
        let secrets = own.chain([SECRET.to_owned()]).chain(sent.map(str::to_owned));
        for secret in secrets.filter(|secret| secret.len() >= SECRET_PREFIX_CHARS) {
            let prefix: String = secret.chars().take(SECRET_PREFIX_CHARS).collect();
            let as_form: String = byte_serialize(prefix.as_bytes()).collect();
            for spelling in [escaped(&prefix), as_form, prefix] {
                assert!(!answer.text.contains(&spelling), "{spelling} is in {}", answer.text);
            }
        }
    }
}

/// Relationships follow from the other entities and have no limit of their own.
fn is_derived(finding: &Finding) -> bool {
    finding.rule == "limit" && finding.path.ends_with("relationships")
}

/// A malformed value is returned as it was sent; a long one is truncated in the finding.
fn is_echo(finding: &Finding, values: &[String]) -> bool {
    finding.rule == "observable-value"
        && values.iter().any(|value| {
            let beginning: String = value.chars().take(80).collect();
            finding.text.starts_with(&beginning)
        })
}
