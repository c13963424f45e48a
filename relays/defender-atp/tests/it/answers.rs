//! Whole answers, compared with golden files.

mod routes;

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::Value;
use testkit::golden;

use crate::test_relay::{
    HUNT, OBSERVE, REFER, RESPOND, TestRelay, alert_ids, claims, codes, line, many, one, sightings,
};

/// Something of every type that is observed, and of two that are not.
fn every_type() -> Value {
    many(&[
        ("sha1", sample::UPDATER_SHA1),
        ("sha256", sample::SCRIPT_HOST_SHA256),
        ("md5", sample::MINER_MD5),
        ("ip", sample::ADDRESS),
        ("ipv6", sample::ADDRESS_V6),
        ("domain", sample::DOMAIN),
        ("ms_machine_id", sample::LAPTOP),
        ("url", sample::WARNED_URL),
    ])
}

#[tokio::test]
async fn the_documented_alert_machine_and_event() {
    let relay = TestRelay::open().await;
    let case = golden!("worked-example");
    let answers = |path: &str, text: &str, file: &str| {
        let when = When::path(path).mentioning(text);
        relay.sandbox.fault(when, Fault::json(200, &case.read(file)), Times::Always);
    };
    answers("/api/files", "/alerts", "alerts.json");
    answers("/api/machines", "", "machines.json");
    answers(HUNT, "DeviceFileEvents", "events.json");
    answers(HUNT, "DeviceNetworkInfo", "adapters.json");
    case.assert_answer(&relay.observe(&case.read("request.json")).await);
}

#[tokio::test]
async fn every_type_of_observable() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "3")]).await;
    golden!("every-type").assert_answer(&relay.observe(&every_type()).await);
}

#[tokio::test]
async fn another_tenant_with_pages_and_without_evidence() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "5")]).await;
    let answer = relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &every_type()).await;
    golden!("every-type-fabrikam").assert_answer(&answer);
}

#[tokio::test]
async fn alerts_through_graph() {
    let relay =
        TestRelay::with(&[("DEFENDER_BACKEND", "graph"), ("CTR_ENTITIES_LIMIT", "5")]).await;
    let wanted = many(&[("sha256", sample::UPDATER_SHA256), ("ip", sample::ADDRESS)]);
    golden!("graph-backend").assert_answer(&relay.observe(&wanted).await);
}

#[tokio::test]
async fn links_and_actions() {
    let relay = TestRelay::open().await;
    let claims = || claims(&app::DEFENDER, &tenant::CONTOSO);
    let wanted = every_type();
    golden!("links").assert_answer(&relay.ask_with(claims(), REFER, &wanted).await);
    let wanted = many(&[
        ("ms_machine_id", sample::WORKSTATION),
        ("ip", sample::ADDRESS),
        ("ms_machine_id", sample::LAPTOP),
        ("sha1", sample::DOWNLOADER_SHA1),
        ("domain", "unknown.example"),
        ("ms_machine_id", sample::RESTRICTED_SERVER),
    ]);
    golden!("actions").assert_answer(&relay.ask_with(claims(), RESPOND, &wanted).await);
}

#[tokio::test]
async fn the_same_question_has_the_same_ids_in_any_order() {
    let relay = TestRelay::open().await;
    let ids = |answer: &Value| {
        let mut ids: Vec<_> =
            sightings(answer).iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    let there = many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)]);
    let back = many(&[("domain", sample::DOMAIN), ("ip", sample::ADDRESS)]);
    let (there, back) = (relay.observe(&there).await, relay.observe(&back).await);
    assert_eq!(ids(&there), ids(&back));
    assert_ne!(sightings(&there)[0]["observables"], sightings(&back)[0]["observables"]);
}

#[tokio::test]
async fn values_are_echoed_as_they_were_asked() {
    let relay = TestRelay::open().await;
    let asked = sample::SCRIPT_HOST_SHA1.to_uppercase();
    let answer = relay.observe(&one("sha1", &asked)).await;
    assert!(sightings(&answer).len() > 4);
    for sighting in sightings(&answer) {
        assert_eq!(sighting["observables"][0]["value"], asked.as_str());
    }
}

#[tokio::test]
async fn alerts_come_before_events_and_both_newest_first() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    let ids = alert_ids(&answer);
    let events = ids.iter().skip_while(|id| **id != "-");
    assert!(ids[0] != "-" && events.clone().count() > 1 && events.clone().all(|id| *id == "-"));
    let times: Vec<_> = sightings(&answer)
        .iter()
        .skip_while(|it| it["external_ids"][0].is_string())
        .map(|it| it["timestamp"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
}

#[tokio::test]
async fn alerts_and_events_share_the_limit() {
    for (limit, alerts, events) in [(1, 1, 0), (4, 4, 0), (6, 4, 2)] {
        let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", &limit.to_string())]).await;
        let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
        let ids = alert_ids(&answer);
        let found = ids.iter().filter(|id| **id != "-").count();
        assert_eq!((found, ids.len() - found), (alerts, events));
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_left_out() {
    let relay = TestRelay::open().await;
    let wanted = many(&[
        ("sha1", "short"),
        ("ip", "203.0.113.0/24"),
        ("ipv6", sample::ADDRESS),
        ("domain", "x/../y"),
        ("ms_machine_id", sample::LAPTOP),
        ("url", sample::WARNED_URL),
        ("file_name", "ps.exe"),
    ]);
    assert_eq!(relay.ask(OBSERVE, &wanted).await["data"], serde_json::json!({}));
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test]
async fn evidence_that_lists_left_out_is_loaded_in_one_step_beside_the_devices() {
    let relay = TestRelay::open().await;
    let wanted = one("ip", sample::ADDRESS);
    let answer = relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &wanted).await;
    assert!(sightings(&answer)[0]["relations"].as_array().unwrap().len() > 1);
    let loads = relay.calls("/api/alerts");
    assert!(line(&loads[0]).ends_with("&$expand=evidence"), "{}", line(&loads[0]));
    // This tenant's pages hold two rows; all but the first come by its links.
    assert!(loads[1..].iter().all(|call| call.query.contains("skip=")));
    // Where it cannot be loaded, the alerts stay without.
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/alerts", Fault::status(500), Times::Always);
    let answer = relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &wanted).await;
    assert_eq!(codes(&answer), [("warning", "internal error")]);
    assert_eq!(sightings(&answer)[0].get("relations"), None);
}
