//! The requests: their number, form and concurrency. Specification: docs/relays/qualys-ioc.md#requests.

mod logins;
mod paths;
mod quota;

use std::time::Duration;

use relay_core::Route;
use sandbox::{
    Fault, Times, When,
    qualys_ioc::{
        ACCOUNT, AUTH_PATH, EVENTS_PATH, ONE_CALL_A_SECOND, SECOND_TENANT, TWO_CALLS_AT_A_TIME,
    },
};
use serde_json::json;
use testkit::Answer;

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, logins, one, searches};

/// A delay of the simulator long enough that concurrent requests overlap.
const DELAY: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn a_search_is_sent_exactly_as_documented() {
    let relay = TestRelay::start().await;
    relay.ask(OBSERVE, &one("sha256", &DROPPED.to_uppercase())).await;
    let filter = format!("filter=file.hash.sha256%3A%20%22{DROPPED}%22");
    let mut queries: Vec<_> = searches(&relay).into_iter().map(|call| call.query).collect();
    queries.sort();
    assert_eq!(
        queries,
        [format!("pageSize=100&{filter}"), format!("pageSize=100&state=true&{filter}")]
    );
    for call in searches(&relay) {
        assert_eq!((call.method.as_str(), call.path.as_str()), ("GET", EVENTS_PATH));
        assert_eq!(call.header("accept"), Some("application/json"));
        assert_eq!(call.header("user-agent"), Some("threat-relays-qualys-ioc/0.1.0"));
        assert!(call.authorization().unwrap().starts_with("Bearer eyJ"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cold_relay_sends_one_login_and_two_searches_for_each_group() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "sha256", "value": DROPPED},
        {"type": "ip", "value": "203.0.113.77"},
        {"type": "domain", "value": "c2.bad.example"},
    ]);
    relay.ask(OBSERVE, &observables).await;
    assert_eq!((logins(&relay).len(), searches(&relay).len()), (1, 4));
    assert_eq!(relay.sandbox.calls()[0].path, AUTH_PATH);
}

#[tokio::test(start_paused = true)]
async fn a_warm_relay_sends_the_searches_only() {
    let relay = TestRelay::start().await;
    relay.ask(OBSERVE, &one("sha256", DROPPED)).await;
    relay.sandbox.forget_calls();
    relay.ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!((logins(&relay).len(), searches(&relay).len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn all_searches_run_concurrently_up_to_the_configured_limit() {
    let observables = json!(
        (1..=5)
            .map(|host| json!({"type": "domain", "value": format!("host-{host}.example")}))
            .collect::<Vec<_>>()
    );
    for (setting, limit) in [(None, 2), (Some("1"), 1), (Some("8"), 8)] {
        let settings: Vec<_> =
            setting.map(|limit| ("QUALYS_CONCURRENCY", limit)).into_iter().collect();
        let relay = TestRelay::start().with(&settings).await;
        relay.ask(OBSERVE, &one("sha256", DROPPED)).await;
        relay.sandbox.forget_calls();
        relay.sandbox.delay(DELAY);
        relay.ask(OBSERVE, &observables).await;
        assert_eq!((searches(&relay).len(), relay.sandbox.peak_concurrency()), (10, limit));
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_limit_is_within_the_documented_one() {
    let relay = TestRelay::start().await;
    let observables =
        json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]);
    let answer = relay.with_claims(claims(TWO_CALLS_AT_A_TIME)).ask(OBSERVE, &observables).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 2));
}

#[tokio::test(start_paused = true)]
async fn health_is_one_search_without_a_filter() {
    let relay = TestRelay::start().await;
    relay.health().await.assert_healthy();
    let calls = searches(&relay);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].query, "pageSize=1&state=true");
}

#[tokio::test(start_paused = true)]
async fn values_without_normal_form_are_not_searched_for() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "url", "value": "https://bad.example/"},
        {"type": "unheard_of", "value": "x"},
        {"type": "md5", "value": "no hash"},
        {"type": "sha256", "value": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
        {"type": "ip", "value": "203.0.113.300"},
        {"type": "ipv6", "value": "203.0.113.7"},
        {"type": "file_name", "value": "   "},
    ]);
    assert_eq!(relay.ask(OBSERVE, &observables).await, json!({"data": {}}));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn links_constants_and_the_version_need_no_request() {
    let relay = TestRelay::start().await;
    for path in [Route::Refer, Route::Deliberate, Route::Respond, Route::Trigger, Route::Version] {
        relay.ask(path, &one("sha256", DROPPED)).await;
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_the_page_size() {
    let relay = TestRelay::start().with(&[("CTR_ENTITIES_LIMIT", "7")]).await;
    relay.ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert!(searches(&relay).iter().all(|call| call.query.starts_with("pageSize=7&")));
    relay.sandbox.forget_calls();
    let mut claims = crate::test_relay::claims(ACCOUNT);
    claims["CTR_ENTITIES_LIMIT"] = json!(5000);
    relay.with_claims(claims).ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert!(searches(&relay).iter().all(|call| call.query.starts_with("pageSize=1000&")));
}

#[tokio::test(start_paused = true)]
async fn n10_a_short_wait_is_waited_once() {
    let relay = TestRelay::start().with(&[("QUALYS_CONCURRENCY", "1")]).await;
    relay.with_claims(claims(ONE_CALL_A_SECOND)).health().await;
    let answer = relay.with_claims(claims(ONE_CALL_A_SECOND)).health().await;
    answer.assert_healthy();
    assert_eq!(searches(&relay).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn s01_s02_two_tenants_in_turn_never_meet() {
    let relay = TestRelay::start().await;
    let observables = one("sha256", DROPPED);
    for _ in 0..3 {
        let first = relay.ask(OBSERVE, &observables).await;
        let second = relay.with_claims(claims(SECOND_TENANT)).ask(OBSERVE, &observables).await;
        let host = |answer: &Answer| {
            let target = &answer.docs("sightings")[0]["targets"][0];
            target["observables"][0]["value"].as_str().unwrap().to_owned()
        };
        assert_eq!((host(&first), host(&second)), ("FIN-LT-07".into(), "OTHER-PC-01".into()));
    }
    assert_eq!(logins(&relay).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn events_of_one_search_are_kept_when_the_other_fails() {
    for (query, active) in [("state=true", None), ("pageSize=100&filter", Some("True"))] {
        let relay = TestRelay::start().await;
        relay.health().await;
        let failing = When::path(EVENTS_PATH).mentioning(query);
        relay.sandbox.fault(failing, Fault::status(500), Times::Always);
        // Both searches return the event.
        let observables = one("md5", "5d41c2b3a4958677f0e1d2c3b4a59687");
        let answer = relay.ask(OBSERVE, &observables).await;
        assert_eq!(answer.errors(), [("fatal", "unknown")]);
        assert!(!answer.docs("sightings").is_empty());
        for doc in answer.docs("sightings") {
            // Without the active search it is not known which events are active.
            assert_eq!(doc["data"]["rows"][0][0].as_str(), active);
        }
    }
}
