//! Failures of the event search: each row of the specification's table. Source: spec §3.5.

use std::{net::TcpListener, time::Duration};

use sandbox::{
    Fault, Times, When,
    qualys_ioc::{ACCOUNT, EVENTS_PATH, SPENT_QUOTA, TWO_CALLS_AT_A_TIME},
};
use serde_json::{Value, json};
use testkit::impostor::impostor;

use crate::test_relay::{
    DROPPED, TestRelay, assert_valid, bearer, claims, codes, count, message, one,
};

const OBSERVE: &str = "/observe/observables";
const OTHER: &str = "203.0.113.77";

fn both() -> Value {
    json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": OTHER}])
}

/// Breaks the searches for the hash; answers about both observables.
async fn broken(fault: Fault) -> (TestRelay, Value) {
    let relay = TestRelay::with(&[("QUALYS_CONCURRENCY", "1")]).await;
    relay.ask("/health", &json!({})).await;
    relay.sandbox.forget_calls();
    let hash = When::path(EVENTS_PATH).mentioning(DROPPED);
    relay.sandbox.fault(hash, fault, Times::Always);
    let answer = relay.ask(OBSERVE, &both()).await;
    assert_valid(&both(), &answer, 100);
    (relay, answer)
}

/// The failure costs the hash only: the address is answered.
async fn costs_one(fault: Fault, kind: &str, code: &str) -> Value {
    let (_, answer) = broken(fault.clone()).await;
    assert_eq!(codes(&answer), [(kind, code)], "{fault:?}");
    assert_eq!(answer["data"]["sightings"]["docs"][0]["observables"][0]["value"], OTHER);
    answer
}

/// The failure ends everything: no call after the first.
async fn costs_all(fault: Fault, code: &str) -> Value {
    let (relay, answer) = broken(fault.clone()).await;
    assert_eq!(codes(&answer), [("fatal", code)], "{fault:?}");
    assert_eq!(answer.get("data"), None);
    assert_eq!(relay.searches().len(), 1, "{fault:?}");
    answer
}

#[tokio::test]
async fn status_200_without_json() {
    for fault in [Fault::Html, Fault::Empty, Fault::json(200, &json!({"a": 1}))] {
        let answer = costs_one(fault, "fatal", "unknown").await;
        assert!(!answer.to_string().contains("<html"), "{answer}");
    }
    // What breaks off is quoted, and the two passes break off differently.
    let (_, answer) = broken(Fault::Malformed).await;
    assert_eq!((codes(&answer)[0], count(&answer, "sightings")), (("fatal", "unknown"), 1));
}

#[tokio::test]
async fn status_200_with_null_and_status_204_are_empty() {
    let wrapped = Fault::json(200, &json!({"events": [], "total": 0}));
    for fault in [Fault::json(200, &json!(null)), Fault::status(204), wrapped] {
        let (_, answer) = broken(fault).await;
        assert_eq!((codes(&answer), count(&answer, "sightings")), (vec![], 1));
    }
}

#[tokio::test]
async fn no06_status_400_is_a_warning_about_its_observable() {
    let fault = Fault::json(400, &json!({"message": "Invalid filter: expected a value"}));
    let answer = costs_one(fault, "warning", "invalid argument").await;
    assert!(message(&answer).contains("Invalid filter: expected a value"));
}

#[tokio::test]
async fn status_401_says_what_the_gateway_says() {
    let all = json!({"message": "Bad token", "authentication_exceptions": ["x"]});
    let listed = json!({"message": "", "authentication_exceptions": ["Locked", "Expired"]});
    let text = Fault::Status { code: 401, headers: Vec::new(), body: "no\nentry".into() };
    for (fault, words) in [
        (Fault::json(401, &all), "Bad token"),
        (Fault::json(401, &listed), "Locked, Expired"),
        (text, "no entry"),
    ] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault(EVENTS_PATH, fault, Times::Always);
        let answer = relay.ask("/health", &json!({})).await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")]);
        assert_eq!(message(&answer), format!("Authorization failed: {words}"));
    }
}

#[tokio::test]
async fn status_403_ends_everything() {
    costs_all(Fault::Forbidden, "permission denied").await;
}

#[tokio::test]
async fn no06_status_404_is_not_nothing_found() {
    costs_one(Fault::status(404), "fatal", "not found").await;
}

#[tokio::test]
async fn status_409_is_a_used_up_quota() {
    let answer = costs_all(Fault::status(409), "too many requests").await;
    assert!(message(&answer).contains("rate limit of Qualys IOC"));
}

#[tokio::test]
async fn status_409_with_a_wait_is_repeated_once() {
    let relay = TestRelay::open().await;
    let headers = vec![("X-RateLimit-ToWait-Sec".to_owned(), "0".to_owned())];
    let fault = Fault::Status { code: 409, headers, body: String::new() };
    relay.sandbox.fault(EVENTS_PATH, fault, Times::Next(1));
    assert_eq!(relay.ask("/health", &json!({})).await, json!({"data": {"status": "ok"}}));
    assert_eq!(relay.searches().len(), 2);
}

#[tokio::test]
async fn calls_beyond_the_parallel_quota_are_repeated_or_refused_and_never_lost() {
    let relay = TestRelay::with(&[("QUALYS_CONCURRENCY", "8")]).await;
    let answer = relay.ask_as(TWO_CALLS_AT_A_TIME, OBSERVE, &both()).await;
    assert!(relay.searches().len() > 4, "some are repeated");
    let refused = codes(&answer);
    assert!(refused.iter().all(|code| *code == ("fatal", "too many requests")));
    assert!(count(&answer, "sightings") == 2 || !refused.is_empty());
}

#[tokio::test]
async fn status_429_ends_everything_and_names_the_wait() {
    let fault = Fault::TooManyRequests { retry_after: Some("3600".into()) };
    let answer = costs_all(fault, "too many requests").await;
    assert!(message(&answer).contains("3600 seconds"), "{answer}");
    let relay = TestRelay::open().await;
    let answer = relay.ask_as(SPENT_QUOTA, "/health", &json!({})).await;
    assert_eq!(codes(&answer), [("fatal", "too many requests")]);
    assert!(message(&answer).contains("3600 seconds"), "{answer}");
}

#[tokio::test]
async fn status_500_costs_its_observable_only() {
    costs_one(Fault::json(500, &json!({"message": "boom"})), "fatal", "unknown").await;
}

#[tokio::test]
async fn status_502_503_504_are_repeated_once_and_then_out_of_order() {
    for code in [502, 503, 504] {
        let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
        let fault = Fault::Status { code, headers, body: String::new() };
        costs_one(fault.clone(), "fatal", "service unavailable").await;
        let relay = TestRelay::open().await;
        relay.sandbox.fault(EVENTS_PATH, fault, Times::Next(1));
        assert_eq!(relay.ask("/health", &json!({})).await, json!({"data": {"status": "ok"}}));
        assert_eq!(relay.searches().len(), 2);
    }
}

#[tokio::test]
async fn any_other_status_is_unknown() {
    for code in [402, 405, 410, 418, 422, 451, 505] {
        costs_one(Fault::status(code), "fatal", "unknown").await;
    }
}

#[tokio::test]
async fn n01_a_redirect_is_not_followed() {
    let fault = Fault::Redirect { to: "http://127.0.0.1:9/".into(), code: 308 };
    costs_one(fault, "fatal", "unknown").await;
}

#[tokio::test]
async fn no_connection_names_the_gateway() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let relay = TestRelay::with(&[("API_URL", &url)]).await;
    let answer = relay.ask(OBSERVE, &both()).await;
    assert_eq!(codes(&answer), [("fatal", "connection error")]);
    assert!(message(&answer).contains("Qualys IOC") && message(&answer).contains(&url));
}

#[tokio::test]
async fn n02_an_untrusted_certificate_is_named() {
    let relay = TestRelay::with(&[("API_URL", &impostor())]).await;
    let answer = relay.ask("/health", &json!({})).await;
    assert_eq!(codes(&answer), [("fatal", "unknown")]);
    assert!(message(&answer).contains("certificate of Qualys IOC"), "{answer}");
}

#[tokio::test]
async fn n03_a_connection_that_breaks_is_a_connection_error() {
    for fault in [Fault::ResetBeforeAnswer, Fault::ResetInBody] {
        let (_, answer) = broken(fault).await;
        assert_eq!(codes(&answer), [("fatal", "connection error")]);
    }
}

#[tokio::test]
async fn n05_what_arrived_before_the_deadline_is_answered() {
    let relay = TestRelay::with(&[("QUALYS_CONCURRENCY", "4")]).await;
    relay.ask("/health", &json!({})).await;
    let hash = When::path(EVENTS_PATH).mentioning(DROPPED);
    relay.sandbox.fault(hash, Fault::SlowHeaders, Times::Always);
    let time = Duration::from_millis(1500);
    let answer =
        relay.send_within(time, &bearer(claims(ACCOUNT)), OBSERVE, &both().to_string()).await;
    assert_eq!(codes(&answer), [("fatal", "connection error")]);
    assert_eq!(count(&answer, "sightings"), 1);
}

#[tokio::test]
async fn n06_n07_an_answer_without_end_costs_its_observable_only() {
    let bomb = Fault::GzipBomb { bytes: 64 << 20 };
    costs_one(bomb, "fatal", "unknown").await;
    costs_one(Fault::Huge { bytes: 64 << 20 }, "fatal", "unknown").await;
}

#[tokio::test]
async fn n08_broken_json_is_no_answer_and_deep_json_no_event() {
    let sent = |body: String| Fault::Status { code: 200, headers: Vec::new(), body };
    for body in ["[NaN]", "[{}", "\u{feff}[]", "[1e999"] {
        costs_one(sent(body.to_owned()), "fatal", "unknown").await;
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [format!(r#"[{{"id":{deep}}}]"#), deep] {
        let (_, answer) = broken(sent(body)).await;
        assert_eq!((codes(&answer), count(&answer, "sightings")), (vec![], 1));
    }
}

#[tokio::test]
async fn equal_errors_are_said_once() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(EVENTS_PATH, Fault::status(500), Times::Always);
    let answer = relay.ask(OBSERVE, &both()).await;
    assert_eq!(codes(&answer), [("fatal", "unknown")]);
    let answer = relay.ask(OBSERVE, &one("mutex", "a\nb")).await;
    assert_eq!(codes(&answer), [("warning", "invalid argument")]);
}
