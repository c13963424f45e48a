//! Where alerts come from: the product's own API, or Graph once it is retired:
//! docs/relays/defender-atp.md#backends.

use std::time::Duration;

use sandbox::{
    Fault, Times,
    defender_atp::sample,
    identity::{Tenant, app, tenant},
};
use serde_json::json;
use testkit::Answer;

use super::{BATCH, word};
use crate::test_relay::{OBSERVE, TestRelay, alert_ids, contoso, many, one};

async fn ask(relay: &TestRelay, tenant: &Tenant) -> Answer {
    let observables = many(&[("ip", sample::ADDRESS), ("sha256", sample::UPDATER_SHA256)]);
    relay.observe_for(&app::DEFENDER, tenant, &observables).await
}

/// Calls to the product's alerts and files, and batches to Graph but for incidents.
fn calls(relay: &TestRelay) -> (usize, usize) {
    let own = ["/api/ips", "/api/files", "/api/alerts"].map(|path| relay.calls(path).len());
    let batches = relay.calls_where(|call| call.path == BATCH && word(call) != "incidents");
    (own.iter().sum(), batches.len())
}

#[tokio::test(start_paused = true)]
async fn a_retired_api_is_replaced_by_graph_for_a_day() {
    for (tenant, own) in [(&tenant::WINGTIP, 2), (&tenant::TAILSPIN, 3)] {
        let relay = TestRelay::open().await;
        let first = ask(&relay, tenant).await;
        let (own_requests, batches) = calls(&relay);
        assert!((1..=own + 1).contains(&own_requests) && batches > 0, "{own_requests} {batches}");
        assert_eq!(first.errors(), []);
        let alerts: Vec<_> = alert_ids(&first).into_iter().filter(|id| *id != "-").collect();
        assert!(alerts.len() > 2 && alert_ids(&first).len() > alerts.len());

        relay.sandbox.forget_calls();
        relay.clock.advance(Duration::from_secs(24 * 3600 - 1));
        assert_eq!(ask(&relay, tenant).await, first);
        assert_eq!(calls(&relay).0, 0);
        relay.clock.advance(Duration::from_secs(1));
        ask(&relay, tenant).await;
        assert!(calls(&relay).0 > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_tenant_of_a_retired_api_moves_to_graph() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        ask(&relay, &tenant::WINGTIP).await;
        relay.sandbox.forget_calls();
        ask(&relay, &tenant::CONTOSO).await;
        let (own, batches) = calls(&relay);
        assert!(own > 0 && batches == 0, "{own} {batches}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_entity_is_not_taken_for_a_retired_api() {
    let relay = TestRelay::open().await;
    let missing = json!({"error": {"code": "NotFound", "message": "No such thing."}});
    relay.sandbox.fault("/api/ips", Fault::json(404, &missing), Times::Always);
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(answer.errors(), []);
    assert!(alert_ids(&answer).iter().all(|id| *id == "-"));
    assert_eq!(calls(&relay), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_message_about_retirement_is_confirmed_by_the_list_of_alerts() {
    let retired = json!({"error": {"code": "BadRequest", "message": "retired.example is no name"}});
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/domains", Fault::json(400, &retired), Times::Always);
    let answer = relay.observe(&one("domain", "retired.example")).await;
    assert_eq!((answer.errors(), calls(&relay).1), (vec![], 0));
    relay.sandbox.fault("/api/alerts", Fault::json(400, &retired), Times::Always);
    relay.observe(&one("domain", "retired.example")).await;
    assert_eq!(calls(&relay).1, 1);
}

#[tokio::test(start_paused = true)]
async fn a_forced_backend_is_kept() {
    let relay = TestRelay::with(&[("DEFENDER_BACKEND", "mde")]).await;
    let answer = ask(&relay, &tenant::WINGTIP).await;
    assert_eq!(answer.errors(), [("fatal", "not found")]);
    assert!(answer.message().contains("DEFENDER_BACKEND"), "{answer}");
    assert_eq!(calls(&relay).1, 0);
    let relay = TestRelay::with(&[("DEFENDER_BACKEND", "graph")]).await;
    let answer = ask(&relay, &tenant::CONTOSO).await;
    assert_eq!((answer.errors(), calls(&relay).0), (vec![], 0));
    assert!(
        answer.docs("sightings").iter().all(|it| it["source"] == "Microsoft Defender for Endpoint")
    );
}

#[tokio::test(start_paused = true)]
async fn a_claim_chooses_the_backend() {
    let relay = TestRelay::open().await;
    for (word, graph) in [(json!("graph"), true), (json!("mde"), false), (json!("?"), false)] {
        relay.sandbox.forget_calls();
        let mut claims = contoso();
        claims["DEFENDER_BACKEND"] = word.clone();
        relay.ask_with(claims, OBSERVE, &one("ip", sample::ADDRESS)).await;
        let (own, batches) = calls(&relay);
        assert_eq!((own == 0, batches > 0), (graph, graph), "{word}");
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_of_other_services_are_excluded() {
    let relay = TestRelay::with(&[("DEFENDER_BACKEND", "graph")]).await;
    relay.observe(&one("ip", sample::ADDRESS)).await;
    let filter = relay.calls(BATCH)[0].json().unwrap()["requests"][0]["url"].to_string();
    assert!(filter.contains("serviceSource%20eq%20%27microsoftDefenderForEndpoint%27"), "{filter}");
}

#[tokio::test(start_paused = true)]
async fn alerts_of_graph_and_events_share_the_limit_in_order() {
    let relay =
        TestRelay::with(&[("DEFENDER_BACKEND", "graph"), ("CTR_ENTITIES_LIMIT", "3")]).await;
    let observables = many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)]);
    let answer = relay.observe(&observables).await;
    let kinds: Vec<_> = answer
        .docs("sightings")
        .iter()
        .map(|it| it["observables"][0]["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["ip", "ip", "ip", "domain", "domain", "domain"]);
}

/// Row 10 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn health_asks_the_backend_and_names_the_missing_permission() {
    let relay = TestRelay::open().await;
    let ok = json!({"data": {"status": "ok"}});
    assert_eq!(relay.health(&app::DEFENDER, &tenant::CONTOSO).await, ok);
    assert_eq!(relay.product_calls(), ["GET /api/alerts?$top=1"]);
    for tenant in [&tenant::WINGTIP, &tenant::TAILSPIN] {
        assert_eq!(relay.health(&app::DEFENDER, tenant).await, ok);
        relay.sandbox.forget_calls();
        assert_eq!(relay.health(&app::DEFENDER, tenant).await, ok);
        assert_eq!(relay.product_calls(), [format!("POST {BATCH}")]);
    }
    let check = |answer: Answer, permission: &str| {
        assert_eq!(answer.errors(), [("fatal", "permission denied")]);
        assert!(answer.message().contains(permission), "{answer}");
    };
    check(relay.health(&app::WITHOUT_ALERTS, &tenant::CONTOSO).await, "Alert.Read.All");
    check(relay.health(&app::WITHOUT_ALERTS, &tenant::WINGTIP).await, "SecurityAlert.Read.All");
    let graph = TestRelay::with(&[("DEFENDER_BACKEND", "graph")]).await;
    check(graph.health(&app::WITHOUT_GRAPH, &tenant::CONTOSO).await, "SecurityAlert.Read.All");
}

/// Row 10 of docs/relays/defender-atp.md#differences-from-the-python-originals.
#[tokio::test(start_paused = true)]
async fn health_fails_for_403_and_404() {
    for (status, code) in [(403, "permission denied"), (404, "not found"), (500, "internal error")]
    {
        let relay = TestRelay::with(&[("DEFENDER_BACKEND", "mde")]).await;
        relay.sandbox.fault("/api/alerts", Fault::status(status), Times::Always);
        let answer = relay.health(&app::DEFENDER, &tenant::CONTOSO).await;
        assert_eq!((answer.errors(), answer.get("data")), (vec![("fatal", code)], None));
    }
}
