//! Whole answers, compared with golden files.

mod routes;

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::Value;
use testkit::Answer;
use testkit::golden;

use crate::test_relay::{
    HUNT, OBSERVE, REFER, RESPOND, TestRelay, alert_ids, claims, line, many, one,
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

#[tokio::test(start_paused = true)]
async fn the_documented_alert_machine_and_event_are_mapped() {
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
    let answer = relay.observe(&case.read("request.json")).await;
    case.assert_answer(&answer);
}

#[tokio::test(start_paused = true)]
async fn every_type_of_observable_is_answered() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "3")]).await;
    let answer = relay.observe(&every_type()).await;
    golden!("every-type").assert_answer(&answer);
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_and_missing_evidence_is_loaded() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "5")]).await;
    let answer = relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &every_type()).await;
    golden!("every-type-fabrikam").assert_answer(&answer);
}

#[tokio::test(start_paused = true)]
async fn alerts_come_from_graph_when_it_is_the_backend() {
    let relay =
        TestRelay::with(&[("DEFENDER_BACKEND", "graph"), ("CTR_ENTITIES_LIMIT", "5")]).await;
    let observables = many(&[("sha256", sample::UPDATER_SHA256), ("ip", sample::ADDRESS)]);
    let answer = relay.observe(&observables).await;
    golden!("graph-backend").assert_answer(&answer);
}

#[tokio::test(start_paused = true)]
async fn links_and_actions_are_offered() {
    let relay = TestRelay::open().await;
    let claims = || claims(&app::DEFENDER, &tenant::CONTOSO);
    let observables = every_type();
    let answer = relay.ask_with(claims(), REFER, &observables).await;
    golden!("links").assert_answer(&answer);
    let observables = many(&[
        ("ms_machine_id", sample::WORKSTATION),
        ("ip", sample::ADDRESS),
        ("ms_machine_id", sample::LAPTOP),
        ("sha1", sample::DOWNLOADER_SHA1),
        ("domain", "unknown.example"),
        ("ms_machine_id", sample::RESTRICTED_SERVER),
    ]);
    let answer = relay.ask_with(claims(), RESPOND, &observables).await;
    golden!("actions").assert_answer(&answer);
}

#[tokio::test(start_paused = true)]
async fn the_same_observables_have_the_same_ids_in_any_order() {
    let relay = TestRelay::open().await;
    let ids = |answer: &Answer| {
        let mut ids: Vec<_> = answer
            .docs("sightings")
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort_unstable();
        ids
    };
    let there = many(&[("ip", sample::ADDRESS), ("domain", sample::DOMAIN)]);
    let back = many(&[("domain", sample::DOMAIN), ("ip", sample::ADDRESS)]);
    let (there, back) = (relay.observe(&there).await, relay.observe(&back).await);
    assert_eq!(ids(&there), ids(&back));
    assert_ne!(there.docs("sightings")[0]["observables"], back.docs("sightings")[0]["observables"]);
}

#[tokio::test(start_paused = true)]
async fn sightings_carry_the_value_as_given() {
    let relay = TestRelay::open().await;
    let given = sample::SCRIPT_HOST_SHA1.to_uppercase();
    let answer = relay.observe(&one("sha1", &given)).await;
    assert!(answer.docs("sightings").len() > 4);
    for sighting in answer.docs("sightings") {
        assert_eq!(sighting["observables"][0]["value"], given.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn alerts_come_before_events_and_both_newest_first() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    let ids = alert_ids(&answer);
    let events = ids.iter().skip_while(|id| **id != "-");
    assert!(ids[0] != "-" && events.clone().count() > 1 && events.clone().all(|id| *id == "-"));
    let times: Vec<_> = answer
        .docs("sightings")
        .iter()
        .skip_while(|it| it["external_ids"][0].is_string())
        .map(|it| it["timestamp"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn alerts_and_events_share_the_limit() {
    for (limit, alerts, events) in [(1, 1, 0), (4, 4, 0), (6, 4, 2)] {
        let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", &limit.to_string())]).await;
        let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
        let ids = alert_ids(&answer);
        let found = ids.iter().filter(|id| **id != "-").count();
        assert_eq!((found, ids.len() - found), (alerts, events));
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_values_cause_no_request_and_no_data() {
    let relay = TestRelay::open().await;
    let observables = many(&[
        ("sha1", "short"),
        ("ip", "203.0.113.0/24"),
        ("ipv6", sample::ADDRESS),
        ("domain", "x/../y"),
        ("ms_machine_id", sample::LAPTOP),
        ("url", sample::WARNED_URL),
        ("file_name", "ps.exe"),
    ]);
    assert_eq!(relay.ask(OBSERVE, &observables).await["data"], serde_json::json!({}));
    assert!(relay.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn missing_evidence_is_loaded_concurrently_with_the_devices() {
    let relay = TestRelay::open().await;
    let observables = one("ip", sample::ADDRESS);
    let answer = relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &observables).await;
    assert!(answer.docs("sightings")[0]["relations"].as_array().unwrap().len() > 1);
    let loads = relay.calls("/api/alerts");
    assert!(line(&loads[0]).ends_with("&$expand=evidence"), "{}", line(&loads[0]));
    // This tenant's pages hold two rows; all but the first come by its links.
    assert!(loads[1..].iter().all(|call| call.query.contains("skip=")));
    // Where it cannot be loaded, the alerts stay without.
    let relay = TestRelay::open().await;
    relay.sandbox.fault("/api/alerts", Fault::status(500), Times::Always);
    let answer = relay.observe_for(&app::DEFENDER, &tenant::FABRIKAM, &observables).await;
    assert_eq!(answer.errors(), [("warning", "internal error")]);
    assert_eq!(answer.docs("sightings")[0].get("relations"), None);
}
