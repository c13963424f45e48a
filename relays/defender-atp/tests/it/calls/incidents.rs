//! Incidents are asked for beside devices and never waited for: docs/relays/defender-atp.md#incidents.

use std::time::Duration;

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::Value;
use testkit::Answer;

use super::{BATCH, word};
use crate::test_relay::{TestRelay, claims, one};

/// How many batches ask for incidents.
fn batches(relay: &TestRelay) -> usize {
    relay.calls_where(|call| call.path == BATCH && word(call) == "incidents").len()
}

/// The titles of incidents that the links lead to.
fn titles(answer: &Answer) -> Vec<&str> {
    let references = answer.every("sightings", "/external_references/1/description").into_iter();
    references.filter_map(Value::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn they_are_cached_as_long_as_devices() {
    let relay = TestRelay::open().await;
    let first = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!((first.errors(), batches(&relay)), (vec![], 1));
    assert!(!titles(&first).is_empty());
    assert_eq!(relay.observe(&one("ip", sample::ADDRESS)).await, first);
    assert_eq!(batches(&relay), 1);
    relay.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(relay.observe(&one("ip", sample::ADDRESS)).await, first);
    assert_eq!(batches(&relay), 2);
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_the_answer_lacks_titles_only_for_a_day() {
    let relay = TestRelay::open().await;
    let whole = relay.observe(&one("ip", sample::ADDRESS)).await;
    let relay = TestRelay::open().await;
    let incidents = When::path(BATCH).mentioning("/security/incidents/");
    relay.sandbox.fault(incidents, Fault::Forbidden, Times::Always);
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!((answer.errors(), titles(&answer)), (vec![], vec![]));
    assert_eq!(answer.ids(), whole.ids());
    let number =
        |answer: &Answer| answer.docs("sightings")[0]["external_references"][1]["url"].clone();
    assert_eq!(number(&answer), number(&whole));
    relay.clock.advance(Duration::from_secs(15 * 60));
    relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!(batches(&relay), 1);
    // The documented refusal of one request inside the batch, too.
    let relay = TestRelay::open().await;
    let caller = claims(&app::WITHOUT_HUNTING, &tenant::CONTOSO);
    let relay_answer =
        relay.ask_with(caller, "/observe/observables", &one("ip", sample::ADDRESS)).await;
    assert!(!relay_answer.messages().any(|text| text.contains("incident")), "{relay_answer}");
    assert_eq!((batches(&relay), titles(&relay_answer)), (1, vec![]));
}

#[tokio::test(start_paused = true)]
async fn another_failure_is_one_warning() {
    for fault in [Fault::status(500), Fault::Html, Fault::TooManyRequests { retry_after: None }] {
        let relay = TestRelay::open().await;
        let incidents = When::path(BATCH).mentioning("/security/incidents/");
        relay.sandbox.fault(incidents, fault.clone(), Times::Always);
        let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
        let levels: Vec<_> = answer.errors().into_iter().map(|(level, _)| level).collect();
        assert_eq!(levels, ["warning"], "{fault:?} {answer}");
        assert!(answer.message().starts_with("Titles and priorities of incidents"), "{answer}");
        assert!(!answer.docs("sightings").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn with_cached_devices_nobody_waits_for_an_incident() {
    let relay = TestRelay::open().await;
    let incidents = When::path(BATCH).mentioning("/security/incidents/");
    relay.sandbox.fault(incidents, Fault::status(500), Times::Always);
    relay.observe(&one("ip", sample::ADDRESS)).await;
    relay.sandbox.clear_faults();
    let answer = relay.observe(&one("ip", sample::ADDRESS)).await;
    assert_eq!((answer.errors(), batches(&relay), titles(&answer)), (vec![], 1, vec![]));
}
