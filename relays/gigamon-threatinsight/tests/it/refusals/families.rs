//! Families of the API that are off or missing make the answer smaller, not empty.
//! Specification: docs/relays/gigamon-threatinsight.md#errors.

use std::{sync::Arc, time::Duration};

use sandbox::gigamon_threatinsight::{
    DETECTIONS_BASE, DETECTIONS_ONLY_KEY, KEY, NO_DEVICES_KEY, NO_EVENTS_KEY,
};
use serde_json::json;

use crate::test_relay::{Names, OBSERVE, SERVER, TestRelay, codes, count, docs, message, one};

#[tokio::test]
async fn without_the_event_family_detections_are_shown_with_a_warning() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        let answer = relay.ask_as(NO_EVENTS_KEY, OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(codes(&answer), [("warning", "not found")]);
        assert!(message(&answer).contains("only detections"));
        assert_eq!((count(&answer, "sightings"), count(&answer, "indicators")), (1, 1));
    }
    // The second call sent no event search.
    assert_eq!(relay.counts(), [2, 2, 1, 2]);
}

#[tokio::test]
async fn a_missing_family_is_requested_again_after_ten_minutes() {
    let relay = TestRelay::open().await;
    let ask = async || {
        relay.ask_as(NO_EVENTS_KEY, OBSERVE, &one("ip", SERVER)).await;
        relay.counts()[2]
    };
    assert_eq!(ask().await, 1);
    relay.clock.advance(Duration::from_secs(599));
    assert_eq!(ask().await, 1);
    relay.clock.advance(Duration::from_secs(1));
    assert_eq!(ask().await, 2);
}

#[tokio::test]
async fn a_family_missing_for_one_key_is_there_for_another() {
    let relay = TestRelay::open().await;
    relay.ask_as(DETECTIONS_ONLY_KEY, OBSERVE, &one("ip", SERVER)).await;
    let answer = relay.ask_as(KEY, OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((codes(&answer), count(&answer, "sightings")), (vec![], 3));
    assert_eq!(relay.counts()[2..], [2, 2]);
}

#[tokio::test]
async fn a_missing_family_is_not_requested_again_in_the_same_call() {
    let addresses = (1..=20).map(|host| json!({"type": "ip", "value": format!("192.0.2.{host}")}));
    let observables: Vec<_> = addresses.collect();
    let relay = TestRelay::with(&[("GTI_CONCURRENCY", "2")]).await;
    let answer = relay.ask_as(NO_EVENTS_KEY, OBSERVE, &json!(observables)).await;
    assert_eq!(codes(&answer), [("warning", "not found")]);
    assert!(relay.counts()[2] <= 2, "{:?}", relay.counts());
    assert_eq!(relay.counts()[0], 20);
}

#[tokio::test]
async fn without_the_entity_family_names_are_missing_with_a_warning() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        let answer = relay.ask_as(NO_DEVICES_KEY, OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(codes(&answer), [("warning", "not found")]);
        assert!(message(&answer).contains("names of devices"));
        assert_eq!(count(&answer, "sightings"), 3);
        let target = &docs(&answer, "sightings")[0]["targets"][0];
        assert_eq!(target["observables"], json!([{"type": "ip", "value": "10.20.30.47"}]));
    }
    assert_eq!(relay.counts()[3], 1);
}

#[tokio::test]
async fn with_detections_alone_there_are_two_warnings() {
    let relay = TestRelay::open().await;
    let answer = relay.ask_as(DETECTIONS_ONLY_KEY, OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(codes(&answer), [("warning", "not found"); 2]);
    assert_eq!(count(&answer, "sightings"), 1);
}

#[tokio::test]
async fn families_that_are_off_are_not_requested_and_not_reported() {
    let off = [("GTI_EVENTS_URL", "off"), ("GTI_ENTITY_URL", "Off")];
    let relay = TestRelay::with(&off).await;
    let answer = relay.observe(&one("ip", SERVER)).await;
    assert_eq!((codes(&answer), count(&answer, "sightings")), (vec![], 1));
    assert_eq!(relay.counts(), [1, 1, 0, 0]);
}

#[tokio::test]
async fn an_unknown_host_is_a_missing_family() {
    let names = Arc::new(Names::unknown());
    let presets = [("GTI_EVENTS_URL", ""), ("GTI_ENTITY_URL", "")];
    let relay = TestRelay::resolving(&presets, names.clone()).await;
    for _ in 0..2 {
        let answer = relay.observe(&one("ip", SERVER)).await;
        assert_eq!(codes(&answer), [("warning", "not found"); 2]);
        assert_eq!(count(&answer, "sightings"), 1);
    }
    let mut resolved = names.asked();
    resolved.dedup();
    assert_eq!(resolved, ["events.icebrg.io", "entity.icebrg.io"]);
}

#[tokio::test]
async fn the_region_of_the_token_chooses_the_hosts() {
    let names = Arc::new(Names::unknown());
    let bases = ["GTI_DETECTIONS_URL", "GTI_EVENTS_URL", "GTI_ENTITY_URL"].map(|name| (name, ""));
    let relay = TestRelay::resolving(&bases, names.clone()).await;
    for (region, host) in [
        (json!("eu"), "detections.eu.fortindr.forticloud.com"),
        (json!("us"), "detections.icebrg.io"),
        (json!("moon"), "detections.icebrg.io"),
        (json!(null), "detections.icebrg.io"),
    ] {
        let claims = json!({"key": KEY, "GTI_REGION": region});
        let answer = relay.ask_with(claims, "/health", &json!({})).await;
        assert_eq!(codes(&answer), [("fatal", "connection error")]);
        assert!(message(&answer).contains(host), "{answer}");
        assert_eq!(names.asked().last().unwrap(), host);
    }
    assert!(relay.calls(DETECTIONS_BASE).is_empty());
}
