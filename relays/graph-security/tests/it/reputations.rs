//! Verdicts of Microsoft's threat intelligence: docs/relays/graph-security.md#reputations.

use relay_core::Route;
use sandbox::{
    Fault, Times, When,
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::{Answer, golden};

use crate::test_relay::{ADDRESS, BATCH, TestRelay, claims, inner_urls, one, sightings};

const ON: (&str, &str) = ("MICROSOFT_REPUTATION", "auto");
const FILTER: (&str, &str) = ("GRAPH_V2_STRATEGY", "filter");

async fn relay() -> TestRelay {
    TestRelay::with(&[ON, FILTER]).await
}

fn addresses(count: usize) -> Value {
    (1..=count).map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")})).collect()
}

/// How many batches ask for reputations, and how many for alerts.
fn batches(relay: &TestRelay) -> (usize, usize) {
    let is_of_reputations = |urls: &Vec<String>| urls[0].contains("/threatIntelligence/");
    let urls: Vec<_> = relay.calls(BATCH).iter().map(inner_urls).collect();
    let reputations = urls.iter().filter(|urls| is_of_reputations(urls)).count();
    (reputations, urls.len() - reputations)
}

#[tokio::test(start_paused = true)]
async fn a_verdict_and_its_judgement_stand_beside_the_sightings() {
    let observables = json!([
        {"type": "ip", "value": ADDRESS},
        {"type": "domain", "value": "CDN.contoso-files.example"},
        {"type": "hostname", "value": "partner.contoso-files.example"},
        {"type": "url", "value": "https://cdn.contoso-files.example:8443/a?b#c"},
        {"type": "ipv6", "value": "2001:DB8:80:0::1"},
        {"type": "domain", "value": "never-seen.example"},
    ]);
    let relay = TestRelay::with(&[ON, FILTER, ("CTR_ENTITIES_LIMIT", "1")]).await;
    let answer = relay.observe(&observables).await;
    golden!("reputations").assert_answer(&answer);
    assert_eq!(sightings(&answer).len(), 2);
    let deliberate = relay.ask(Route::Deliberate, &observables).await;
    assert_eq!(deliberate.docs("verdicts").len(), 5);
    assert!(deliberate.docs("judgements").is_empty());
}

#[tokio::test(start_paused = true)]
async fn twenty_hosts_are_asked_about_in_one_batch_beside_the_alerts() {
    for (count, expected) in [(1, 1), (10, 1), (50, 3)] {
        let relay = relay().await;
        relay.observe(&addresses(count)).await.assert_no_errors();
        assert_eq!(batches(&relay), (expected, expected), "{count}");
        relay.sandbox.forget_calls();
        relay.ask(Route::Deliberate, &addresses(count)).await.assert_no_errors();
        assert_eq!(batches(&relay), (expected, 0), "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn i15_hosts_inside_a_network_are_not_told_to_the_service() {
    let relay = relay().await;
    let inside = json!([
        {"type": "ip", "value": "10.20.4.17"},
        {"type": "hostname", "value": "ws-204"},
        {"type": "domain", "value": "dc1.corp.internal"},
        {"type": "url", "value": "http://10.0.0.5/admin?token=abc"},
        {"type": "sha1", "value": "e8a7f770d9106fd287db7f1adbc60926f6967e78"},
    ]);
    assert_eq!(relay.ask(Route::Deliberate, &inside).await, json!({"data": {}}));
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_one_warning_says_so_for_a_day() {
    let expected = relay_without_reputations(&one("ip", ADDRESS)).await;
    let relay = relay().await;
    let caller = claims(&app::WITHOUT_HUNTING, &tenant::CONTOSO);
    let answer = relay.observe_with(caller.clone(), &one("ip", ADDRESS)).await;
    assert_eq!(answer["data"], expected["data"]);
    assert_eq!(answer.errors(), [("warning", "permission denied")]);
    assert!(answer.message().contains("ThreatIntelligence.Read.All"), "{answer}");
    relay.sandbox.forget_calls();
    assert_eq!(relay.observe_with(caller, &one("ip", ADDRESS)).await, expected);
    assert_eq!(batches(&relay).0, 0);
}

async fn relay_without_reputations(observables: &Value) -> Answer {
    TestRelay::with(&[FILTER]).await.observe(observables).await
}

#[tokio::test(start_paused = true)]
async fn a_failure_costs_the_verdicts_only() {
    let expected = relay_without_reputations(&one("ip", ADDRESS)).await;
    for fault in [Fault::status(500), Fault::Html, Fault::json(200, &json!([]))] {
        let relay = relay().await;
        let reputations = When::path(BATCH).mentioning("threatIntelligence");
        relay.sandbox.fault(reputations, fault.clone(), Times::Always);
        let answer = relay.observe(&one("ip", ADDRESS)).await;
        assert_eq!(answer["data"], expected["data"], "{fault:?}");
        let levels: Vec<_> = answer.errors().into_iter().map(|(level, _)| level).collect();
        assert_eq!(levels, ["warning"], "{answer}");
        assert!(answer.message().starts_with("Verdicts of Microsoft's threat"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn they_can_be_switched_off_and_only_the_global_cloud_has_them() {
    for settings in [[("MICROSOFT_REPUTATION", "off"), FILTER], [ON, ("GRAPH_CLOUD", "usgov")]] {
        let relay = TestRelay::with(&settings).await;
        let answer = relay.ask(Route::Deliberate, &one("ip", ADDRESS)).await;
        assert_eq!(answer, json!({"data": {}}));
        assert!(relay.sandbox.calls().is_empty());
    }
}
