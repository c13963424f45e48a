//! What a response, or none, means for an action: docs/relays/defender-atp.md#trigger.

use std::time::Duration;

use http::Method;
use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::json;

use super::triggers::{assert_failed, success};
use crate::test_relay::{TRIGGER, TestRelay, bearer, contoso, trigger};

/// Row 4 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn success_needs_the_confirmation_of_the_product() {
    let html = (Fault::Html, "unknown");
    let failed = json!({"id": "e58b0810", "type": "Isolate", "status": "Failed"});
    for (fault, code) in [
        html,
        (Fault::Empty, "unknown"),
        (Fault::json(201, &json!({})), "unknown"),
        (Fault::json(201, &json!({"id": null, "status": "Pending"})), "unknown"),
        (Fault::json(201, &failed), "unknown"),
        (Fault::status(204), "unknown"),
        (Fault::status(500), "internal error"),
        (Fault::status(503), "internal error"),
    ] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/machines", fault.clone(), Times::Always);
        let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
        assert_failed(&answer, code);
        assert!(answer.message().contains("not known"), "{fault:?} {answer}");
        assert_eq!(relay.calls("/api").len(), 1, "{fault:?}");
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/indicators", fault, Times::Always);
        let answer = relay.trigger("add-indicator-alert", "ip", "192.0.2.9").await;
        assert_eq!(answer["data"]["status"], "failure", "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn n14_an_action_whose_response_was_lost_is_never_sent_again() {
    for fault in [Fault::ResetBeforeAnswer, Fault::status(500), Fault::status(502)] {
        let relay = TestRelay::open().await;
        relay.sandbox.fault("/api/", fault, Times::Always);
        let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
        assert_eq!(answer["data"]["status"], "failure", "{answer}");
        assert!(answer.message().contains("Whether it was done is not known"), "{answer}");
        assert_eq!(relay.calls("/api").len(), 1);
        let mut removal = trigger("remove-indicator", "ip", sample::ADDRESS);
        removal["indicator_id"] = "995".into();
        assert_eq!(relay.trigger_with(contoso(), &removal).await["data"]["status"], "failure");
        relay.trigger("add-indicator-alert", "ip", "192.0.2.9").await;
        let changes = relay.calls("/api").into_iter().filter(|call| call.method != Method::GET);
        assert_eq!(changes.count(), 2);
    }
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/", Fault::ResetInBody, Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "connection error");
    assert_eq!(relay.calls("/api").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn n14_an_action_that_times_out_is_never_sent_again() {
    let relay = TestRelay::open().await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    relay.sandbox.forget_calls();
    relay.sandbox.fault("/api/machines", Fault::SlowHeaders, Times::Always);
    let body = trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).to_string();
    let time = Duration::from_millis(700);
    let answer = relay.send_within(time, &bearer(contoso()), TRIGGER, &body).await;
    assert_failed(&answer, "connection error");
    assert_eq!(relay.sandbox.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_action_is_sent_again_after_a_401_only() {
    let relay = TestRelay::open().await;
    relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
    let isolate = format!("/api/machines/{}/isolate", sample::LAPTOP);
    relay.sandbox.fault(isolate.as_str(), Fault::status(401), Times::Next(1));
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_eq!(answer, success());
    assert_eq!(relay.calls(&isolate).len(), 2);
    relay.clock.advance(Duration::from_secs(60));
    relay.sandbox.fault(isolate.as_str(), Fault::status(401), Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "authorization error");
    assert_eq!(relay.calls(&isolate).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_action_does_not_wait_for_a_rate_limit() {
    let relay = TestRelay::open().await;
    let throttled = Fault::TooManyRequests { retry_after: Some("0".to_owned()) };
    relay.sandbox.fault("/api/machines", throttled, Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "too many requests");
    assert_eq!(relay.calls("/api/machines").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_action_without_login_was_not_requested() {
    let relay = TestRelay::open().await;
    let login = When::any().mentioning("client_credentials");
    relay.sandbox.fault(login, Fault::status(401), Times::Always);
    let answer = relay.trigger("FullIsolation", "ms_machine_id", sample::LAPTOP).await;
    assert_failed(&answer, "authorization error");
    assert!(!answer.message().contains("not known"), "{answer}");
}
