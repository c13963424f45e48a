//! What reaches a public address, over and over: sound questions of two callers, a product that
//! fails now and then, and everything that is to be refused.

use bytes::Bytes;
use relay_core::route::Route;
use sandbox::{Fault, Times};
use serde_json::{Value, json};

use super::super::{
    events::without_times,
    host::{Deployed, token},
};
use crate::{
    conformance::{Question, Subject},
    ctim::{self, Asked, Severity},
    event::{Event, Gateway},
    runtime_api::{Invocation, Reply},
    token::Token,
};

/// So many strangers come by, each with a credential of its own.
const STRANGERS: usize = 250;
/// Larger than any question, small enough for every gateway.
const LARGE: usize = 256 * 1024;

/// Requests that come round and round.
pub(super) struct Traffic {
    requests: Vec<Request>,
    sent: usize,
}

/// A request, and what it was answered first.
struct Request {
    name: String,
    /// Taken in turn; all are answered alike.
    events: Vec<Bytes>,
    fault: Option<Fault>,
    expected: Expected,
    first: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// What was asked for.
    Data,
    /// A failure that is said, perhaps beside what is there.
    Errors,
    /// What this relay says here; some routes are constant for some relays.
    Either,
    /// No route.
    Status(u16),
}

struct Answer {
    text: Bytes,
    json: Value,
}

impl Traffic {
    /// Two callers in turn, and between them what nobody should send.
    pub(super) fn of<S: Subject>() -> Self {
        let [one, other] = S::tireless_claims();
        // Some products tell their second caller nothing but what it may not do.
        let callers = callers_requests::<S>(&one, Expected::Data)
            .into_iter()
            .zip(callers_requests::<S>(&other, Expected::Either));
        let mut odd = odd_requests::<S>().into_iter();
        let requests: Vec<_> = callers
            .flat_map(|(one, other)| [Some(one), Some(other), odd.next()])
            .flatten()
            .collect();
        assert_eq!(odd.count(), 0, "every odd request has its place between two callers");
        Self { requests, sent: 0 }
    }

    /// Sends so many requests, one after the other, and judges every answer.
    pub(super) async fn pass(&mut self, count: usize, relay: &Deployed) {
        for _ in 0..count {
            let (round, place) = (self.sent / self.requests.len(), self.sent % self.requests.len());
            self.requests[place].send(round, relay).await;
            self.sent += 1;
        }
    }

    /// The two callers are told different things, so that equal answers mean no meeting.
    pub(super) fn assert_callers_differ(&self) {
        let told = |number: usize| self.requests[number].first.as_ref().map(|answer| &answer.json);
        assert!(told(0).is_some() && told(0) != told(1), "{:?}", told(0));
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
        self.judge(&outcome.reply());
    }

    fn judge(&mut self, reply: &Reply) {
        match &self.first {
            Some(first) if first.text == reply.body => {}
            Some(first) => assert_eq!(without_times(reply.json()), first.json, "{}", self.name),
            None => {
                self.assert_expected(reply);
                let answer = Answer { text: reply.body.clone(), json: without_times(reply.json()) };
                self.first = Some(answer);
            }
        }
    }

    fn assert_expected(&self, reply: &Reply) {
        let answer = reply.json();
        let (data, errors) = (answer.get("data").is_some(), answer.get("errors").is_some());
        let as_expected = match self.expected {
            Expected::Data => reply.status == 200 && data,
            Expected::Errors => reply.status == 200 && errors,
            Expected::Either => reply.status == 200,
            Expected::Status(status) => reply.status == status,
        };
        assert!(as_expected, "{}: {} {}", self.name, reply.status, reply.text());
        if let Ok(route) = self.name.split(' ').next().unwrap_or_default().parse() {
            let mut findings = ctim::check_text(route, &reply.text(), &Asked::default());
            findings.retain(|finding| finding.severity == Severity::Error);
            assert_eq!(findings, [], "{}", self.name);
        }
    }
}

/// Ten observables: what is known, what has very much, and strangers.
fn ten<S: Subject>() -> Value {
    let known = Question::of(&[S::BUSY]).into_iter().chain(Question::known::<S>());
    let strangers = Question::unknown(S::KNOWN[0].0, 10);
    known.chain(strangers).take(10).collect::<Question>().json()
}

fn path(route: Route) -> &'static str {
    let known = Route::ALL.iter().find(|(known, ..)| *known == route);
    known.expect("every route is listed").2
}

fn bytes(event: &Event) -> Bytes {
    event.to_json().to_string().into()
}

/// What one caller asks: the gateways take turns.
fn callers_requests<S: Subject>(claims: &Value, expected: Expected) -> Vec<Request> {
    let bearer = token(claims.clone());
    let (many, few) = (ten::<S>(), json!([{"type": S::KNOWN[0].0, "value": S::KNOWN[0].1}]));
    let action = json!({
        "action-id": "no-such-action",
        "observable_type": S::KNOWN[0].0,
        "observable_value": S::KNOWN[0].1,
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

/// What is to be refused, or needs nobody's leave.
fn odd_requests<S: Subject>() -> Vec<Request> {
    let sound = token(S::claims());
    let health = || Gateway::HttpApi.post("/health");
    let observe = || Gateway::RestApi.post("/observe/observables");
    let forged = Token::new().claims(S::claims()).hs256(&[b'x'; 64]);
    let many = ten::<S>();
    let refused = |name: &str, event: Event| Request::new(name, &event, Expected::Errors);
    let large = json!([{"type": "domain", "value": "x".repeat(LARGE)}]);
    let broken = &many.to_string()[1..];
    vec![
        refused("health without a token", health()),
        refused("health with a forged token", health().bearer(&forged)),
        refused("health with half a token", health().bearer(&sound[..sound.len() / 2])),
        refused("observe with a forged token", observe().bearer(&forged).json(&many)),
        strangers::<S>(),
        refused("observe without JSON", observe().bearer(&sound).text(broken)),
        refused(
            "observe with a body that is no text",
            observe().bearer(&sound).binary(&[0xff; 99]),
        ),
        Request::new(
            "observe with a large body",
            &observe().bearer(&sound).json(&large),
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

/// Callers who know everything but the last credential; each has another one.
fn strangers<S: Subject>() -> Request {
    let name = S::CREDENTIALS.last().expect("every product wants a credential");
    let stranger = |number: usize| {
        let mut claims = S::tireless_claims()[0].clone();
        claims[*name] = json!(format!("wrong-credential-{number:05}"));
        let observe = Gateway::HttpApi.post("/observe/observables").bearer(&token(claims));
        bytes(&observe.json(&ten::<S>()))
    };
    let events = (0..STRANGERS).map(stranger).collect();
    let name = "observe with a strange credential".to_owned();
    Request { name, events, fault: None, expected: Expected::Errors, first: None }
}
