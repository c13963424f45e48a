//! Actions, docs/relays/misp.md#actions.

mod urlscan;

use relay_core::Route;
use sandbox::{
    Fault, Sandbox, Times,
    misp::{API_KEY, READ_ONLY_KEY, sample},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{
    only_misp_key, responses::SEARCH, start, start_before, start_sandbox, start_with,
};

const SCAN: &str = "respond-urlscan-action-url-x";
const SEEN: &str = "respond-misp-sighting-domain-x";
const FALSE_POSITIVE: &str = "respond-misp-false-positive-domain-x";
const SIGHTING_PATH: &str = "/sightings/add";

/// The ids of the offered actions with this prefix.
fn offered<'a>(answer: &'a Answer, prefix: &str) -> Vec<&'a str> {
    let ids = answer.items().iter().map(|item| item["id"].as_str().unwrap());
    ids.filter(|id| id.starts_with(prefix)).collect()
}

#[track_caller]
fn assert_success(answer: &Answer) {
    assert_eq!(*answer, json!({"data": {"status": "success"}}));
}

#[track_caller]
fn assert_failure(answer: &Answer, code: &str) {
    assert_eq!(answer["data"], json!({"status": "failure"}), "{}", answer.text);
    assert_eq!(answer.errors(), [("fatal", code)]);
}

async fn sighting_with(fault: Fault) -> (Answer, usize) {
    let sandbox = start_sandbox().await;
    sandbox.fault(SIGHTING_PATH, fault, Times::Always);
    let answer = start_before(&sandbox).await.trigger(SEEN, "domain", "bad.example").await;
    (answer, done(&sandbox).len())
}

/// The bodies of the requests that do something.
fn done(sandbox: &Sandbox) -> Vec<Value> {
    let calls = sandbox.calls().into_iter().filter(|call| call.path != SEARCH);
    calls.map(|call| call.json().unwrap()).collect()
}

fn only_body(sandbox: &Sandbox) -> Value {
    let mut bodies = done(sandbox);
    assert_eq!(bodies.len(), 1);
    bodies.remove(0)
}

#[tokio::test(start_paused = true)]
async fn offering_actions_sends_no_request() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    assert_eq!(relay.respond([("domain", "bad.example"), ("md5", "x")]).await.items().len(), 3);
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_sighting_reaches_the_attributes_that_observe_finds() {
    let md5 = sample::RANSOMWARE_MD5;
    for (id, kind, value, number) in [
        (SEEN, "domain", "Bad.Example.", "0"),
        (FALSE_POSITIVE, "domain", "bad.example", "1"),
        (SEEN, "md5", &md5.to_uppercase(), "0"),
        (SEEN, "url", &format!("{}/", sample::PHISHING_URL), "0"),
        (FALSE_POSITIVE, "ip", sample::SCANNER_ADDRESS, "1"),
    ] {
        let sandbox = start_sandbox().await;
        assert_success(&start_before(&sandbox).await.trigger(id, kind, value).await);
        let body = only_body(&sandbox);
        let ids = body["id"].as_str().unwrap();
        assert!(ids.split('|').all(|id| id.parse::<u64>().is_ok()), "{body}");
        let source = "Cisco XDR";
        assert_eq!(body, json!({"id": ids, "type": number, "source": source}));
        assert_eq!(sandbox.calls()[1].authorization(), Some(API_KEY));
    }
}

#[tokio::test(start_paused = true)]
async fn a_200_with_a_message_is_no_success() {
    let sandbox = start_sandbox().await;
    let answer = start_before(&sandbox).await.trigger(SEEN, "domain", sample::UNKNOWN_DOMAIN).await;
    assert_failure(&answer, "not found");
    assert!(answer.message().contains("holds no attribute"), "{}", answer.message());
}

#[tokio::test(start_paused = true)]
async fn success_needs_a_sighting_object() {
    for (body, code) in [
        (json!({"message": "Could not add the Sighting."}), "not found"),
        (json!({"Sighting": null, "message": "no"}), "not found"),
        (json!({"Sighting": null}), "unknown"),
        (json!({"Sighting": false}), "unknown"),
        (json!({"Sighting": []}), "unknown"),
        (json!({"Sighting": "added"}), "unknown"),
        (json!({"saved": true}), "unknown"),
        (json!([]), "unknown"),
        (json!("ok"), "unknown"),
    ] {
        assert_failure(&sighting_with(Fault::json(200, &body)).await.0, code);
    }
    let unusual = json!({"Sighting": {"id": 402}, "message": ["more"]});
    assert_success(&sighting_with(Fault::json(200, &unusual)).await.0);
}

#[tokio::test(start_paused = true)]
async fn a_role_without_the_right_is_denied() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claim("AuthKey", READ_ONLY_KEY);
    assert_failure(&relay.trigger(SEEN, "domain", "bad.example").await, "permission denied");
    let relay = relay.with_claim("AuthKey", "unknown");
    assert_failure(&relay.trigger(SEEN, "domain", "bad.example").await, "authorization error");
}

#[tokio::test(start_paused = true)]
async fn n14_a_sighting_is_never_sent_again() {
    for (fault, code) in [
        (Fault::status(502), "service unavailable"),
        (Fault::status(503), "service unavailable"),
        (Fault::status(500), "unknown"),
        (Fault::ResetBeforeAnswer, "connection error"),
        (Fault::ResetInBody, "connection error"),
        (Fault::TooManyRequests { retry_after: Some("0".into()) }, "too many requests"),
        (Fault::Html, "unknown"),
    ] {
        let (answer, calls) = sighting_with(fault.clone()).await;
        assert_failure(&answer, code);
        assert_eq!(calls, 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn misp_actions_can_be_switched_off() {
    let relay = start_with(&[("MISP_ACTIONS", "false")]).await;
    let sandbox = &relay.sandbox;
    let relay = relay.with_claims(only_misp_key());
    assert_eq!(relay.respond([("domain", "bad.example")]).await, json!({"data": []}));
    for id in [SEEN, FALSE_POSITIVE] {
        assert_failure(&relay.trigger(id, "domain", "bad.example").await, "invalid argument");
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_action_is_offered_for_values_that_are_not_searched() {
    let relay = start_with(&[("MISP_MORE_TYPES", "true")]).await;
    let observables = [("ip", "nonsense"), ("md5", "zz"), ("domain", "0"), ("file_name", "%")];
    assert_eq!(relay.respond(&observables).await, json!({"data": []}));
    for (kind, value) in observables {
        assert_failure(&relay.trigger(SEEN, kind, value).await, "invalid argument");
    }
}

#[tokio::test(start_paused = true)]
async fn i07_actions_that_are_not_offered_are_unsupported_without_a_request() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await;
    for (id, kind, value) in [
        ("respond-misp-", "domain", "bad.example"),
        ("respond-misp-expiration-domain-x", "domain", "bad.example"),
        ("ref-misp-search-domain-x", "domain", "bad.example"),
        ("RESPOND-MISP-SIGHTING-", "domain", "bad.example"),
        (" respond-misp-sighting-", "domain", "bad.example"),
        ("anything", "domain", "bad.example"),
        (SEEN, "imei", "353918057471892"),
        (SEEN, "no_type", "x"),
        (SEEN, "email", "a@bad.example"),
        (SCAN, "sha256", sample::LOCKER_SHA256),
        (SCAN, "mutex", "x"),
        (SCAN, "url", "no url"),
    ] {
        let answer = relay.trigger(id, kind, value).await;
        assert_failure(&answer, "invalid argument");
        assert!(answer.message().starts_with("Unsupported action"), "{}", answer.message());
    }
    assert_eq!(sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_observable_comes_from_the_parameters_only() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let id = "respond-misp-sighting-ip-203.0.113.77";
    assert_success(&relay.trigger(id, "domain", "bad.example").await);
    assert_eq!(only_body(sandbox)["id"], json!("91022"));
}

#[tokio::test(start_paused = true)]
async fn all_three_texts_of_a_trigger_are_required_and_more_are_allowed() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let good = json!({"action-id": SEEN, "observable_type": "domain",
        "observable_value": "bad.example", "more": {"x": 1}});
    assert_success(&relay.ask(Route::Trigger, &good).await);
    sandbox.forget_calls();
    for name in ["action-id", "observable_type", "observable_value"] {
        for bad in [json!(""), json!(null), json!(7), json!([])] {
            let mut body = good.clone();
            body[name] = bad;
            relay.ask(Route::Trigger, &body).await.assert_fatal("invalid argument");
        }
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        relay.ask(Route::Trigger, &body).await.assert_fatal("invalid argument");
    }
    assert_eq!(sandbox.calls().len(), 0);
}
