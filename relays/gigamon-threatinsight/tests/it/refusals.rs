//! Errors of the API, row by row of docs/relays/gigamon-threatinsight.md#errors, and keys that
//! cannot be used.

mod families;

use std::{net::TcpListener, time::Duration};

use relay_core::Route;
use sandbox::{
    Fault, Times, When,
    gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, REVOKED_KEY},
};
use serde_json::{Value, json};
use testkit::{Answer, invalid_tls::InvalidTlsServer};

use crate::test_relay::{OBSERVE, SERVER, TestRelay, claims, counts, one};

const OTHER: &str = "198.51.100.24";

fn both() -> Value {
    json!([{"type": "ip", "value": SERVER}, {"type": "ip", "value": OTHER}])
}

fn error(status: u16, code: &str, message: &str) -> Fault {
    Fault::json(status, &json!({"error": {"code": code, "message": message}}))
}

/// Returns the answer about both observables while the detections of the first fail and there is
/// no event search.
async fn answer_with_fault(fault: Fault) -> (TestRelay, Answer) {
    let relay =
        TestRelay::start().with(&[("GTI_EVENTS_URL", "off"), ("GTI_CONCURRENCY", "1")]).await;
    let first = When::path(format!("{DETECTIONS_BASE}/detections")).mentioning(SERVER);
    relay.sandbox.fault(first, fault, Times::Always);
    let answer = relay.ask(OBSERVE, &both()).await;
    (relay, answer)
}

/// Asserts that the fault costs the first observable only.
async fn costs_one(fault: Fault, code: &str) -> Answer {
    let (_, answer) = answer_with_fault(fault.clone()).await;
    assert_eq!(answer.errors(), [("fatal", code)], "{fault:?}");
    assert_eq!(answer.docs("sightings").len(), 1, "{fault:?}");
    answer
}

/// Asserts that the fault ends the call: no request after the first.
async fn costs_all(fault: Fault, code: &str) -> Answer {
    let (relay, answer) = answer_with_fault(fault.clone()).await;
    assert_eq!(answer.errors(), [("fatal", code)], "{fault:?}");
    assert_eq!(answer.get("data"), None);
    assert_eq!(relay.sandbox.calls().len(), 1, "{fault:?}");
    answer
}

#[tokio::test(start_paused = true)]
async fn the_products_code_is_made_readable() {
    let fault = error(422, "client.some_rule.broken", "It does not hold.");
    let answer = costs_one(fault, "client : some rule : broken").await;
    assert!(answer.message().contains("It does not hold."));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_another_form_is_quoted() {
    let long = format!("no json {}", "x".repeat(500));
    let text = Fault::Status { code: 418, headers: Vec::new(), body: long };
    let answer = costs_one(text, "unknown").await;
    assert!(answer.message().contains("no json xxx") && answer.message().len() < 300);
    for body in [json!({"error": "text"}), json!([1]), json!({"error": {"code": 7}}), json!(null)] {
        let (_, answer) = answer_with_fault(Fault::json(418, &body)).await;
        assert_eq!(answer.errors().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn status_401_is_an_authorization_error_with_the_products_message() {
    let relay = TestRelay::start().await;
    for path in [Route::Health, OBSERVE] {
        let answer = relay.with_claims(claims(REVOKED_KEY)).ask(path, &both()).await;
        assert_eq!(answer.errors(), [("fatal", "client : invalid authentication")]);
        assert_eq!(answer.message(), "Authorization failed: The API token was revoked.");
    }
    costs_all(Fault::status(401), "authorization error").await;
}

#[tokio::test(start_paused = true)]
async fn status_403_is_an_authorization_error() {
    let answer =
        costs_all(error(403, "client.no_access", "Not yours."), "client : no access").await;
    assert_eq!(answer.message(), "Authorization failed: Not yours.");
    let answer = costs_all(Fault::Forbidden, "authorization error").await;
    assert!(answer.message().starts_with("Authorization failed: "));
}

#[tokio::test(start_paused = true)]
async fn status_400_of_detections() {
    costs_one(error(400, "client.bad", "No."), "client : bad").await;
    costs_one(Fault::status(400), "invalid argument").await;
}

#[tokio::test(start_paused = true)]
async fn status_404_and_410_of_detections() {
    costs_one(Fault::status(404), "not found").await;
    costs_one(Fault::status(410), "not found").await;
}

#[tokio::test(start_paused = true)]
async fn status_429_ends_the_call_and_names_the_wait() {
    let fault = Fault::TooManyRequests { retry_after: Some("3600".into()) };
    let answer = costs_all(fault, "too many requests").await;
    assert!(answer.message().contains("3600 seconds"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn n10_status_429_with_a_short_wait_is_repeated_once() {
    let relay = TestRelay::start().await;
    let fault = Fault::TooManyRequests { retry_after: Some("0".into()) };
    relay.sandbox.fault(DETECTIONS_BASE, fault, Times::Next(1));
    assert_eq!(relay.health().await, json!({"data": {"status": "ok"}}));
    assert_eq!(counts(&relay)[0], 2);
}

#[tokio::test(start_paused = true)]
async fn status_500_is_unknown() {
    costs_one(Fault::status(500), "unknown").await;
    costs_one(error(500, "server.error", "Boom."), "server : error").await;
    costs_one(Fault::status(505), "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn status_502_503_504_are_retried_once() {
    for code in [502, 503, 504] {
        let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
        let fault = Fault::Status { code, headers, body: String::new() };
        costs_one(fault.clone(), "service unavailable").await;
        let relay = TestRelay::start().await;
        relay.sandbox.fault(DETECTIONS_BASE, fault, Times::Next(1));
        assert_eq!(relay.health().await, json!({"data": {"status": "ok"}}));
        assert_eq!(counts(&relay)[0], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn n01_any_other_status_is_unknown() {
    for code in [402, 405, 418, 451] {
        costs_one(Fault::status(code), "unknown").await;
    }
    costs_one(Fault::Redirect { to: "http://127.0.0.1:9/".into(), code: 308 }, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn n16_status_200_of_another_shape() {
    for fault in [Fault::Html, Fault::Empty, Fault::Malformed, Fault::json(200, &json!({"a": 1}))] {
        let answer = costs_one(fault, "unknown").await;
        assert!(!answer.to_string().contains("<html"), "{answer:?}");
    }
    let relay = TestRelay::start().await;
    relay.sandbox.fault(DETECTIONS_BASE, Fault::json(200, &json!({})), Times::Always);
    assert_eq!(relay.health().await.errors(), [("fatal", "unknown")]);
}

#[tokio::test(start_paused = true)]
async fn n02_an_untrusted_certificate_is_named() {
    let relay =
        TestRelay::start().with(&[("GTI_DETECTIONS_URL", &InvalidTlsServer::untrusted())]).await;
    let answer = relay.health().await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    assert!(answer.message().contains("certificate of Gigamon ThreatINSIGHT"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_connection_names_the_base() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let relay = TestRelay::start()
        .with(&[("GTI_DETECTIONS_URL", url.as_str()), ("GTI_EVENTS_URL", "off")])
        .await;
    for path in [Route::Health, OBSERVE] {
        let answer = relay.ask(path, &both()).await;
        assert_eq!(answer.errors(), [("fatal", "connection error")]);
        assert!(answer.message().contains("Gigamon ThreatINSIGHT"));
        assert!(answer.message().contains(&url));
    }
}

#[tokio::test(start_paused = true)]
async fn n03_a_broken_connection_is_a_connection_error() {
    for fault in [Fault::ResetBeforeAnswer, Fault::ResetInBody] {
        let (_, answer) = answer_with_fault(fault).await;
        assert_eq!(answer.errors(), [("fatal", "connection error")]);
    }
}

#[tokio::test(start_paused = true)]
async fn n05_no_response_in_time_is_a_connection_error() {
    let relay = TestRelay::start().with(&[("GTI_EVENTS_URL", "off")]).await;
    relay.sandbox.fault(DETECTIONS_BASE, Fault::SlowHeaders, Times::Always);
    let answer = relay.within(Duration::from_millis(200)).health().await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
}

#[tokio::test(start_paused = true)]
async fn n06_n07_an_endless_response_costs_its_observable_only() {
    costs_one(Fault::GzipBomb { bytes: 64 << 20 }, "unknown").await;
    costs_one(Fault::Huge { bytes: 64 << 20 }, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn errors_of_one_source_are_warnings_while_the_other_succeeds() {
    let observables = one("ip", SERVER);
    let relay = TestRelay::start().await;
    relay.sandbox.fault(DETECTIONS_BASE, Fault::status(500), Times::Always);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(
        (answer.errors(), answer.docs("sightings").len()),
        (vec![("warning", "unknown")], 2)
    );
    relay.sandbox.clear_faults();
    relay.sandbox.fault(EVENTS_BASE, Fault::status(500), Times::Always);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(
        (answer.errors(), answer.docs("sightings").len()),
        (vec![("warning", "unknown")], 1)
    );
    relay.sandbox.fault(DETECTIONS_BASE, Fault::status(404), Times::Always);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "not found"), ("fatal", "unknown")]);
    assert_eq!(answer.get("data"), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_detections_events_is_a_warning() {
    let relay = TestRelay::start().await;
    let one_of_three = When::path(DETECTIONS_BASE).mentioning("d0000003");
    relay.sandbox.fault(one_of_three, Fault::status(500), Times::Always);
    let answer = relay.ask(OBSERVE, &one("domain", "c2.bad.example")).await;
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    // The rules of the other two detections are there.
    assert_eq!(answer.docs("indicators").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_detection_whose_events_fail_is_shown_itself() {
    for code in [403, 404, 410, 500] {
        let relay = TestRelay::start().await;
        let events = format!("{DETECTIONS_BASE}/events");
        relay.sandbox.fault(events.as_str(), Fault::status(code), Times::Always);
        relay.sandbox.fault(EVENTS_BASE, Fault::status(code), Times::Always);
        let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
        assert!(answer.errors().iter().all(|(level, _)| *level == "warning"), "{answer:?}");
        assert_eq!((answer.docs("sightings").len(), answer.docs("indicators").len()), (1, 1));
        let sighting = &answer.docs("sightings")[0];
        assert_eq!(sighting["external_ids"][0], "5c4b3a29-1807-4f6e-9d5c-4b3a29180716");
        assert_eq!(answer.docs("relationships")[0]["source_ref"], sighting["id"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_up_costs_the_names_only() {
    for (fault, code) in [
        (Fault::status(500), "unknown"),
        (Fault::status(403), "authorization error"),
        (Fault::Html, "unknown"),
        (Fault::json(200, &json!({"a": 1})), "unknown"),
        (Fault::ResetBeforeAnswer, "connection error"),
    ] {
        let relay = TestRelay::start().await;
        relay.sandbox.fault(ENTITY_BASE, fault, Times::Always);
        let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(answer.errors(), [("warning", code)]);
        assert_eq!(answer.docs("sightings").len(), 3);
        assert!(!answer.to_string().contains("fin-lt-07"));
    }
}

#[tokio::test(start_paused = true)]
async fn n17_the_key_is_redacted_from_answers() {
    let echo = error(401, &format!("client.{KEY}"), &format!("unknown key {KEY}"));
    let relay = TestRelay::start().await;
    relay.sandbox.fault(DETECTIONS_BASE, echo, Times::Always);
    let answer = relay.health().await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    assert!(answer.message().contains("unknown key") && !answer.to_string().contains(KEY));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_no_header_can_carry_is_an_authorization_error() {
    let relay = TestRelay::start().await;
    for key in [json!(""), json!(null), json!(7), json!("a\r\nb"), json!("ключ"), json!(["k"])]
    {
        let answer = relay.with_claims(json!({"key": key})).ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")], "{key}");
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}
