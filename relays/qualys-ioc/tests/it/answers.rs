//! Whole answers, compared with golden files; the sandbox's data hold every branch of the tables.

use testkit::golden;

use crate::test_relay::{TestRelay, assert_valid};

async fn check(case: &str, settings: &[(&str, &str)]) {
    let case = golden!(case);
    let request = case.read("request.json");
    let limit = settings.iter().find(|(name, _)| *name == "CTR_ENTITIES_LIMIT");
    let limit = limit.map_or(100, |(_, limit)| limit.parse().unwrap());
    let relay = TestRelay::with(settings).await;
    let answer = relay.ask("/observe/observables", &request).await;
    assert_valid(&request, &answer, limit);
    case.assert_answer(&answer);
}

#[tokio::test]
async fn worked_example_of_the_specification() {
    check("worked-example", &[]).await;
}

#[tokio::test]
async fn one_event_met_by_two_observables_is_one_indicator() {
    check("one-connection-two-observables", &[]).await;
}

#[tokio::test]
async fn every_score_and_every_form_of_time() {
    check("scores", &[]).await;
}

#[tokio::test]
async fn events_with_odd_parts() {
    check("odd-events", &[]).await;
}

#[tokio::test]
async fn names_paths_and_mutexes_with_every_mark() {
    check("names", &[]).await;
}

#[tokio::test]
async fn addresses_of_version_six() {
    check("ipv6", &[]).await;
}

#[tokio::test]
async fn a_limit_for_each_observable_and_type() {
    check("limit-of-three", &[("CTR_ENTITIES_LIMIT", "3")]).await;
}
