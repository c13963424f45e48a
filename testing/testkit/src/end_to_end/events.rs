//! The events of the repository, and requests that nobody should send.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use relay_core::Relay;
use serde_json::{Value, json};

use super::{Deployed, EndToEnd, host::token};
use crate::{
    Observables,
    ctim::{self, Expectation, Severity},
    event::Gateway,
    runtime_api::{Outcome, Reply},
};

const OBSERVE: &str = "/observe/observables";

/// The largest body that Lambda's 6 MB still hold in base64, with the rest of the event.
const MAX_BODY_BYTES: usize = 4_500_000;

/// The events of a relay in the repository, by name, such as `observe-rest`.
pub(super) fn of_repository(slug: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(slug);
    let files = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut events: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file's name").path();
            let text = fs::read_to_string(&path).expect("a readable file");
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, serde_json::from_str(&text).expect("an event is JSON"))
        })
        .collect();
    events.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(!events.is_empty(), "{} is empty", folder.display());
    events
}

impl<R: Relay> EndToEnd<R> {
    /// Every event of the repository is answered, and the same through all gateways.
    pub(super) async fn l01_l14_every_event_is_answered(&self) {
        let relay = self.deploy().await;
        let mut observed: Option<Value> = None;
        for (name, event) in of_repository(R::ABOUT.slug) {
            let reply = relay.invoke(&event).await;
            let route = name.split('-').next().unwrap_or_default();
            assert_valid(route, &event, &reply);
            if route == "observe" {
                let answer = comparable(reply.json());
                assert!(sightings(&answer) > 0, "{name}: {answer}");
                assert_eq!(*observed.get_or_insert_with(|| answer.clone()), answer, "{name}");
            }
        }
        assert!(observed.is_some());
        relay.end().await;
    }

    /// A request with an unknown path, another method, an invalid token or a malformed body is
    /// rejected in the gateway's own terms.
    pub(super) async fn l01_invalid_requests_are_rejected(&self) {
        let relay = self.deploy().await;
        let good = token(self.fixture.claims());
        for gateway in Gateway::ALL {
            for (request, status) in [(gateway.post("/tiles"), 404), (gateway.get("/health"), 405)]
            {
                let reply = relay.ask(&request.bearer(&good)).await;
                assert_eq!((reply.status, &reply.json()["code"]), (status, &json!(status)));
                let allow = reply.headers.get("allow").and_then(|method| method.to_str().ok());
                assert_eq!(allow, (status == 405).then_some("POST"));
            }
            let health = || gateway.post("/health");
            for request in
                [health(), health().bearer("a.b.c"), health().bearer(&good[..good.len() - 4])]
            {
                assert_unauthorized(&relay.ask(&request).await);
            }
            let observe = || gateway.post(OBSERVE).bearer(&good);
            for request in [observe(), observe().text("{"), observe().binary(&[0xff])] {
                assert_malformed::<R>(&relay.ask(&request).await);
            }
        }
        assert_eq!(relay.sandbox.calls().len(), 0);
        relay.end().await;
    }

    /// Bodies of every encoding are read up to the relay's limit, and rejected beyond it.
    pub(super) async fn l02_every_body_is_answered(&self) {
        let relay = self.deploy().await;
        for gateway in Gateway::ALL {
            self.assert_size_does_not_matter(&relay, gateway, 0).await;
            self.assert_size_does_not_matter(&relay, gateway, 1_000_000).await;
            self.assert_too_large(&relay, gateway, MAX_BODY_BYTES).await;
            let post = |path| gateway.post(path).bearer(&token(self.fixture.claims()));
            for none in [post(OBSERVE), post(OBSERVE).text("no JSON"), post(OBSERVE).text("[{]")] {
                assert_malformed::<R>(&relay.ask(&none).await);
            }
            assert_healthy(&relay.ask(&post("/health").binary(&[0; 100])).await);
        }
        relay.end().await;
    }

    /// Larger bodies would not end the process either, if Lambda accepted them.
    pub(super) async fn l02_oversized_bodies_do_not_end_the_process(&self) {
        let relay = self.deploy().await;
        for size in [6 * 1024 * 1024, 10 * 1024 * 1024] {
            self.assert_too_large(&relay, Gateway::RestApi, size).await;
        }
        relay.end().await;
    }

    /// With so many bytes more, a valid body is rejected with the number that is read.
    async fn assert_too_large(&self, relay: &Deployed, gateway: Gateway, size: usize) {
        let body = Observables::first(self.fixture).json().to_string() + &" ".repeat(size);
        let observe = || gateway.post(OBSERVE).bearer(&token(self.fixture.claims()));
        for large in [observe().text(&body), observe().binary(body.as_bytes())] {
            let reply = relay.ask(&large).await;
            assert_malformed::<R>(&reply);
            assert!(reply.text().contains("at most 1048576 are read"), "{}", reply.text());
        }
    }

    /// With so many bytes more, a valid body is still valid and a malformed one still malformed.
    async fn assert_size_does_not_matter(&self, relay: &Deployed, gateway: Gateway, size: usize) {
        let blanks = " ".repeat(size);
        let body = Observables::first(self.fixture).json().to_string() + &blanks;
        let observe = || gateway.post(OBSERVE).bearer(&token(self.fixture.claims()));
        for valid in [observe().text(&body), observe().binary(body.as_bytes())] {
            let answer = relay.ask(&valid).await.json();
            assert!(sightings(&answer) > 0, "{size}: {answer}");
        }
        let long = body.replace(self.fixture.known[0].1, &"x".repeat(size + 1));
        assert_eq!(relay.ask(&observe().text(long.trim_end())).await.status, 200, "{size}");
        let bytes = vec![0xff; size];
        for malformed in
            [observe().text(&blanks), observe().binary(&bytes), observe().broken_binary("*")]
        {
            assert_malformed::<R>(&relay.ask(&malformed).await);
        }
    }

    /// An event that no gateway sends gets no answer, and does not end the process.
    pub(super) async fn malformed_events_do_not_end_the_process(&self) {
        let relay = self.deploy().await;
        let health = Gateway::HttpApi.post("/health").bearer(&token(self.fixture.claims()));
        let mut without_context = health.to_json();
        without_context["requestContext"] = json!({});
        for event in [json!({}), json!([]), json!("text"), json!(null), without_context] {
            let outcome = relay.outcome(&event).await;
            let is_ended = matches!(outcome, Outcome::Ended(_) | Outcome::TimedOut);
            assert!(!is_ended, "{event}: {outcome:?}");
            assert_healthy(&relay.ask(&health).await);
        }
    }
}

/// 200, JSON that nothing keeps or guesses at, an id for the log, valid for its route, and without errors.
#[track_caller]
fn assert_valid(route: &str, event: &Value, reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut headers: Vec<_> = reply.headers.keys().map(|name| name.as_str()).collect();
    headers.sort_unstable();
    let expected = ["cache-control", "content-type", "x-content-type-options", "x-request-id"];
    assert_eq!(headers, expected);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.json().get("errors"), None, "{route}");
    if let Ok(checked) = route.parse() {
        let mut findings =
            ctim::check_text(checked, &reply.text(), &Expectation::about(&body(event)));
        findings.retain(|finding| finding.severity != Severity::Accepted);
        assert_eq!(findings, [], "{route}");
    }
}

fn body(event: &Value) -> Value {
    let text = event["body"].as_str().unwrap_or_default();
    let decoded = STANDARD.decode(text).unwrap_or_default();
    let is_encoded = event["isBase64Encoded"] == true;
    let bytes = if is_encoded { &decoded[..] } else { text.as_bytes() };
    serde_json::from_slice(bytes).unwrap_or_default()
}

fn sightings(answer: &Value) -> u64 {
    answer["data"]["sightings"]["count"].as_u64().unwrap_or_default()
}

/// The answer without what every request changes: the validity of judgements, which begins with it,
/// and quotas, of which it takes one more.
pub(super) fn comparable(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(members) => {
            members.remove("valid_time");
            members.remove("quotas");
            members.values_mut().for_each(|value| *value = comparable(value.take()));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|value| *value = comparable(value.take()));
        }
        _ => {}
    }
    answer
}

/// Fails unless it is the rejection of a malformed body.
#[track_caller]
fn assert_malformed<R: Relay>(reply: &Reply) {
    let code = &reply.json()["errors"][0]["code"];
    assert_eq!((reply.status, code), (200, &json!(R::ABOUT.invalid_body_code)));
}

/// Fails unless it is nothing but the rejection of a token.
#[track_caller]
pub(super) fn assert_unauthorized(reply: &Reply) {
    let answer = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(answer["errors"][0]["code"], "authorization error", "{answer}");
    assert_eq!(answer.get("data"), None, "{answer}");
}

/// Fails unless the product has confirmed that all is well.
#[track_caller]
pub(super) fn assert_healthy(reply: &Reply) {
    let status = &reply.json()["data"]["status"];
    assert_eq!((reply.status, status), (200, &json!("ok")), "{:?}", reply.json());
    assert!(reply.json().get("errors").is_none());
}
