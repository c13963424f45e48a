//! Health: one call, green only when everything the strategy may do is permitted. Source: spec §5.4.

use sandbox::{
    Fault, Times,
    identity::{App, app, tenant},
};
use serde_json::{Value, json};

use crate::test_relay::{BATCH, TestRelay, codes, message};

const ALERTS: &str = "SecurityAlert.Read.All";
const HUNTING: &str = "ThreatHunting.Read.All";
const LEGACY: &str = "SecurityEvents.Read.All";

fn ok() -> Value {
    json!({"data": {"status": "ok"}})
}

#[tokio::test]
async fn health_is_one_call_when_warm_and_a_login_more_when_cold() {
    for (settings, path) in [
        (&[][..], BATCH),
        (&[("GRAPH_V2_STRATEGY", "hunting")], BATCH),
        (&[("GRAPH_V2_STRATEGY", "filter")], "/v1.0/security/alerts_v2"),
        (&[("GRAPH_BACKEND", "alerts")], "/v1.0/security/alerts"),
    ] {
        let relay = TestRelay::with(settings).await;
        assert_eq!(relay.health(&app::GRAPH, &tenant::CONTOSO).await, ok());
        assert_eq!(relay.sandbox.calls().len(), 2);
        relay.sandbox.forget_calls();
        assert_eq!(relay.health(&app::GRAPH, &tenant::CONTOSO).await, ok());
        let paths: Vec<_> = relay.sandbox.calls().into_iter().map(|call| call.path).collect();
        assert_eq!(paths, [path]);
    }
}

#[tokio::test]
async fn a_plain_health_call_asks_for_one_alert() {
    for settings in [("GRAPH_V2_STRATEGY", "filter"), ("GRAPH_BACKEND", "alerts")] {
        let relay = TestRelay::with(&[settings]).await;
        relay.health(&app::GRAPH, &tenant::CONTOSO).await;
        assert_eq!(relay.sandbox.calls()[1].query, "$top=1");
    }
}

async fn missing(settings: (&str, &str), app: &App, permission: &str) {
    let relay = TestRelay::with(&[settings]).await;
    let answer = relay.health(app, &tenant::CONTOSO).await;
    assert_eq!(codes(&answer), [("fatal", "permission denied")], "{settings:?}");
    assert!(message(&answer).contains(permission), "{answer}");
    assert!(answer["data"].is_null());
}

#[tokio::test]
async fn a_missing_permission_is_red_and_named() {
    for strategy in ["auto", "filter", "hunting"] {
        missing(("GRAPH_V2_STRATEGY", strategy), &app::WITHOUT_ALERTS, ALERTS).await;
    }
    for strategy in ["auto", "hunting"] {
        missing(("GRAPH_V2_STRATEGY", strategy), &app::WITHOUT_HUNTING, HUNTING).await;
    }
    missing(("GRAPH_BACKEND", "alerts"), &app::WITHOUT_GRAPH, LEGACY).await;
}

#[tokio::test]
async fn only_what_is_used_must_be_permitted() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "filter")]).await;
    assert_eq!(relay.health(&app::WITHOUT_HUNTING, &tenant::CONTOSO).await, ok());
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    assert_eq!(relay.health(&app::LEGACY_ONLY, &tenant::CONTOSO).await, ok());
}

#[tokio::test]
async fn no10_a_missing_address_is_no_health() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    relay.sandbox.fault("/v1.0", Fault::status(404), Times::Always);
    let answer = relay.health(&app::GRAPH, &tenant::CONTOSO).await;
    assert_eq!(codes(&answer), [("fatal", "not found")]);
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/v1.0", Fault::status(404), Times::Always);
    let answer = relay.health(&app::GRAPH, &tenant::CONTOSO).await;
    assert_eq!(codes(&answer), [("fatal", "not found")]);
}
