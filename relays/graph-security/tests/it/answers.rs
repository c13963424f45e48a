//! Whole answers, compared with golden files; the sandbox's data hold every branch of the tables.

use testkit::golden;

use crate::test_relay::{OBSERVE, TestRelay, assert_valid};

async fn check(case: &str, settings: &[(&str, &str)]) {
    let case = golden!(case);
    let request = case.read("request.json");
    let relay = TestRelay::with(settings).await;
    let answer = relay.ask(OBSERVE, &request).await;
    assert_valid(&request, &answer, 100);
    case.assert_answer(&answer);
}

#[tokio::test]
async fn worked_example_of_the_specification() {
    check("worked-example", &[]).await;
}

#[tokio::test]
async fn every_type_by_filter() {
    check("every-type", &[("GRAPH_V2_STRATEGY", "filter")]).await;
}

#[tokio::test]
async fn every_type_by_hunting() {
    check("every-type-hunted", &[("GRAPH_V2_STRATEGY", "hunting")]).await;
}

#[tokio::test]
async fn odd_evidence() {
    check("odd-evidence", &[]).await;
}

#[tokio::test]
async fn legacy_worked_example_of_the_specification() {
    check("legacy-worked-example", &[("GRAPH_BACKEND", "alerts")]).await;
}

#[tokio::test]
async fn legacy_every_type() {
    check("legacy-every-type", &[("GRAPH_BACKEND", "alerts")]).await;
}
