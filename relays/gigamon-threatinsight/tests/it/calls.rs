//! The requests: their number, form and concurrency.
//! Specification: docs/relays/gigamon-threatinsight.md#requests.

mod lists;
mod pages;

use std::time::Duration;

use http::Method;
use relay_core::Route;
use sandbox::{
    Fault, Times, When,
    gigamon_threatinsight::{
        DAY_WINDOWS_KEY, DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, SECOND_KEY,
    },
};
use serde_json::{Value, json};

use crate::test_relay::{OBSERVE, SERVER, TestRelay, claims, counts, one};

#[tokio::test(start_paused = true)]
async fn requests_are_the_documented_ones() {
    let relay = TestRelay::start().await;
    relay.ask(OBSERVE, &one("ip", SERVER)).await;
    let calls = relay.sandbox.calls();
    for call in &calls {
        assert_eq!(call.authorization(), Some(format!("IBToken {KEY}").as_str()));
        assert_eq!(call.header("accept"), Some("application/json"));
        let agent = "threat-relays-gigamon-threatinsight/0.1.0";
        assert_eq!(call.header("user-agent"), Some(agent));
    }
    let of = |path: &str| &calls.iter().find(|call| call.path == path).unwrap().query;
    assert_eq!(
        of(&format!("{DETECTIONS_BASE}/detections")),
        "indicator_value=203.0.113.77&status=active&include=indicators&include=rules&limit=200&sort_by=last_seen&sort_order=desc"
    );
    assert_eq!(
        of(&format!("{DETECTIONS_BASE}/events")),
        "detection_uuid=5c4b3a29-1807-4f6e-9d5c-4b3a29180716&limit=200"
    );
}

#[tokio::test(start_paused = true)]
async fn searches_and_look_ups_have_times_in_utc() {
    let relay = TestRelay::start().await;
    relay.ask(OBSERVE, &one("ip", SERVER)).await;
    let body = |path: &str| {
        let calls = relay.calls_to(path);
        let call = calls.last().unwrap();
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.header("content-type"), Some("application/json"));
        call.json().unwrap()
    };
    assert_eq!(
        body(&format!("{EVENTS_BASE}/query")),
        json!({
            "query": "ip = '203.0.113.77'",
            "start_date": "2026-02-24T10:00:00.000Z", "end_date": "2026-03-03T10:00:00.000Z",
            "limit": 200, "order_by": "timestamp", "order": "desc",
        })
    );
    assert_eq!(
        body(&format!("{ENTITY_BASE}/entity/tracking/bulk/get/ip")),
        json!({"entities": [
            {"ip": "10.20.30.1", "event_time": "2026-03-02T08:00:10.900Z"},
            {"ip": "10.20.30.47", "event_time": "2026-03-02T08:00:11.412Z"},
        ]})
    );
}

#[tokio::test(start_paused = true)]
async fn an_observable_and_a_detection_need_a_request_a_type_and_all_names_one() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "ip", "value": SERVER},
        {"type": "domain", "value": "c2.bad.example"},
        {"type": "md5", "value": "6b1f0e9d8c7b6a594837261504f3e2d1"},
        {"type": "ip", "value": "192.0.2.1"},
    ]);
    relay.ask(OBSERVE, &observables).await;
    // The address has one detection, the domain three, the hash two, the other address none.
    assert_eq!(counts(&relay), [4, 6, 2, 1]);
    let last = relay.sandbox.calls().pop().unwrap();
    assert!(last.path.starts_with(ENTITY_BASE));
}

#[tokio::test(start_paused = true)]
async fn without_detections_and_internal_addresses_there_is_one_round_trip() {
    let relay = TestRelay::start().await;
    relay.ask(OBSERVE, &one("ip", "192.0.2.1")).await;
    assert_eq!(counts(&relay), [1, 0, 1, 0]);
    relay.sandbox.forget_calls();
    // These events have no end that is known to be internal.
    relay.ask(OBSERVE, &one("ip", "198.51.100.28")).await;
    assert_eq!(counts(&relay), [1, 0, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn all_requests_run_concurrently_up_to_the_configured_limit() {
    let addresses = (1..=20).map(|host| json!({"type": "ip", "value": format!("192.0.2.{host}")}));
    let observables: Value = addresses.collect();
    for (settings, limit) in
        [(vec![], 8), (vec![("GTI_CONCURRENCY", "1")], 1), (vec![("GTI_CONCURRENCY", "32")], 21)]
    {
        let relay = TestRelay::start().with(&settings).await;
        relay.sandbox.overlapping(limit, relay.ask(OBSERVE, &observables)).await;
        assert_eq!((counts(&relay)[0], counts(&relay)[2]), (20, 1));
        assert_eq!(relay.sandbox.peak_concurrency(), limit);
    }
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_detection_do_not_wait_for_other_observables() {
    let relay = TestRelay::start().await;
    let other = When::path(DETECTIONS_BASE).mentioning("198.51.100.23");
    relay.sandbox.fault(other, Fault::SlowHeaders, Times::Always);
    let observables = json!([
        {"type": "ip", "value": "198.51.100.23"},
        {"type": "ip", "value": SERVER},
    ]);
    let answer = relay.within(Duration::from_millis(1500)).ask(OBSERVE, &observables).await;
    let titles: Vec<_> = answer.docs("sightings").iter().map(|doc| &doc["title"]).collect();
    assert!(titles.contains(&&json!("Executable Download over HTTP")), "{titles:?}");
    // The search answers about the other observable, and a warning names what is missing.
    let certificate = json!("Certificate on 198.51.100.23 sent to 10.20.30.47");
    assert!(titles.contains(&&certificate), "{titles:?}");
    let missing = answer.errors();
    assert!(missing.iter().all(|code| *code == ("warning", "connection error")), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn devices_are_not_looked_up_when_time_is_short() {
    let relay = TestRelay::start().await;
    let brief = relay.within(Duration::from_millis(1900));
    let answer = brief.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), [("warning", "connection error")]);
    assert!(answer.message().contains("look devices up"));
    assert_eq!((answer.docs("sightings").len(), counts(&relay)[3]), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_in_every_request() {
    let relay = TestRelay::start().await;
    let claims = json!({"key": KEY, "CTR_ENTITIES_LIMIT": "5000"});
    relay.with_claims(claims).ask(OBSERVE, &one("ip", SERVER)).await;
    let calls = relay.calls_to(DETECTIONS_BASE);
    assert!(calls.iter().all(|call| call.query.contains("limit=1000")));
    assert_eq!(relay.calls_to(EVENTS_BASE)[0].json().unwrap()["limit"], 2000);
}

#[tokio::test(start_paused = true)]
async fn rejected_windows_become_days_and_stay_days() {
    let relay = TestRelay::start().await;
    let observables = one("ip", SERVER);
    let first = relay.with_claims(claims(DAY_WINDOWS_KEY)).ask(OBSERVE, &observables).await;
    assert_eq!((first.errors(), first.docs("sightings").len()), (vec![], 3));
    assert_eq!(counts(&relay)[2], 8);
    let mut windows: Vec<_> = relay.calls_to(EVENTS_BASE).iter().skip(1).map(window).collect();
    windows.sort();
    assert_eq!(windows[0].0, "2026-02-24T10:00:00.000Z");
    assert_eq!(windows[6].1, "2026-03-03T10:00:00.000Z");
    assert!(windows.windows(2).all(|pair| pair[0].1 == pair[1].0), "{windows:?}");
    relay.sandbox.forget_calls();
    let second = relay.with_claims(claims(DAY_WINDOWS_KEY)).ask(OBSERVE, &observables).await;
    assert_eq!(second, first);
    assert_eq!(counts(&relay)[2], 7);
    // Another key is not affected.
    relay.sandbox.forget_calls();
    relay.ask(OBSERVE, &observables).await;
    assert_eq!(counts(&relay)[2], 1);
}

fn window(call: &sandbox::Call) -> (String, String) {
    let body = call.json().unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("start_date"), text("end_date"))
}

#[tokio::test(start_paused = true)]
async fn a_search_that_rejects_days_too_is_not_cached() {
    let relay = TestRelay::start().await;
    let error = json!({"error": {"code": "client.invalid_query", "message": "no such field"}});
    relay.sandbox.fault(EVENTS_BASE, Fault::json(400, &error), Times::Always);
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), [("warning", "client : invalid query")]);
    assert_eq!((answer.docs("sightings").len(), counts(&relay)[2]), (1, 2));
    relay.sandbox.clear_faults();
    relay.sandbox.forget_calls();
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.docs("sightings").len(), counts(&relay)[2]), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_window_of_one_day_is_not_requested_twice() {
    let relay = TestRelay::start().with(&[("GTI_EVENT_DAYS", "1")]).await;
    relay.sandbox.fault(EVENTS_BASE, Fault::status(400), Times::Always);
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
    assert_eq!(counts(&relay)[2], 1);
}

#[tokio::test(start_paused = true)]
async fn days_that_fail_cost_only_their_events() {
    let relay = TestRelay::start().await;
    let failing = When::path(EVENTS_BASE).mentioning("\"end_date\":\"2026-03-02T10:00:00.000Z\"");
    relay.sandbox.fault(failing, Fault::status(500), Times::Always);
    let answer =
        relay.with_claims(claims(DAY_WINDOWS_KEY)).ask(OBSERVE, &one("ip", "198.51.100.23")).await;
    assert_eq!(answer.errors()[0], ("warning", "unknown"));
    let titles = answer.every("sightings", "/title");
    let is_flow = |title: &&Value| title.as_str().unwrap().starts_with("Connection ");
    assert!(!titles.is_empty() && !titles.iter().any(is_flow), "{titles:?}");
}

#[tokio::test(start_paused = true)]
async fn a_look_up_has_at_most_five_hundred_addresses() {
    let relay = TestRelay::start().await;
    let event = |host: usize| {
        let ip = format!("10.{}.{}.1", host / 250, host % 250);
        json!({"uuid": format!("u{host}"), "timestamp": "2026-03-02T08:00:00Z", "event_type": "flow",
               "src": {"ip": ip, "internal": true}, "dst": {"ip": SERVER, "internal": false}})
    };
    let events: Vec<_> = (0..501).map(event).collect();
    relay.sandbox.fault(EVENTS_BASE, Fault::json(200, &json!({"events": events})), Times::Always);
    let claims = json!({"key": KEY, "CTR_ENTITIES_LIMIT": 1000});
    let answer = relay.with_claims(claims).ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 502));
    let counts: Vec<_> = relay
        .calls_to(ENTITY_BASE)
        .iter()
        .map(|call| call.json().unwrap()["entities"].as_array().unwrap().len())
        .collect();
    // The detection's event has an internal address, too.
    assert_eq!(counts.iter().sum::<usize>(), 502);
    assert!(counts.len() == 2 && counts.iter().all(|count| *count <= 500), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn health_is_one_request() {
    let relay = TestRelay::start().await;
    assert_eq!(relay.health().await, json!({"data": {"status": "ok"}}));
    let calls = relay.sandbox.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].path, format!("{DETECTIONS_BASE}/detections"));
    assert_eq!(calls[0].query, "indicator_value=8.8.8.8&status=active&limit=1");
}

#[tokio::test(start_paused = true)]
async fn values_without_normal_form_are_not_searched_for() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "url", "value": "https://bad.example/"},
        {"type": "unheard_of", "value": "x"},
        {"type": "md5", "value": "no hash"},
        {"type": "ip", "value": "203.0.113.300"},
        {"type": "domain", "value": "x' OR domain != '"},
        {"type": "domain", "value": "  "},
    ]);
    assert_eq!(relay.ask(OBSERVE, &observables).await, json!({"data": {}}));
    for path in [Route::Refer, Route::Deliberate, Route::Respond, Route::Trigger, Route::Version] {
        relay.ask(path, &one("ip", SERVER)).await;
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn s01_s02_two_accounts_in_turn_never_meet() {
    let relay = TestRelay::start().await;
    let observables = one("ip", SERVER);
    for _ in 0..3 {
        let first = relay.ask(OBSERVE, &observables).await.to_string();
        let second =
            relay.with_claims(claims(SECOND_KEY)).ask(OBSERVE, &observables).await.to_string();
        assert!(first.contains("fin-lt-07") && !first.contains("other-pc-01"));
        assert!(second.contains("other-pc-01") && !second.contains("fin-lt-07"));
    }
}
