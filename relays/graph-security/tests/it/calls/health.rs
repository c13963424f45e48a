//! Health: one request, which succeeds only if everything that the strategy may do is permitted.
//! docs/relays/graph-security.md#health

use sandbox::{
    Fault, Times,
    identity::{App, app, tenant},
};
use serde_json::{Value, json};

use crate::test_relay::{BATCH, TestRelay};

const ALERTS: &str = "SecurityAlert.Read.All";
const HUNTING: &str = "ThreatHunting.Read.All";
const LEGACY: &str = "SecurityEvents.Read.All";

fn ok() -> Value {
    json!({"data": {"status": "ok"}})
}

#[tokio::test(start_paused = true)]
async fn health_is_one_request_when_warm_and_a_login_more_when_cold() {
    for (settings, path) in [
        (&[][..], BATCH),
        (&[("GRAPH_V2_STRATEGY", "hunting")], BATCH),
        (&[("GRAPH_V2_STRATEGY", "filter")], "/v1.0/security/alerts_v2"),
        (&[("GRAPH_BACKEND", "alerts")], "/v1.0/security/alerts"),
    ] {
        let relay = TestRelay::with(settings).await;
        assert_eq!(relay.health_of(&app::GRAPH, &tenant::CONTOSO).await, ok());
        assert_eq!(relay.sandbox.calls().len(), 2);
        relay.sandbox.forget_calls();
        assert_eq!(relay.health_of(&app::GRAPH, &tenant::CONTOSO).await, ok());
        let paths: Vec<_> = relay.sandbox.calls().into_iter().map(|call| call.path).collect();
        assert_eq!(paths, [path]);
    }
}

#[tokio::test(start_paused = true)]
async fn health_asks_for_one_alert() {
    for settings in [("GRAPH_V2_STRATEGY", "filter"), ("GRAPH_BACKEND", "alerts")] {
        let relay = TestRelay::with(&[settings]).await;
        relay.health_of(&app::GRAPH, &tenant::CONTOSO).await;
        assert_eq!(relay.sandbox.calls()[1].query, "$top=1");
    }
}

async fn assert_missing(settings: (&str, &str), app: &App, permission: &str) {
    let relay = TestRelay::with(&[settings]).await;
    let answer = relay.health_of(app, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "permission denied")], "{settings:?}");
    assert!(answer.message().contains(permission), "{answer:?}");
    assert!(answer["data"].is_null());
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_an_error_that_names_it() {
    for strategy in ["auto", "filter", "hunting"] {
        assert_missing(("GRAPH_V2_STRATEGY", strategy), &app::WITHOUT_ALERTS, ALERTS).await;
    }
    for strategy in ["auto", "hunting"] {
        assert_missing(("GRAPH_V2_STRATEGY", strategy), &app::WITHOUT_HUNTING, HUNTING).await;
    }
    assert_missing(("GRAPH_BACKEND", "alerts"), &app::WITHOUT_GRAPH, LEGACY).await;
}

#[tokio::test(start_paused = true)]
async fn permissions_that_are_not_used_may_be_missing() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "filter")]).await;
    assert_eq!(relay.health_of(&app::WITHOUT_HUNTING, &tenant::CONTOSO).await, ok());
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    assert_eq!(relay.health_of(&app::LEGACY_ONLY, &tenant::CONTOSO).await, ok());
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Health.
#[tokio::test(start_paused = true)]
async fn status_404_is_not_healthy() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    relay.sandbox.fault("/v1.0", Fault::status(404), Times::Always);
    let answer = relay.health_of(&app::GRAPH, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "not found")]);
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/v1.0", Fault::status(404), Times::Always);
    let answer = relay.health_of(&app::GRAPH, &tenant::CONTOSO).await;
    assert_eq!(answer.errors(), [("fatal", "not found")]);
}
