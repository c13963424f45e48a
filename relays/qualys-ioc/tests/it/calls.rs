//! The requests: their number, form and concurrency. Specification: docs/relays/qualys-ioc.md#requests.

mod logins;

use std::time::Duration;

use sandbox::{
    Fault, Times, When,
    qualys_ioc::{
        ACCOUNT, AUTH_PATH, EVENTS_PATH, ONE_CALL_A_SECOND, SECOND_TENANT, TWO_CALLS_AT_A_TIME,
        VERSIONED_EVENTS_PATH, VERSIONED_PATHS_ONLY,
    },
};
use serde_json::json;

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, codes, count, docs, one};

/// A delay of the simulator long enough that concurrent requests overlap.
const DELAY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_search_is_sent_exactly_as_documented() {
    let relay = TestRelay::open().await;
    relay.observe(&one("sha256", &DROPPED.to_uppercase())).await;
    let filter = format!("filter=file.hash.sha256%3A%20%22{DROPPED}%22");
    let mut queries: Vec<_> = relay.searches().into_iter().map(|call| call.query).collect();
    queries.sort();
    assert_eq!(
        queries,
        [format!("pageSize=100&{filter}"), format!("pageSize=100&state=true&{filter}")]
    );
    for call in relay.searches() {
        assert_eq!((call.method.as_str(), call.path.as_str()), ("GET", EVENTS_PATH));
        assert_eq!(call.header("accept"), Some("application/json"));
        assert_eq!(call.header("user-agent"), Some("threat-relays-qualys-ioc/0.1.0"));
        assert!(call.authorization().unwrap().starts_with("Bearer eyJ"));
    }
}

#[tokio::test]
async fn a_cold_relay_sends_one_login_and_two_searches_for_each_observable() {
    let relay = TestRelay::open().await;
    let observables = json!([
        {"type": "sha256", "value": DROPPED},
        {"type": "ip", "value": "203.0.113.77"},
        {"type": "domain", "value": "c2.bad.example"},
    ]);
    relay.observe(&observables).await;
    assert_eq!((relay.logins().len(), relay.searches().len()), (1, 6));
    assert_eq!(relay.sandbox.calls()[0].path, AUTH_PATH);
}

#[tokio::test]
async fn a_warm_relay_sends_the_searches_only() {
    let relay = TestRelay::open().await;
    relay.observe(&one("sha256", DROPPED)).await;
    relay.sandbox.forget_calls();
    relay.observe(&one("sha256", DROPPED)).await;
    assert_eq!((relay.logins().len(), relay.searches().len()), (0, 2));
}

#[tokio::test]
async fn all_searches_run_concurrently_up_to_the_configured_limit() {
    let observables = json!(
        (1..=5)
            .map(|host| json!({"type": "ip", "value": format!("198.51.100.{host}")}))
            .collect::<Vec<_>>()
    );
    for (setting, limit) in [(None, 2), (Some("1"), 1), (Some("8"), 8)] {
        let settings: Vec<_> =
            setting.map(|limit| ("QUALYS_CONCURRENCY", limit)).into_iter().collect();
        let relay = TestRelay::with(&settings).await;
        relay.observe(&one("sha256", DROPPED)).await;
        relay.sandbox.forget_calls();
        relay.sandbox.delay(DELAY);
        relay.observe(&observables).await;
        assert_eq!((relay.searches().len(), relay.sandbox.peak_concurrency()), (10, limit));
    }
}

#[tokio::test]
async fn the_default_limit_is_within_the_documented_one() {
    let relay = TestRelay::open().await;
    let observables =
        json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]);
    let answer = relay.ask_as(TWO_CALLS_AT_A_TIME, OBSERVE, &observables).await;
    assert_eq!((codes(&answer), count(&answer, "sightings")), (vec![], 2));
}

#[tokio::test]
async fn health_is_one_search_without_a_filter() {
    let relay = TestRelay::open().await;
    assert_eq!(relay.ask("/health", &json!({})).await, json!({"data": {"status": "ok"}}));
    let searches = relay.searches();
    assert_eq!(searches.len(), 1);
    assert_eq!(searches[0].query, "pageSize=1&state=true");
}

#[tokio::test]
async fn values_without_normal_form_are_not_searched_for() {
    let relay = TestRelay::open().await;
    let observables = json!([
        {"type": "url", "value": "https://bad.example/"},
        {"type": "unheard_of", "value": "x"},
        {"type": "md5", "value": "no hash"},
        {"type": "sha256", "value": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
        {"type": "ip", "value": "203.0.113.300"},
        {"type": "ipv6", "value": "203.0.113.7"},
        {"type": "file_name", "value": "   "},
    ]);
    assert_eq!(relay.observe(&observables).await, json!({"data": {}}));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn links_constants_and_the_version_need_no_request() {
    let relay = TestRelay::open().await;
    for path in [
        "/refer/observables",
        "/deliberate/observables",
        "/respond/observables",
        "/respond/trigger",
        "/version",
    ] {
        relay.ask(path, &one("sha256", DROPPED)).await;
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn the_limit_is_the_page_size() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "7")]).await;
    relay.ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert!(relay.searches().iter().all(|call| call.query.starts_with("pageSize=7&")));
    relay.sandbox.forget_calls();
    let mut claims = crate::test_relay::claims(ACCOUNT);
    claims["CTR_ENTITIES_LIMIT"] = json!(5000);
    relay.ask_with(claims, OBSERVE, &one("sha256", DROPPED)).await;
    assert!(relay.searches().iter().all(|call| call.query.starts_with("pageSize=1000&")));
}

#[tokio::test]
async fn the_path_of_the_search_can_be_set() {
    let plain = TestRelay::open().await;
    let observables = one("sha256", DROPPED);
    let answer = plain.ask_as(VERSIONED_PATHS_ONLY, OBSERVE, &observables).await;
    assert_eq!(codes(&answer), [("fatal", "not found")]);
    let versioned = TestRelay::with(&[("QUALYS_EVENTS_PATH", VERSIONED_EVENTS_PATH)]).await;
    let answer = versioned.ask_as(VERSIONED_PATHS_ONLY, OBSERVE, &observables).await;
    assert_eq!(count(&answer, "sightings"), 1);
    assert!(versioned.searches().iter().all(|call| call.path == VERSIONED_EVENTS_PATH));
}

#[tokio::test]
async fn n10_a_short_wait_is_waited_once() {
    let relay = TestRelay::with(&[("QUALYS_CONCURRENCY", "1")]).await;
    relay.ask_as(ONE_CALL_A_SECOND, "/health", &json!({})).await;
    let answer = relay.ask_as(ONE_CALL_A_SECOND, "/health", &json!({})).await;
    assert_eq!(answer, json!({"data": {"status": "ok"}}));
    assert_eq!(relay.searches().len(), 3);
}

#[tokio::test]
async fn s01_s02_two_tenants_in_turn_never_meet() {
    let relay = TestRelay::open().await;
    let observables = one("sha256", DROPPED);
    for _ in 0..3 {
        let first = relay.observe(&observables).await;
        let second = relay.ask_as(SECOND_TENANT, OBSERVE, &observables).await;
        let host = |answer| {
            let target = &docs(answer, "sightings")[0]["targets"][0];
            target["observables"][0]["value"].as_str().unwrap().to_owned()
        };
        assert_eq!((host(&first), host(&second)), ("FIN-LT-07".into(), "OTHER-PC-01".into()));
    }
    assert_eq!(relay.logins().len(), 2);
}

#[tokio::test]
async fn events_of_one_search_are_kept_when_the_other_fails() {
    for (query, active) in [("state=true", None), ("pageSize=100&filter", Some("True"))] {
        let relay = TestRelay::open().await;
        relay.ask("/health", &json!({})).await;
        let failing = When::path(EVENTS_PATH).mentioning(query);
        relay.sandbox.fault(failing, Fault::status(500), Times::Always);
        // Both searches return the event.
        let observables = one("md5", "5d41c2b3a4958677f0e1d2c3b4a59687");
        let answer = relay.observe(&observables).await;
        assert_eq!(codes(&answer), [("fatal", "unknown")]);
        assert!(count(&answer, "sightings") > 0);
        for doc in docs(&answer, "sightings") {
            // Without the active search it is not known which events are active.
            assert_eq!(doc["data"]["rows"][0][0].as_str(), active);
        }
    }
}
