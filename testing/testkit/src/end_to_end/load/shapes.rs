//! Bodies and responses of every shape: none costs more memory than its size suggests.

use std::{fmt::Write, iter};

use relay_core::Relay;
use sandbox::{Fault, Repeated, Times};
use serde_json::{Value, json};

use super::{
    super::{
        Deployed, EndToEnd,
        host::{observe, token},
    },
    largest::peak,
    measured,
};
use crate::{Observables, event::Gateway, runtime_api::Invocation};

/// The memory that the smallest function leaves to any request.
const MAX_BYTES: u64 = 128 * 1024 * 1024;
/// The largest body that a gateway passes on, in base64 and inside its event.
const BODY_BYTES: usize = 4_400_000;
/// A body just below the largest that is read.
const READ_BODY_BYTES: usize = 1_000_000;
/// The lists of a response just below the largest that is read.
const RESPONSE_BYTES: usize = 8_300_000;
/// How many responses of a call have a shape; the others are the true ones.
const RESPONSES: usize = 2;
/// Observables of a call: many where a response is most like a true one.
const MANY: usize = 200;
const FEW: usize = 20;

/// The routes of the protocol that read a body.
const ROUTES: [&str; 5] = [
    "/observe/observables",
    "/deliberate/observables",
    "/refer/observables",
    "/respond/observables",
    "/respond/trigger",
];

impl<R: Relay> EndToEnd<R> {
    /// A body of any shape is answered in little memory, on every route: with a token that is
    /// accepted one that is read, with another one as large as a gateway passes on.
    pub(in super::super) async fn l08_no_shape_of_a_body_costs_much_memory(&self) {
        let relay = self.deploy().await;
        let tokens = [token(self.fixture.claims()), "x".to_owned()];
        for (name, unit) in units() {
            for (token, bytes) in tokens.iter().zip([READ_BODY_BYTES, BODY_BYTES]) {
                let body = format!("[{}]", repeated(&unit, bytes));
                let event = Gateway::HttpApi.post(ROUTES[0]).bearer(token);
                send(&relay, &event.binary(body.as_bytes()).to_json()).await;
                assert!(peak(&relay) <= MAX_BYTES, "{name}: {}", peak(&relay));
            }
        }
        let object = format!("{{{}}}", repeated(r#""":{"":0}"#, READ_BODY_BYTES));
        for route in ROUTES {
            let event = Gateway::HttpApi.post(route).bearer(&tokens[0]).binary(object.as_bytes());
            send(&relay, &event.to_json()).await;
            assert!(peak(&relay) <= MAX_BYTES, "{route}: {}", peak(&relay));
        }
        relay.end().await;
    }

    /// Responses of any shape are read in little memory, also when a call is about very many
    /// observables.
    pub(in super::super) async fn l08_no_shape_of_a_response_costs_much_memory(&self) {
        let relay = self.deploy().await;
        let mut peaks = serde_json::Map::new();
        let units = units().into_iter().map(|(name, unit)| (name, Some(unit)));
        for (name, item) in [("own records", None)].into_iter().chain(units) {
            let is_like_true = matches!(name, "own records" | "empty objects" | "texts");
            let (depths, observables) = if is_like_true { (0..3, MANY) } else { (0..1, FEW) };
            // Records, the lists in them, and the lists in those.
            for depth in depths {
                let fault = Repeated { depth, item: item.clone(), bytes: RESPONSE_BYTES };
                let path = self.fixture.modes[0].search_path;
                relay.sandbox.fault(path, Fault::Repeated(fault), Times::Next(RESPONSES));
                let event = observe(self.fixture.claims(), self.known_and_more(observables));
                send(&relay, &event.to_json()).await;
                relay.sandbox.clear_faults();
                let peak = peak(&relay);
                peaks.insert(format!("{name}, {depth}"), peak.into());
                assert!(peak <= MAX_BYTES, "{peaks:?}");
            }
        }
        measured::write_down(R::ABOUT.slug, "shapes", &Value::Object(peaks));
        relay.end().await;
    }

    /// The known observables first, so that they meet the shapes.
    fn known_and_more(&self, count: usize) -> Observables {
        let known = Observables::from(self.fixture.modes[0].busy).and(self.fixture.known);
        let unknown = Observables::unknown(self.fixture.known[0].0, count);
        known.and(unknown).take(count)
    }
}

/// What bodies and lists are made of: small, deep, wide, long, and what is written in many ways.
fn units() -> Vec<(&'static str, String)> {
    let deep = |open: &str, close: &str| format!("{}0{}", open.repeat(120), close.repeat(120));
    let wide = (0..1000).fold(String::new(), |mut text, number| {
        let _ = write!(text, "\"m{number}\":{{}},");
        text
    });
    vec![
        ("empty objects", "{}".to_owned()),
        ("empty lists", "[]".to_owned()),
        ("numbers", "0".to_owned()),
        ("texts", "\"x\"".to_owned()),
        ("deep objects", deep("{\"\":", "}")),
        ("deep lists", deep("[", "]")),
        ("wide objects", format!("{{{wide}\"\":0}}")),
        ("repeated members", format!("{{{}}}", repeated("\"type\":\"ip\"", 5000))),
        ("escapes", format!("{{\"type\":\"{}\"}}", "\\u0041".repeat(10_000))),
        (
            "long texts",
            json!({"value": "x".repeat(500_000), "name": "y".repeat(500_000)}).to_string(),
        ),
    ]
}

/// A unit over and over, with commas, at least once.
fn repeated(unit: &str, bytes: usize) -> String {
    let count = (bytes / (unit.len() + 1)).max(1);
    let mut text = String::with_capacity(bytes);
    for part in iter::repeat_n(unit, count) {
        text.push_str(part);
        text.push(',');
    }
    text.pop();
    text
}

async fn send(relay: &Deployed, event: &Value) {
    let reply = relay.function().invoke(Invocation::of(event)).await.reply();
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    assert!(answer.get("data").is_some() || answer.get("errors").is_some());
}
