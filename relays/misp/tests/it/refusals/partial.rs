//! Answers after a search failed: the data of the others and one error, docs/relays/misp.md#errors.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use sandbox::{Fault, Sandbox, Times, When, misp::faults};
use serde_json::Value;
use testkit::Answer;

use crate::test_relay::{
    MispAnswer, domains,
    responses::{SEARCH, for_neighbours, neighbour_searches},
    sinkhole_domains, start, start_before, start_sandbox,
};

/// A value of the second of three batches.
const IN_SECOND: &str = "batch60.sinkhole.example";

fn to_second_batch() -> When {
    When::path(SEARCH).mentioning(format!("{IN_SECOND}\""))
}

/// The answer about 120 domains when the second batch of three fails.
async fn without_second_batch(fault: Fault, timeout: Duration) -> (Answer, Arc<Sandbox>) {
    let sandbox = start_sandbox().await;
    sandbox.fault(to_second_batch(), fault, Times::Always);
    let names = sinkhole_domains(120);
    let relay = start_before(&sandbox).await.within(timeout);
    let answer = relay.observe(domains(&names)).await;
    let others: Vec<_> = names[..50].iter().chain(&names[100..]).map(String::as_str).collect();
    assert_eq!(answer.found(), others);
    assert_eq!(answer.docs("sightings").len(), others.len());
    (answer, sandbox)
}

fn related(answer: &Answer) -> usize {
    let relations = answer.every("sightings", "/relations").into_iter();
    relations.filter(|relations| **relations != Value::Null).count()
}

const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn n11_a_batch_that_fails_costs_only_itself() {
    for (fault, code) in
        [(Fault::status(404), "not found"), (Fault::Malformed, "unknown"), (Fault::Html, "unknown")]
    {
        let (answer, sandbox) = without_second_batch(fault, TIMEOUT).await;
        assert_eq!(answer.errors(), [("fatal", code)]);
        // The neighbours of the found events were searched.
        assert_eq!(neighbour_searches(&sandbox).len(), 2);
        assert_eq!(related(&answer), 70);
    }
}

#[tokio::test(start_paused = true)]
async fn n11_a_value_that_makes_the_server_fail_costs_only_itself() {
    for fault in [Fault::status(500), Fault::Huge { bytes: 9 * 1024 * 1024 }] {
        let sandbox = start_sandbox().await;
        sandbox.fault(to_second_batch(), fault, Times::Always);
        let names = sinkhole_domains(120);
        let relay = start_before(&sandbox).await;
        for answer in
            [relay.observe(domains(&names)).await, relay.deliberate(domains(&names)).await]
        {
            assert_eq!(answer.found().len(), 119);
            assert!(answer.errors().iter().all(|error| *error == ("warning", "unknown")));
            assert!(answer.messages().any(|text| text.contains(IN_SECOND)), "{}", answer.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn n11_a_used_up_quota_stops_further_searches() {
    let (answer, _) = without_second_batch(faults::role_quota_used_up(900), TIMEOUT).await;
    assert_eq!(answer.errors(), [("fatal", "too many requests")]);
}

#[tokio::test(start_paused = true)]
async fn n11_after_one_success_other_failures_do_not_stop_further_searches() {
    for (fault, code) in [
        (Fault::Forbidden, "permission denied"),
        (Fault::ResetBeforeAnswer, "connection error"),
        (Fault::ResetInBody, "connection error"),
    ] {
        let (answer, sandbox) = without_second_batch(fault, TIMEOUT).await;
        assert_eq!(answer.errors(), [("fatal", code)]);
        assert!(!neighbour_searches(&sandbox).is_empty());
        assert!(related(&answer) > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn n05_a_batch_that_stalls_ends_at_the_deadline_and_the_rest_is_answered() {
    let timeout = Duration::from_secs(3);
    let endless = [Fault::Stall, Fault::SlowHeaders];
    for (answer, _) in join_all(endless.map(|fault| without_second_batch(fault, timeout))).await {
        assert_eq!(answer.errors(), [("fatal", "connection error")]);
        assert_eq!(related(&answer), 70);
    }
}

#[tokio::test(start_paused = true)]
async fn without_neighbours_entities_have_no_relations_and_one_warning() {
    for (fault, code) in [
        (Fault::status(500), "unknown"),
        (Fault::Malformed, "unknown"),
        (Fault::Forbidden, "permission denied"),
        (faults::role_quota_used_up(900), "too many requests"),
        (Fault::ResetBeforeAnswer, "connection error"),
    ] {
        let sandbox = start_sandbox().await;
        sandbox.fault(for_neighbours(), fault, Times::Always);
        let names = sinkhole_domains(120);
        let answer = start_before(&sandbox).await.observe(domains(&names)).await;
        assert_eq!(answer.errors(), [("warning", code)]);
        assert_eq!((answer.found().len(), related(&answer)), (120, 0));
        assert_eq!(answer.docs("relationships").len(), 240);
    }
}

#[tokio::test(start_paused = true)]
async fn one_failed_search_for_neighbours_leaves_the_other_relations() {
    let sandbox = start_sandbox().await;
    // The event of the first domain of the feed.
    let first = for_neighbours().mentioning("\"2001\"");
    sandbox.fault(first, Fault::status(500), Times::Always);
    let names = sinkhole_domains(60);
    let answer = start_before(&sandbox).await.observe(domains(&names)).await;
    assert_eq!(answer.errors(), [("warning", "unknown")]);
    assert_eq!((answer.found().len(), related(&answer)), (60, 10));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_key_stops_all_further_searches() {
    let sandbox = start_sandbox().await;
    let relay = start_before(&sandbox).await.with_claim("AuthKey", "wrong");
    let names = sinkhole_domains(500);
    relay.observe(domains(&names)).await.assert_fatal("authorization error");
    // Those that were sent before the first response came.
    assert!(sandbox.calls().len() <= 4, "{}", sandbox.calls().len());
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_affect_the_next_call() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    for fault in [Fault::Forbidden, Fault::ResetBeforeAnswer, faults::role_quota_used_up(9)] {
        sandbox.fault(SEARCH, fault, Times::Always);
        assert_eq!(relay.observe([("domain", "bad.example")]).await.found(), Vec::<&str>::new());
        sandbox.clear_faults();
        let answer = relay.observe([("domain", "bad.example")]).await;
        assert_eq!((answer.found(), answer.errors()), (vec!["bad.example"], vec![]));
    }
}
