//! Families of the API that are off or missing make the answer smaller, not empty.
//! Specification: docs/relays/gigamon-threatinsight.md#errors.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use sandbox::{
    Fault, Times,
    gigamon_threatinsight::{
        DETECTIONS_BASE, DETECTIONS_ONLY_KEY, EVENTS_BASE, KEY, NO_DEVICES_KEY, NO_EVENTS_KEY,
    },
};
use serde_json::json;
use testkit::TestResolver;

use crate::test_relay::{OBSERVE, SERVER, TestRelay, claims, counts, one};

#[tokio::test(start_paused = true)]
async fn without_the_event_family_detections_are_shown_with_a_warning() {
    let relay = TestRelay::start().await;
    for _ in 0..2 {
        let answer =
            relay.with_claims(claims(NO_EVENTS_KEY)).ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(answer.errors(), [("warning", "not found")]);
        assert!(answer.message().contains("only detections"));
        assert_eq!((answer.docs("sightings").len(), answer.docs("indicators").len()), (1, 1));
    }
    // The second call sent no event search.
    assert_eq!(counts(&relay), [2, 2, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_family_is_requested_again_after_ten_minutes() {
    let relay = TestRelay::start().await;
    let ask = async || {
        relay.with_claims(claims(NO_EVENTS_KEY)).ask(OBSERVE, &one("ip", SERVER)).await;
        counts(&relay)[2]
    };
    assert_eq!(ask().await, 1);
    relay.clock.advance(Duration::from_secs(599));
    assert_eq!(ask().await, 1);
    relay.clock.advance(Duration::from_secs(1));
    assert_eq!(ask().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_family_missing_for_one_key_is_there_for_another() {
    let relay = TestRelay::start().await;
    relay.with_claims(claims(DETECTIONS_ONLY_KEY)).ask(OBSERVE, &one("ip", SERVER)).await;
    let answer = relay.with_claims(claims(KEY)).ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 3));
    assert_eq!(counts(&relay)[2..], [2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_family_is_not_requested_again_in_the_same_call() {
    let addresses = (1..=20).map(|host| json!({"type": "ip", "value": format!("192.0.2.{host}")}));
    let observables: Vec<_> = addresses.collect();
    let relay = TestRelay::start().with(&[("GTI_CONCURRENCY", "2")]).await;
    let answer = relay.with_claims(claims(NO_EVENTS_KEY)).ask(OBSERVE, &json!(observables)).await;
    assert_eq!(answer.errors(), [("warning", "not found")]);
    assert!(counts(&relay)[2] <= 2, "{:?}", counts(&relay));
    assert_eq!(counts(&relay)[0], 20);
}

#[tokio::test(start_paused = true)]
async fn an_event_search_that_is_forbidden_is_one_warning_and_few_requests() {
    let addresses = (1..=20).map(|host| json!({"type": "ip", "value": format!("192.0.2.{host}")}));
    let known = [json!({"type": "ip", "value": SERVER})];
    let observables: Vec<_> = known.into_iter().chain(addresses).collect();
    let relay = TestRelay::start().with(&[("GTI_CONCURRENCY", "2")]).await;
    relay.sandbox.fault(EVENTS_BASE, Fault::Forbidden, Times::Always);
    let answer = relay.ask(OBSERVE, &json!(observables)).await;
    assert_eq!(answer.errors(), [("warning", "authorization error")]);
    assert_eq!(answer.docs("sightings").len(), 1);
    // The list, and the observables that are searched for at the same time after it.
    assert!(counts(&relay)[2] <= 3, "{:?}", counts(&relay));
}

#[tokio::test(start_paused = true)]
async fn without_the_entity_family_names_are_missing_with_a_warning() {
    let relay = TestRelay::start().await;
    for _ in 0..2 {
        let answer =
            relay.with_claims(claims(NO_DEVICES_KEY)).ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(answer.errors(), [("warning", "not found")]);
        assert!(answer.message().contains("names of devices"));
        assert_eq!(answer.docs("sightings").len(), 3);
        let target = &answer.docs("sightings")[0]["targets"][0];
        assert_eq!(target["observables"], json!([{"type": "ip", "value": "10.20.30.47"}]));
    }
    assert_eq!(counts(&relay)[3], 1);
}

#[tokio::test(start_paused = true)]
async fn with_detections_alone_there_are_two_warnings() {
    let relay = TestRelay::start().await;
    let answer =
        relay.with_claims(claims(DETECTIONS_ONLY_KEY)).ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!(answer.errors(), [("warning", "not found"); 2]);
    assert_eq!(answer.docs("sightings").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn families_that_are_off_are_not_requested_and_not_reported() {
    let off = [("GTI_EVENTS_URL", "off"), ("GTI_ENTITY_URL", "Off")];
    let relay = TestRelay::start().with(&off).await;
    let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 1));
    assert_eq!(counts(&relay), [1, 1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_host_is_a_missing_family() {
    let names = Arc::new(TestResolver::unknown());
    let presets = [("GTI_EVENTS_URL", ""), ("GTI_ENTITY_URL", "")];
    let relay = TestRelay::start().with(&presets).resolving(names.clone()).await;
    for _ in 0..2 {
        let answer = relay.ask(OBSERVE, &one("ip", SERVER)).await;
        assert_eq!(answer.errors(), [("warning", "not found"); 2]);
        assert_eq!(answer.docs("sightings").len(), 1);
    }
    let resolved: BTreeSet<_> = names.names().into_iter().collect();
    assert!(resolved.iter().eq(&["entity.icebrg.io", "events.icebrg.io"]), "{resolved:?}");
}

#[tokio::test(start_paused = true)]
async fn the_region_of_the_token_chooses_the_hosts() {
    let names = Arc::new(TestResolver::unknown());
    let bases = ["GTI_DETECTIONS_URL", "GTI_EVENTS_URL", "GTI_ENTITY_URL"].map(|name| (name, ""));
    let relay = TestRelay::start().with(&bases).resolving(names.clone()).await;
    for (region, host) in [
        (json!("eu"), "detections.eu.fortindr.forticloud.com"),
        (json!("us"), "detections.icebrg.io"),
        (json!("moon"), "detections.icebrg.io"),
        (json!(null), "detections.icebrg.io"),
    ] {
        let claims = json!({"key": KEY, "GTI_REGION": region});
        let answer = relay.with_claims(claims).health().await;
        assert_eq!(answer.errors(), [("fatal", "connection error")]);
        assert!(answer.message().contains(host), "{answer:?}");
        assert_eq!(names.names().last().unwrap(), host);
    }
    assert!(relay.calls_to(DETECTIONS_BASE).is_empty());
}
