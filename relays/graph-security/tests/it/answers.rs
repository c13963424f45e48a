//! Whole answers, compared with golden files. The simulator's data reach every row of the tables in
//! docs/relays/graph-security.md#sightings and docs/relays/graph-security.md#legacy-sightings.

mod pages;
mod strategies;
mod tenants;

use testkit::golden;

use crate::test_relay::TestRelay;

async fn check(case: &str, settings: &[(&str, &str)]) {
    let case = golden!(case);
    let request = case.read("request.json");
    let relay = TestRelay::with(settings).await;
    let answer = relay.observe(&request).await;
    case.assert_answer(&answer);
}

#[tokio::test(start_paused = true)]
async fn one_alert_has_every_field() {
    check("worked-example", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn every_type_by_filter() {
    check("every-type", &[("GRAPH_V2_STRATEGY", "filter")]).await;
}

#[tokio::test(start_paused = true)]
async fn every_type_by_hunting() {
    check("every-type-hunted", &[("GRAPH_V2_STRATEGY", "hunting")]).await;
}

#[tokio::test(start_paused = true)]
async fn incomplete_and_unknown_evidence() {
    check("incomplete-evidence", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_legacy_alert_has_every_field() {
    check("legacy-worked-example", &[("GRAPH_BACKEND", "alerts")]).await;
}

#[tokio::test(start_paused = true)]
async fn every_type_by_the_legacy_list() {
    check("legacy-every-type", &[("GRAPH_BACKEND", "alerts")]).await;
}
