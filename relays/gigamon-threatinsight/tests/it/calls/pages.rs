//! Pages that records of test accounts fill.
//! Specification: docs/relays/gigamon-threatinsight.md#pages.

use sandbox::{
    Fault, Times, When,
    gigamon_threatinsight::{DETECTIONS_BASE, EVENTS_BASE},
};
use serde_json::{Value, json};

use crate::test_relay::{OBSERVE, SERVER, TestRelay, counts, one};

fn events(numbers: std::ops::Range<usize>, customer: &str) -> Vec<Value> {
    let event = |number| {
        json!({
            "uuid": format!("{customer}-{number}"), "customer_id": customer, "event_type": "flow",
            "timestamp": "2026-03-02T08:00:00Z", "src": {"ip": SERVER},
        })
    };
    numbers.map(event).collect()
}

/// Has the event search answer the first request and that for the second page.
fn search_returns(relay: &TestRelay, first: &[Value], second: &[Value]) {
    for (when, events) in [
        (When::path(EVENTS_BASE).mentioning("\"offset\":200"), second),
        (When::path(EVENTS_BASE), first),
    ] {
        relay.sandbox.fault(when, Fault::json(200, &json!({"events": events})), Times::Always);
    }
}

async fn without_detections() -> TestRelay {
    let relay = TestRelay::start().await;
    let none = json!({"detections": []});
    relay.sandbox.fault(DETECTIONS_BASE, Fault::json(200, &none), Times::Always);
    relay
}

#[tokio::test(start_paused = true)]
async fn events_of_test_accounts_take_no_places_of_ones_own() {
    let relay = without_detections().await;
    let first = [events(0..150, "dmo"), events(0..50, "cst")].concat();
    let second = [events(150..160, "dmo"), events(50..70, "cst")].concat();
    search_returns(&relay, &first, &second);
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 70));
    assert_eq!(counts(&relay)[2], 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_full_or_holds_enough_is_not_followed() {
    for (first, shown) in [
        ([events(0..150, "dmo"), events(0..49, "cst")].concat(), 49),
        ([events(0..100, "dmo"), events(0..100, "cst")].concat(), 100),
        (events(0..200, "cst"), 100),
    ] {
        let relay = without_detections().await;
        search_returns(&relay, &first, &[]);
        let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], shown));
        assert_eq!(counts(&relay)[2], 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_cut_is_told() {
    let relay = without_detections().await;
    let page =
        |from: usize| [events(from..from + 190, "dmo"), events(from..from + 10, "cst")].concat();
    search_returns(&relay, &page(0), &page(200));
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    assert!(answer.message().contains("test accounts"), "{}", answer.message());
    assert_eq!((answer.docs("sightings").len(), counts(&relay)[2]), (20, 2));
}

#[tokio::test(start_paused = true)]
async fn a_full_page_that_is_the_last_one_is_not_followed() {
    let page =
        |from: usize| [events(from..from + 190, "dmo"), events(from..from + 10, "cst")].concat();
    for (total, requests, warnings) in [(200, 1, 0), (400, 2, 0), (401, 2, 1)] {
        let relay = without_detections().await;
        for (when, from) in [
            (When::path(EVENTS_BASE).mentioning("\"offset\":200"), 200),
            (When::path(EVENTS_BASE), 0),
        ] {
            let response = json!({"total": total, "events": page(from)});
            relay.sandbox.fault(when, Fault::json(200, &response), Times::Always);
        }
        let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!((answer.errors().len(), counts(&relay)[2]), (warnings, requests), "{total}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_fails_costs_its_own_events() {
    let relay = without_detections().await;
    let second = When::path(EVENTS_BASE).mentioning("\"offset\"");
    relay.sandbox.fault(second, Fault::status(500), Times::Always);
    let first = [events(0..150, "dmo"), events(0..50, "cst")].concat();
    search_returns(&relay, &first, &[]);
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    assert_eq!(answer.docs("sightings").len(), 50);
}

#[tokio::test(start_paused = true)]
async fn detections_of_test_accounts_take_no_places_of_ones_own() {
    let detection = |number: usize, account: &str| {
        json!({
            "uuid": format!("{account}-{number}"), "account_uuid": account,
            "last_seen": "2026-03-02T08:00:00Z",
        })
    };
    let demo = (0..198).map(|number| detection(number, "6bc3d2f1-af77-4236-a9db-17dacd06e4d9"));
    let first: Vec<_> = demo.chain([detection(0, "own"), detection(1, "own")]).collect();
    // One moved to the second page meanwhile.
    let second = [detection(1, "own"), detection(2, "own")];
    let relay = TestRelay::start().with(&[("GTI_EVENTS_URL", "off")]).await;
    let path = format!("{DETECTIONS_BASE}/detections");
    for (when, detections) in
        [(When::path(&path).mentioning("offset=200"), &second[..]), (When::path(&path), &first[..])]
    {
        let response = json!({"detections": detections});
        relay.sandbox.fault(when, Fault::json(200, &response), Times::Always);
    }
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 3));
    assert_eq!(counts(&relay)[..2], [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn events_about_other_values_take_no_places_in_a_detection() {
    let item = |number: usize, ip: &str| {
        json!({"event": {
            "uuid": format!("{ip}-{number}"), "event_type": "flow",
            "timestamp": "2026-03-02T08:00:00Z", "dst": {"ip": ip},
        }})
    };
    let first: Vec<_> = (0..200).map(|number| item(number, "192.0.2.9")).collect();
    let relay = TestRelay::start().with(&[("GTI_EVENTS_URL", "off")]).await;
    let path = format!("{DETECTIONS_BASE}/events");
    for (when, events) in [
        (When::path(&path).mentioning("offset=200"), &[item(0, SERVER)][..]),
        (When::path(&path), &first[..]),
    ] {
        relay.sandbox.fault(when, Fault::json(200, &json!({"events": events})), Times::Always);
    }
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), []);
    assert_eq!(answer.docs("sightings")[0]["external_ids"][0], format!("{SERVER}-0"));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_large_shrinks_to_the_limit_first() {
    let relay = without_detections().await;
    let large = When::path(EVENTS_BASE).mentioning("\"limit\":200");
    relay.sandbox.fault(large, Fault::Huge { bytes: 9 << 20 }, Times::Always);
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 2));
    let limits: Vec<_> = relay
        .calls_to(EVENTS_BASE)
        .iter()
        .map(|call| call.json().unwrap()["limit"].clone())
        .collect();
    assert_eq!(limits, [200, 100]);
}
