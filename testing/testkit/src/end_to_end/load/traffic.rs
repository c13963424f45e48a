//! What reaches a public URL, over and over: valid requests of two callers, a product that fails
//! now and then, and everything that is to be rejected.

use bytes::Bytes;
use relay_core::Route;
use sandbox::{Fault, Fixture, Times};
use serde_json::{Value, json};

use super::super::{Deployed, events::comparable, host::token};
use crate::{
    Observables,
    ctim::{self, Expectation, Severity},
    event::{Event, Gateway},
    runtime_api::{Invocation, Reply},
    token::Token,
};

/// How many callers have a wrong credential, each another one.
const UNKNOWN_CALLERS: usize = 250;
/// Larger than any list of observables, small enough for every gateway.
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// Requests that are repeated in turn.
pub(super) struct Traffic {
    requests: Vec<Request>,
    sent: usize,
}

/// A request, and its first answer.
struct Request {
    name: String,
    /// Sent in turn; all have the same answer.
    events: Vec<Bytes>,
    fault: Option<Fault>,
    expected: Expected,
    first: Option<FirstAnswer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Entities, links or actions.
    Data,
    /// Errors, perhaps beside data.
    Errors,
    /// Either; some routes are disabled in some relays.
    Either,
    /// This status.
    Status(u16),
}

struct FirstAnswer {
    text: Bytes,
    json: Value,
}

impl Traffic {
    /// Two callers in turn, and between them what is to be rejected.
    pub(super) fn of(fixture: &Fixture) -> Self {
        let [one, other] = fixture.load_claims();
        // The second caller of some products has no rights.
        let callers = of_caller(fixture, &one, Expected::Data).into_iter().zip(of_caller(
            fixture,
            &other,
            Expected::Either,
        ));
        let mut invalid = invalid_requests(fixture).into_iter();
        let requests: Vec<_> = callers
            .flat_map(|(one, other)| [Some(one), Some(other), invalid.next()])
            .flatten()
            .collect();
        assert_eq!(invalid.count(), 0, "each stands between requests of two callers");
        Self { requests, sent: 0 }
    }

    /// Sends so many requests, one after the other, and checks every answer.
    pub(super) async fn send(&mut self, count: usize, relay: &Deployed) {
        for _ in 0..count {
            let (round, index) = (self.sent / self.requests.len(), self.sent % self.requests.len());
            self.requests[index].send(round, relay).await;
            self.sent += 1;
        }
    }

    /// Fails unless the two callers get different answers, so that a mix-up would be seen.
    pub(super) fn assert_callers_differ(&self) {
        let first = |number: usize| self.requests[number].first.as_ref().map(|answer| &answer.json);
        assert!(first(0).is_some() && first(0) != first(1), "{:?}", first(0));
    }
}

impl Request {
    fn new(name: &str, event: &Event, expected: Expected) -> Self {
        let events = vec![bytes(event)];
        Self { name: name.to_owned(), events, fault: None, expected, first: None }
    }

    fn failing(self, fault: Fault) -> Self {
        let name = format!("{} before {fault:?}", self.name);
        Self { name, fault: Some(fault), expected: Expected::Errors, ..self }
    }

    async fn send(&mut self, round: usize, relay: &Deployed) {
        if let Some(fault) = &self.fault {
            relay.sandbox.fault("", fault.clone(), Times::Always);
        }
        let event = self.events[round % self.events.len()].clone();
        let outcome = relay.function().invoke(Invocation::raw(event)).await;
        relay.sandbox.clear_faults();
        relay.sandbox.forget_calls();
        self.check(&outcome.reply());
    }

    fn check(&mut self, reply: &Reply) {
        match &self.first {
            Some(first) if first.text == reply.body => {}
            Some(first) => assert_eq!(comparable(reply.json()), first.json, "{}", self.name),
            None => {
                self.assert_expected(reply);
                let answer =
                    FirstAnswer { text: reply.body.clone(), json: comparable(reply.json()) };
                self.first = Some(answer);
            }
        }
    }

    fn assert_expected(&self, reply: &Reply) {
        let answer = reply.json();
        let (has_data, has_errors) = (answer.get("data").is_some(), answer.get("errors").is_some());
        let as_expected = match self.expected {
            Expected::Data => reply.status == 200 && has_data,
            Expected::Errors => reply.status == 200 && has_errors,
            Expected::Either => reply.status == 200,
            Expected::Status(status) => reply.status == status,
        };
        assert!(as_expected, "{}: {} {}", self.name, reply.status, reply.text());
        if let Ok(route) = self.name.split(' ').next().unwrap_or_default().parse() {
            let mut findings = ctim::check_text(route, &reply.text(), &Expectation::default());
            findings.retain(|finding| finding.severity == Severity::Error);
            assert_eq!(findings, [], "{}", self.name);
        }
    }
}

/// Ten observables: known ones, one with many sightings, and unknown ones.
fn ten(fixture: &Fixture) -> Value {
    let known = Observables::from(fixture.modes[0].busy).and(fixture.known);
    known.and(Observables::unknown(fixture.known[0].0, 10)).take(10).json()
}

fn path(route: Route) -> &'static str {
    let known = Route::ALL.iter().find(|(known, ..)| *known == route);
    known.expect("every route is listed").2
}

fn bytes(event: &Event) -> Bytes {
    event.to_json().to_string().into()
}

/// The valid requests of one caller, through the gateways in turn.
fn of_caller(fixture: &Fixture, claims: &Value, expected: Expected) -> Vec<Request> {
    let bearer = token(claims.clone());
    let (many, few) = (ten(fixture), Observables::first(fixture).json());
    let action = json!({
        "action-id": "no-such-action",
        "observable_type": fixture.known[0].0,
        "observable_value": fixture.known[0].1,
    });
    let ask = |route: Route, gateway: Gateway, body: &Value, expected| {
        let event = gateway.post(path(route)).bearer(&bearer).json(body);
        Request::new(route.name(), &event, expected)
    };
    let observe = |gateway| ask(Route::Observe, gateway, &many, expected);
    let mut requests: Vec<_> = Gateway::ALL.into_iter().cycle().take(5).map(observe).collect();
    requests.extend([
        ask(Route::Observe, Gateway::RestApi, &few, expected),
        ask(Route::Deliberate, Gateway::HttpApi, &many, expected),
        ask(Route::Refer, Gateway::RestApi, &many, Expected::Data),
        ask(Route::Respond, Gateway::FunctionUrl, &many, Expected::Data),
        ask(Route::Trigger, Gateway::HttpApi, &action, Expected::Either),
        ask(Route::Health, Gateway::RestApi, &json!({}), expected),
    ]);
    let wait = Some("3600".to_owned());
    let faults = [
        Fault::TooManyRequests { retry_after: wait },
        Fault::status(500),
        Fault::ResetInBody,
        Fault::Malformed,
    ];
    requests.extend(faults.map(|fault| observe(Gateway::HttpApi).failing(fault)));
    requests
}

/// What is to be rejected, or needs no token.
fn invalid_requests(fixture: &Fixture) -> Vec<Request> {
    let valid = token(fixture.claims());
    let health = || Gateway::HttpApi.post("/health");
    let observe = || Gateway::RestApi.post("/observe/observables");
    let forged = Token::new().claims(fixture.claims()).hs256(&[b'x'; 64]);
    let many = ten(fixture);
    let rejected = |name: &str, event: Event| Request::new(name, &event, Expected::Errors);
    let large = json!([{"type": "domain", "value": "x".repeat(LARGE_BODY_BYTES)}]);
    let broken = &many.to_string()[1..];
    vec![
        rejected("health without a token", health()),
        rejected("health with a forged token", health().bearer(&forged)),
        rejected("health with half a token", health().bearer(&valid[..valid.len() / 2])),
        rejected("observe with a forged token", observe().bearer(&forged).json(&many)),
        with_wrong_credentials(fixture),
        rejected("observe without JSON", observe().bearer(&valid).text(broken)),
        rejected(
            "observe with a body that is no text",
            observe().bearer(&valid).binary(&[0xff; 99]),
        ),
        Request::new(
            "observe with a large body",
            &observe().bearer(&valid).json(&large),
            Expected::Either,
        ),
        Request::new("no route", &Gateway::HttpApi.post("/tiles"), Expected::Status(404)),
        Request::new("no method", &Gateway::RestApi.get("/health"), Expected::Status(405)),
        Request::new("version of the relay", &Gateway::HttpApi.post("/version"), Expected::Either),
        Request::new(
            "watchdog",
            &Gateway::RestApi.get("/watchdog").header("Health-Check", "1"),
            Expected::Data,
        ),
    ]
}

/// Callers with all credentials right but the last, which is another one for each caller.
fn with_wrong_credentials(fixture: &Fixture) -> Request {
    let name = fixture.credentials.last().expect("every product has a credential");
    let event = |number: usize| {
        let mut claims = fixture.load_claims()[0].clone();
        claims[*name] = json!(format!("wrong-credential-{number:05}"));
        let observe = Gateway::HttpApi.post("/observe/observables").bearer(&token(claims));
        bytes(&observe.json(&ten(fixture)))
    };
    let events = (0..UNKNOWN_CALLERS).map(event).collect();
    let name = "observe with a wrong credential".to_owned();
    Request { name, events, fault: None, expected: Expected::Errors, first: None }
}
