//! The events of the repository, and requests that nobody should send.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use relay_core::Relay;
use serde_json::{Value, json};

use super::host::{Deployed, Host, token};
use crate::{
    conformance::Subject,
    ctim::{self, Asked, Severity},
    event::Gateway,
    runtime_api::{Outcome, Reply},
};

const OBSERVE: &str = "/observe/observables";

/// The bytes of a body that Lambda's 6 MB still hold in base64, with the rest of the event.
const LARGEST_BODY: usize = 4_500_000;

/// The relay's events by name, such as `observe-rest`.
pub(super) fn all<S: Subject>() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let folder = folder.join(S::Relay::ABOUT.slug);
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

/// Every event of the repository is answered, and all gateways bring the same answer.
pub async fn l01_l14_every_event_is_answered<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let mut observed: Option<Value> = None;
    for (name, event) in all::<S>() {
        let reply = relay.invoke(&event).await;
        let route = name.split('-').next().unwrap_or_default();
        assert_sound(route, &event, &reply);
        if route == "observe" {
            let answer = without_times(reply.json());
            assert!(answer["data"]["sightings"]["count"].as_u64() > Some(0), "{name}: {answer}");
            assert_eq!(*observed.get_or_insert_with(|| answer.clone()), answer, "{name}");
        }
    }
    assert!(observed.is_some());
    relay.end().await;
}

/// 200, JSON, no other header, valid for its route, and without a failure.
#[track_caller]
fn assert_sound(route: &str, event: &Value, reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let headers: Vec<_> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        (headers, &reply.headers["content-type"]),
        (vec!["content-type"], &"application/json".parse().expect("a header"))
    );
    assert_eq!(reply.json().get("errors"), None, "{route}");
    if let Ok(checked) = route.parse() {
        let mut findings = ctim::check_text(checked, &reply.text(), &Asked::about(&body(event)));
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

/// Opinions begin when they are asked for.
pub(super) fn without_times(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(members) => {
            members.remove("valid_time");
            members.values_mut().for_each(|value| *value = without_times(value.take()));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|value| *value = without_times(value.take()));
        }
        _ => {}
    }
    answer
}

/// What is no route, no method of it, no token or no body is refused in the gateway's own terms.
pub async fn l01_other_requests_are_refused<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    for gateway in Gateway::ALL {
        let good = token(S::claims());
        for (request, status) in [(gateway.post("/tiles"), 404), (gateway.get("/health"), 405)] {
            let reply = relay.ask(&request.bearer(&good)).await;
            assert_eq!((reply.status, &reply.json()["code"]), (status, &json!(status)));
            let allow = reply.headers.get("allow").and_then(|method| method.to_str().ok());
            assert_eq!(allow, (status == 405).then_some("POST"));
        }
        let ask = || gateway.post("/health");
        for request in [ask(), ask().bearer("a.b.c"), ask().bearer(&good[..good.len() - 4])] {
            assert_refused(&relay.ask(&request).await);
        }
        let sound = || gateway.post("/observe/observables").bearer(&good);
        for request in [sound(), sound().text("{"), sound().binary(&[0xff])] {
            assert_fails(&relay, &request.to_json(), S::Relay::ABOUT.invalid_body_code).await;
        }
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
    relay.end().await;
}

/// However a body is packed, and as large as Lambda takes it, it is read or refused.
pub async fn l02_every_body_is_answered<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    for gateway in Gateway::ALL {
        assert_size_matters_to_nobody::<S>(&relay, gateway, 0).await;
        assert_size_matters_to_nobody::<S>(&relay, gateway, LARGEST_BODY).await;
        let post = |path| gateway.post(path).bearer(&token(S::claims()));
        for none in [post(OBSERVE), post(OBSERVE).text("no JSON"), post(OBSERVE).text("[{]")] {
            assert_fails(&relay, &none.to_json(), S::Relay::ABOUT.invalid_body_code).await;
        }
        assert_healthy(&relay.ask(&post("/health").binary(&[0; 100])).await);
    }
    relay.end().await;
}

/// Nor would larger ones end anything, if Lambda took them from a gateway.
pub async fn l02_larger_bodies_end_nothing<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    for size in [6 * 1024 * 1024, 10 * 1024 * 1024] {
        assert_size_matters_to_nobody::<S>(&relay, Gateway::RestApi, size).await;
    }
    relay.end().await;
}

/// With so many bytes more, a body is still a question, or still none.
async fn assert_size_matters_to_nobody<S: Subject>(relay: &Deployed, front: Gateway, size: usize) {
    let (kind, value) = S::KNOWN[0];
    let blanks = " ".repeat(size);
    let asked = json!([{"type": kind, "value": value}]).to_string() + &blanks;
    let observe = || front.post(OBSERVE).bearer(&token(S::claims()));
    for sound in [observe().text(&asked), observe().binary(asked.as_bytes())] {
        let answer = relay.ask(&sound).await.json();
        assert!(answer["data"]["sightings"]["count"].as_u64() > Some(0), "{size}: {answer}");
    }
    let long = asked.replace(value, &"x".repeat(size + 1));
    assert_eq!(relay.ask(&observe().text(long.trim_end())).await.status, 200, "{size}");
    let rubbish = vec![0xff; size];
    let none = [observe().text(&blanks), observe().binary(&rubbish), observe().broken_binary("*")];
    for none in none {
        assert_fails(relay, &none.to_json(), S::Relay::ABOUT.invalid_body_code).await;
    }
}

/// What no gateway sends is no answer, and ends nothing.
pub async fn odd_events_end_nothing<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let sound = Gateway::HttpApi.post("/health").bearer(&token(S::claims()));
    let mut without_context = sound.to_json();
    without_context["requestContext"] = json!({});
    for odd in [json!({}), json!([]), json!("text"), json!(null), without_context] {
        let outcome = relay.hand_over(&odd).await;
        assert!(!matches!(outcome, Outcome::Ended(_) | Outcome::TimedOut), "{odd}: {outcome:?}");
        assert_healthy(&relay.ask(&sound).await);
    }
}

async fn assert_fails(relay: &Deployed, event: &Value, code: &str) {
    let reply = relay.invoke(event).await;
    assert_eq!((reply.status, &reply.json()["errors"][0]["code"]), (200, &json!(code)));
}

/// Nothing but the refusal of the token.
#[track_caller]
pub(super) fn assert_refused(reply: &Reply) {
    let answer = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(answer["errors"][0]["code"], "authorization error", "{answer}");
    assert_eq!(answer.get("data"), None, "{answer}");
}

/// The relay has asked its product and is content.
#[track_caller]
pub(super) fn assert_healthy(reply: &Reply) {
    assert_eq!((reply.status, reply.json()), (200, json!({"data": {"status": "ok"}})));
}
