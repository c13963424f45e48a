//! What is left when a part fails (spec §5, last paragraph): the data of the rest, one error.

use std::time::Duration;

use futures::future::join_all;
use sandbox::{Fault, Sandbox, Times, When, misp::faults, misp::sample};
use serde_json::Value;

use crate::{
    test_relay::answer::Answer,
    test_relay::responses::{SEARCH, for_matches, for_neighbours, neighbour_searches, searches},
    test_relay::{Relay, sandbox},
};

/// A value of the second of three chunks.
const IN_SECOND: &str = "batch60.sinkhole.example";

/// Domains of the sinkhole's feed, each in an event of its own.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|batch| format!("batch{batch}.sinkhole.example")).collect()
}

fn domains(names: &[String]) -> Vec<(&str, &str)> {
    names.iter().map(|name| ("domain", name.as_str())).collect()
}

fn to_second_chunk() -> When {
    When::path(SEARCH).mentioning(format!("{IN_SECOND}\""))
}

/// The answer about 120 domains when the second chunk of three fails.
async fn without_second_chunk(fault: Fault, patience: Duration) -> (Answer, Sandbox) {
    let sandbox = sandbox().await;
    sandbox.fault(to_second_chunk(), fault, Times::Always);
    let names = names(120);
    let relay = Relay::before(&sandbox).await.within(patience);
    let answer = relay.observe(&domains(&names)).await;
    let others: Vec<_> = names[..50].iter().chain(&names[100..]).map(String::as_str).collect();
    assert_eq!(answer.found(), others);
    assert_eq!(answer.docs("sightings").len(), others.len());
    (answer, sandbox)
}

fn related(answer: &Answer) -> usize {
    let relations = answer.every("sightings", "/relations").into_iter();
    relations.filter(|relations| **relations != Value::Null).count()
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn n11_a_chunk_that_fails_by_itself_costs_only_itself() {
    for (fault, code) in [
        (Fault::status(500), "unknown"),
        (Fault::status(404), "not found"),
        (Fault::Malformed, "unknown"),
        (Fault::Html, "unknown"),
        (Fault::Huge { bytes: 9 * 1024 * 1024 }, "unknown"),
    ] {
        let (answer, sandbox) = without_second_chunk(fault, LONG).await;
        assert_eq!(answer.errors(), [("fatal", code)]);
        // The neighbours of what was found were asked for.
        assert_eq!(neighbour_searches(&sandbox).len(), 2);
        assert_eq!(related(&answer), 70);
    }
}

#[tokio::test]
async fn n11_a_used_up_quota_stops_the_calls_to_come() {
    let (answer, sandbox) = without_second_chunk(faults::role_quota_used_up(900), LONG).await;
    assert_eq!(answer.errors(), [("fatal", "too many requests")]);
    assert_eq!(neighbour_searches(&sandbox).len(), 0);
    assert_eq!(related(&answer), 0);
}

#[tokio::test]
async fn n11_a_call_that_was_answered_proves_that_the_calls_to_come_may_be() {
    for (fault, code) in [
        (Fault::Forbidden, "permission denied"),
        (Fault::ResetBeforeAnswer, "connection error"),
        (Fault::ResetInBody, "connection error"),
    ] {
        let (answer, sandbox) = without_second_chunk(fault, LONG).await;
        assert_eq!(answer.errors(), [("fatal", code)]);
        assert!(!neighbour_searches(&sandbox).is_empty());
        assert!(related(&answer) > 0);
    }
}

#[tokio::test]
async fn n05_a_chunk_that_stalls_ends_at_the_deadline_and_the_rest_is_answered() {
    let patience = Duration::from_millis(800);
    let endless = [Fault::Stall, Fault::SlowHeaders];
    for (answer, _) in join_all(endless.map(|fault| without_second_chunk(fault, patience))).await {
        assert_eq!(
            answer.errors(),
            [("fatal", "connection error"), ("warning", "connection error")]
        );
        assert!(answer.messages().any(|text| text.starts_with("Relations are missing")));
    }
}

#[tokio::test]
async fn deliberate_keeps_the_rest_too() {
    let sandbox = sandbox().await;
    sandbox.fault(to_second_chunk(), Fault::status(500), Times::Always);
    let names = names(120);
    let answer = Relay::before(&sandbox).await.deliberate(&domains(&names)).await;
    assert_eq!(answer.found().len(), 70);
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
}

#[tokio::test]
async fn without_neighbours_entities_have_no_relations_and_one_warning() {
    for (fault, code) in [
        (Fault::status(500), "unknown"),
        (Fault::Malformed, "unknown"),
        (Fault::Forbidden, "permission denied"),
        (faults::role_quota_used_up(900), "too many requests"),
        (Fault::ResetBeforeAnswer, "connection error"),
    ] {
        let sandbox = sandbox().await;
        sandbox.fault(for_neighbours(), fault, Times::Always);
        let names = names(120);
        let answer = Relay::before(&sandbox).await.observe(&domains(&names)).await;
        assert_eq!(answer.errors(), [("warning", code)]);
        assert_eq!((answer.found().len(), related(&answer)), (120, 0));
        assert_eq!(answer.docs("relationships").len(), 240);
    }
}

#[tokio::test]
async fn one_chunk_of_neighbours_that_fails_leaves_the_others_relations() {
    let sandbox = sandbox().await;
    // The event of the first domain of the feed.
    let first = for_neighbours().mentioning("\"2001\"");
    sandbox.fault(first, Fault::status(500), Times::Always);
    let names = names(60);
    let answer = Relay::before(&sandbox).await.observe(&domains(&names)).await;
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    assert_eq!((answer.found().len(), related(&answer)), (60, 10));
}

#[tokio::test]
async fn a_refused_key_stops_all_further_calls() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await.claiming("AuthKey", "wrong");
    let names = names(500);
    relay.observe(&domains(&names)).await.assert_refused("authorization error");
    // Those that were on their way when the first answer came.
    assert!(sandbox.calls().len() <= 4, "{}", sandbox.calls().len());
}

#[tokio::test]
async fn one_value_of_a_saturated_chunk_that_fails_costs_only_itself() {
    let sandbox = sandbox().await;
    let alone = for_matches().mentioning(r#"{"OR":["bad.example"]}"#);
    sandbox.fault(alone, Fault::status(500), Times::Always);
    let asked = [
        ("ip", sample::SINKHOLE_ADDRESS),
        ("domain", "bad.example"),
        ("domain", sample::PHISHING_DOMAIN),
    ];
    let answer = Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(answer.found(), [sample::SINKHOLE_ADDRESS, sample::PHISHING_DOMAIN]);
    assert_eq!(answer.errors(), [("fatal", "unknown")]);
    assert_eq!(searches(&sandbox).len(), 4);
}

#[tokio::test]
async fn a_warning_about_a_wildcard_stands_beside_data_and_errors() {
    let sandbox = sandbox().await;
    sandbox.fault(to_second_chunk(), Fault::status(500), Times::Always);
    let names = names(120);
    let mut asked = domains(&names);
    asked.push(("domain", "bad%"));
    let answer = Relay::before(&sandbox).await.observe(&asked).await;
    assert_eq!(answer.found().len(), 70);
    assert_eq!(answer.errors(), [("fatal", "unknown"), ("warning", "invalid argument")]);
}

#[tokio::test]
async fn the_next_request_after_a_failure_starts_afresh() {
    let sandbox = sandbox().await;
    let relay = Relay::before(&sandbox).await;
    for fault in [Fault::Forbidden, Fault::ResetBeforeAnswer, faults::role_quota_used_up(9)] {
        sandbox.fault(SEARCH, fault, Times::Always);
        assert_eq!(relay.observe(&[("domain", "bad.example")]).await.found(), Vec::<&str>::new());
        sandbox.clear_faults();
        let answer = relay.observe(&[("domain", "bad.example")]).await;
        assert_eq!((answer.found(), answer.errors()), (vec!["bad.example"], vec![]));
    }
}
