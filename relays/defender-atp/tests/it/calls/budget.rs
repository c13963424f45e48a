//! What happens to the requests that a quota leaves no room for:
//! docs/relays/defender-atp.md#quotas-and-call-budget.

use sandbox::{
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};

use crate::test_relay::{HUNT, TestRelay, alert_ids, line, one};

/// So many addresses that nobody has seen, and one that alerts know.
fn addresses(unseen: usize) -> Value {
    (1..=unseen)
        .map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")}))
        .chain([json!({"type": "ip", "value": sample::ADDRESS})])
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_list_gets_forty_requests_and_hunting_finds_the_other_alerts() {
    let relay = TestRelay::warm().await;
    let answer = relay.observe(&addresses(49)).await;
    assert_eq!(relay.calls("/api/ips").len(), 40);
    assert_eq!(answer.errors(), [("warning", "too many requests")]);
    assert!(answer.message().starts_with("For 10 observables only the alerts of the last 30 days"));
    // One hunt for the ids of alerts, and all alerts in one call.
    assert_eq!((relay.calls(HUNT).len(), relay.calls("/api/alerts").len()), (3, 1));
    assert!(line(&relay.calls("/api/alerts")[0]).ends_with("&$expand=evidence"));
    assert_eq!(relay.sandbox.peak_concurrency(), 16);
    let alone = TestRelay::open().await.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(answer.docs("sightings"), alone.docs("sightings"));
}

#[tokio::test(start_paused = true)]
async fn files_beyond_the_budget_are_hunted_unless_by_md5() {
    let relay = TestRelay::warm().await;
    let hashes = (0..40).map(|n| ("sha256".to_owned(), format!("{n:064x}")));
    let known = [
        ("sha256".to_owned(), sample::UPDATER_SHA256.to_owned()),
        ("md5".to_owned(), sample::MINER_MD5.to_owned()),
    ];
    let all = hashes.chain(known);
    let observables: Value =
        all.map(|(kind, value)| json!({"type": kind, "value": value})).collect();
    let answer = relay.observe(&observables).await;
    assert_eq!(relay.calls("/api/files").len(), 40);
    let messages = answer["errors"].to_string();
    assert!(
        messages.contains("For 1 observables only")
            && messages.contains("about 1 observables were not"),
        "{messages}"
    );
    let ids = alert_ids(&answer);
    for id in ["da638471200000000002_-1002", "da638471200000000003_1003"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_that_cannot_be_requested_are_reported() {
    for hunting in ["mde", "off"] {
        let relay = TestRelay::with(&[("DEFENDER_HUNTING", hunting)]).await;
        let answer = relay.observe(&addresses(49)).await;
        assert_eq!((relay.calls("/api/ips").len(), relay.calls("/api/alerts").len()), (40, 0));
        assert_eq!(answer.errors(), [("warning", "too many requests")]);
        assert!(answer.message().starts_with("The alerts about 10 observables were not requested"));
    }
    let relay = TestRelay::open().await;
    let answer = relay.observe_for(&app::WITHOUT_HUNTING, &tenant::CONTOSO, &addresses(49)).await;
    let messages = answer["errors"].to_string();
    assert!(messages.contains("alerts about 10 observables were not requested"), "{messages}");
}

#[tokio::test(start_paused = true)]
async fn more_than_twenty_values_take_several_concurrent_requests() {
    let relay = TestRelay::warm().await;
    let observables: Value =
        (1..=41).map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")})).collect();
    let answer = relay.actions(&observables).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 41 * 3);
    assert_eq!((relay.calls("/api/indicators").len(), relay.sandbox.calls().len()), (3, 3));
    assert_eq!(relay.sandbox.peak_concurrency(), 3);
}
