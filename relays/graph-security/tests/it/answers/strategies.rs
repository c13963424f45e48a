//! How alerts are found: by filter, by hunting, and when `auto` changes from one to the other.
//! docs/relays/graph-security.md#strategies

use std::time::Duration;

use sandbox::identity::{Tenant, app, tenant};
use serde_json::json;

use crate::test_relay::{
    ADDRESS, BATCH, HUNT, MD5, SHA256, TestRelay, alert_ids, claims, one, sightings,
};

const DAY: Duration = Duration::from_secs(86_400);

/// The alerts about [`ADDRESS`] of the last thirty days.
const RECENT: [&str; 3] =
    ["da638470011223344556_-1200345678", "da638470555000000002_102", "da638470555000000003_103"];

/// A service that refuses a filter gets it in a shorter form, in a batch of its own.
async fn assert_hunts_from_now_on(tenant: &Tenant, batches: usize) {
    let relay = TestRelay::open().await;
    let observables = one("ip", ADDRESS);
    let answer = relay.observe_for(tenant, &observables).await;
    assert_eq!((alert_ids(&answer), answer.errors()), (RECENT.to_vec(), vec![]));
    assert_eq!(relay.counts(), [1, batches, 1]);
    relay.sandbox.forget_calls();
    assert_eq!(relay.observe_for(tenant, &observables).await, answer);
    assert_eq!(relay.counts(), [0, 1, 1], "the type is remembered");
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_refused_with_400_leads_to_hunting() {
    assert_hunts_from_now_on(&tenant::NORTHWIND, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_refused_with_501_leads_to_hunting() {
    assert_hunts_from_now_on(&tenant::ADATUM, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_ignored_leads_to_hunting() {
    assert_hunts_from_now_on(&tenant::LITWARE, 2).await;
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_filter_is_tried_again_after_a_day() {
    let relay = TestRelay::open().await;
    let observables = one("ip", ADDRESS);
    relay.observe_for(&tenant::NORTHWIND, &observables).await;
    for (pass, filters) in [(DAY - Duration::from_secs(1), 0), (Duration::from_secs(1), 2)] {
        relay.clock.advance(pass);
        relay.sandbox.forget_calls();
        relay.observe_for(&tenant::NORTHWIND, &observables).await;
        let [_, batches, hunts] = relay.counts();
        assert_eq!((batches, hunts), (filters + 1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn filter_support_is_remembered_for_each_type() {
    let relay = TestRelay::open().await;
    relay.observe_for(&tenant::NORTHWIND, &one("ip", ADDRESS)).await;
    relay.sandbox.forget_calls();
    let both = json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}]);
    let answer = relay.observe_for(&tenant::NORTHWIND, &both).await;
    assert_eq!(relay.counts(), [0, 4, 2], "the hash is filtered first, the address is not");
    assert_eq!(sightings(&answer).len(), 7);
    relay.sandbox.forget_calls();
    assert_eq!(relay.observe_for(&tenant::NORTHWIND, &both).await, answer);
    assert_eq!(relay.counts(), [0, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_proves_nothing() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        assert_eq!(relay.observe(&one("ip", "192.0.2.99")).await, json!({"data": {}}));
    }
    assert_eq!(relay.counts(), [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn alerts_whose_host_only_begins_like_the_domain_are_dropped_and_prove_nothing() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("domain", "cdn.contoso-files")).await;
    assert_eq!(answer, json!({"data": {}}));
    assert_eq!(relay.counts(), [1, 1, 0]);
}

/// A page of filtered alerts: one that shows no evidence, and one about [`ADDRESS`].
fn page_with_a_masked_alert() -> sandbox::Fault {
    let alert = |id: &str, evidence| {
        let created = "2026-10-30T06:12:01Z";
        json!({"id": id, "createdDateTime": created, "evidence": evidence})
    };
    let ip = json!([{"@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": ADDRESS}]);
    let page = json!({"value": [alert("masked", json!([])), alert("good", ip)]});
    let response = json!({"id": "0", "status": 200, "headers": {}, "body": page});
    sandbox::Fault::json(200, &json!({"responses": [response]}))
}

#[tokio::test(start_paused = true)]
async fn one_alert_that_shows_no_evidence_costs_no_other() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(BATCH, page_with_a_masked_alert(), sandbox::Times::Always);
    for _ in 0..2 {
        let answer = relay.observe(&one("ip", ADDRESS)).await;
        assert_eq!((alert_ids(&answer), answer.errors()), (vec!["good"], vec![]));
    }
    assert_eq!(relay.counts(), [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_type_is_not_given_up_where_hunting_fails_too() {
    let relay = TestRelay::open().await;
    let northwind = || claims(&app::WITHOUT_HUNTING, &tenant::NORTHWIND);
    for _ in 0..2 {
        relay.sandbox.forget_calls();
        let answer = relay.observe_with(northwind(), &one("ip", ADDRESS)).await;
        assert_eq!(answer.errors(), [("fatal", "permission denied")]);
        assert_eq!(relay.counts()[1..], [2, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn filtering_alone_reports_a_filter_that_does_not_work() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "filter")]).await;
    let observables = one("ip", ADDRESS);
    let answer = relay.observe_for(&tenant::NORTHWIND, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "invalid argument")]);
    let answer = relay.observe_for(&tenant::ADATUM, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    let answer = relay.observe_for(&tenant::LITWARE, &observables).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
    assert!(answer.message().contains("GRAPH_V2_STRATEGY"));
    assert_eq!(sightings(&answer).len(), 3, "alerts that match are in the answer");
    assert_eq!(relay.calls(HUNT).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn hunting_for_md5_is_a_warning() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    let both = json!([{"type": "md5", "value": MD5}, {"type": "sha256", "value": SHA256}]);
    let answer = relay.observe(&both).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
    assert!(answer.message().contains("MD5"));
    assert_eq!(sightings(&answer).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn hunting_and_filtering_find_the_same_alerts() {
    let observables = json!([
        {"type": "domain", "value": "cdn.contoso-files.example"},
        {"type": "hostname", "value": "ws-311"},
        {"type": "url", "value": "https://cdn.contoso-files.example/a"},
        {"type": "sha1", "value": "e8a7f770d9106fd287db7f1adbc60926f6967e78"},
        {"type": "file_path", "value": r"C:\Users\mara\AppData\upd.exe"},
        {"type": "file_path", "value": "/srv/données/run.sh"},
        {"type": "file_path", "value": r"C:\Kiosk\UPD.EXE"},
    ]);
    let mut answers = Vec::new();
    for strategy in ["filter", "hunting"] {
        answers.push(
            TestRelay::with(&[("GRAPH_V2_STRATEGY", strategy)]).await.observe(&observables).await,
        );
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_alert_is_left_out() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    let answer = relay.observe(&one("ip", ADDRESS)).await;
    assert_eq!((alert_ids(&answer), answer.errors()), (RECENT.to_vec(), vec![]));
    let details = relay.calls(BATCH)[0].json().unwrap();
    let urls = details["requests"].to_string();
    assert!(urls.contains("da638470555000000099_999"), "hunting knows an alert that was deleted");
}

#[tokio::test(start_paused = true)]
async fn hunting_finds_local_addresses_without_evidence_of_them() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    let answer = relay.observe(&one("ip", "10.20.9.77")).await;
    assert_eq!(alert_ids(&answer), ["da638470555000000005_105"]);
    assert_eq!(sightings(&answer)[0]["confidence"], "Unknown");
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_to_hunt_the_filter_still_works() {
    let relay = TestRelay::open().await;
    let observables = one("ip", ADDRESS);
    let answer =
        relay.observe_with(claims(&app::WITHOUT_HUNTING, &tenant::CONTOSO), &observables).await;
    assert_eq!((sightings(&answer).len(), answer.errors()), (4, vec![]));
    let northwind = claims(&app::WITHOUT_HUNTING, &tenant::NORTHWIND);
    let answer = relay.observe_with(northwind, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "permission denied")]);
    assert!(answer.message().contains("ThreatHunting.Read.All"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_hunt_leaves_filtered_alerts_in_the_answer() {
    let relay = TestRelay::open().await;
    let northwind = || claims(&app::GRAPH, &tenant::NORTHWIND);
    relay.observe_with(northwind(), &one("ip", ADDRESS)).await;
    let fault = sandbox::Fault::json(500, &json!({"error": {"message": "boom"}}));
    relay.sandbox.fault(HUNT, fault, sandbox::Times::Always);
    let contoso = relay.observe(&json!([{"type": "ip", "value": ADDRESS}])).await;
    assert_eq!(sightings(&contoso).len(), 4);
    let answer = relay.observe_with(northwind(), &one("ip", ADDRESS)).await;
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
}
