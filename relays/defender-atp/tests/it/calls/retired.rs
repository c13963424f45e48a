//! The day after Microsoft ends the product's own API: every route answers without a fatal error, and
//! nothing is offered or done that has no API: docs/relays/defender-atp.md#after-the-end-of-the-own-api.

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{Tenant, app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{OBSERVE, REFER, RESPOND, TRIGGER, TestRelay, claims, many, trigger};

const API: &str = "/api";
/// Stands for a host that Microsoft has switched off.
const NOWHERE: (&str, &str) = ("DEFENDER_API_BASE", "https://api.security.invalid");
/// A name that the operator misspelt; its end is kept for names that never resolve.
const MISSPELT: (&str, &str) = ("DEFENDER_API_BASE", "https://api.securty.invalid");
const ENDED: [(&str, &str); 1] = [("warning", "not found")];

fn everything() -> Value {
    many(&[
        ("ip", sample::ADDRESS),
        ("domain", sample::DOMAIN),
        ("sha256", sample::UPDATER_SHA256),
        ("url", sample::WARNED_URL),
        ("ms_machine_id", sample::WORKSTATION),
    ])
}

async fn offers(relay: &TestRelay, tenant: &Tenant) -> Answer {
    relay.ask_with(claims(&app::DEFENDER, tenant), RESPOND, &everything()).await
}

async fn isolation(relay: &TestRelay, tenant: &Tenant) -> Answer {
    let body = trigger("FullIsolation", "ms_machine_id", sample::WORKSTATION);
    relay.ask_with(claims(&app::DEFENDER, tenant), TRIGGER, &body).await
}

#[track_caller]
fn assert_ended(answer: &Answer, data: &Value) {
    assert_eq!((&answer["data"], answer.errors()), (data, ENDED.to_vec()), "{answer}");
    let message = answer.message();
    assert!(message.contains("Microsoft Defender portal"), "{message}");
    assert!(!message.contains("DEFENDER_BACKEND") && !message.contains("grant"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn every_route_answers_without_a_fatal_error() {
    let nowhere = TestRelay::with(&[NOWHERE]).await;
    let relay = TestRelay::open().await;
    for (relay, tenant) in
        [(&relay, &tenant::WINGTIP), (&relay, &tenant::TAILSPIN), (&nowhere, &tenant::CONTOSO)]
    {
        for (path, body) in [
            ("/health", json!({})),
            (OBSERVE, everything()),
            ("/deliberate/observables", everything()),
            (REFER, everything()),
            (RESPOND, everything()),
            (TRIGGER, trigger("FullIsolation", "ms_machine_id", sample::LAPTOP)),
            (TRIGGER, trigger("add-indicator-alert", "ip", "192.0.2.9")),
            (TRIGGER, trigger("remove-indicator", "ip", sample::ADDRESS)),
            ("/version", json!({})),
        ] {
            let answer = relay.ask_with(claims(&app::DEFENDER, tenant), path, &body).await;
            let is_fatal = |(level, _): &(&str, &str)| *level == "fatal";
            assert!(!answer.errors().iter().any(is_fatal), "{path} {answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_end_neither_offers_nor_actions_ask_for_a_day() {
    for tenant in [&tenant::WINGTIP, &tenant::TAILSPIN] {
        for backend in ["auto", "mde"] {
            let relay = TestRelay::with(&[("DEFENDER_BACKEND", backend)]).await;
            assert_ended(&offers(&relay, tenant).await, &Value::Null);
            assert!(!relay.calls(API).is_empty());
            relay.sandbox.forget_calls();
            assert_ended(&offers(&relay, tenant).await, &Value::Null);
            assert_ended(&isolation(&relay, tenant).await, &json!({"status": "failure"}));
            assert_eq!(relay.calls(API).len(), 0);

            let relay = TestRelay::with(&[("DEFENDER_BACKEND", backend)]).await;
            assert_ended(&isolation(&relay, tenant).await, &json!({"status": "failure"}));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_backend_graph_no_action_is_asked_for() {
    let relay = TestRelay::with(&[("DEFENDER_BACKEND", "graph")]).await;
    assert_ended(&offers(&relay, &tenant::CONTOSO).await, &Value::Null);
    assert_ended(&isolation(&relay, &tenant::CONTOSO).await, &json!({"status": "failure"}));
    assert!(relay.calls(API).is_empty());
    let nothing = relay.ask(RESPOND, &many(&[("email", "mara@contoso.example")])).await;
    assert_eq!(nothing, json!({"data": []}));
    let settings = [("DEFENDER_BACKEND", "graph"), ("DEFENDER_ACTIONS", "none")];
    let relay = TestRelay::with(&settings).await;
    assert_eq!(offers(&relay, &tenant::CONTOSO).await, json!({"data": []}));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_resolve_is_a_retired_api() {
    let relay = TestRelay::with(&[NOWHERE]).await;
    let answer = relay.observe(&everything()).await;
    assert!(answer.errors().iter().all(|(kind, _)| *kind == "warning"), "{answer}");
    assert!(!answer.docs("sightings").is_empty());
    assert_eq!(relay.health(&app::DEFENDER, &tenant::CONTOSO).await["data"]["status"], "ok");
    assert_ended(&offers(&relay, &tenant::CONTOSO).await, &Value::Null);
    assert_ended(&isolation(&relay, &tenant::CONTOSO).await, &json!({"status": "failure"}));
}

#[tokio::test(start_paused = true)]
async fn a_misspelt_host_is_no_retired_api() {
    let relay = TestRelay::with(&[MISSPELT]).await;
    for answer in [
        relay.observe(&everything()).await,
        relay.health(&app::DEFENDER, &tenant::CONTOSO).await,
        offers(&relay, &tenant::CONTOSO).await,
        isolation(&relay, &tenant::CONTOSO).await,
    ] {
        assert!(answer.errors().contains(&("fatal", "connection error")), "{answer}");
        assert!(answer.messages().any(|text| text.contains("check DEFENDER_API_BASE")), "{answer}");
    }
    // Nothing is remembered, and nothing was taken from Graph instead.
    assert!(relay.calls("/v1.0/$batch").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_unknown_is_not_the_end() {
    let relay = TestRelay::open().await;
    let missing = json!({"error": {"code": "NotFound", "message": "No such thing."}});
    let actions = When::path("/api/machineactions");
    relay.sandbox.fault(actions, Fault::json(404, &missing), Times::Always);
    let answer = offers(&relay, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "invalid request")], "{answer}");
    assert!(answer.message().contains(sample::WORKSTATION), "{answer}");
}
