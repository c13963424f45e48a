//! Whole answers, compared with golden files; the sandbox's data hold every branch of the tables.

use testkit::golden;

use crate::test_relay::{OBSERVE, TestRelay, assert_valid};

async fn check(case: &str, settings: &[(&str, &str)]) {
    let case = golden!(case);
    let request = case.read("request.json");
    let limit = settings.iter().find(|(name, _)| *name == "CTR_ENTITIES_LIMIT");
    let limit = limit.map_or(100, |(_, limit)| limit.parse().unwrap());
    let relay = TestRelay::with(settings).await;
    let answer = relay.ask(OBSERVE, &request).await;
    assert_valid(&request, &answer, limit);
    case.assert_answer(&answer);
}

#[tokio::test]
async fn worked_example_of_the_specification() {
    check("worked-example", &[("GTI_EVENTS_URL", "off")]).await;
}

#[tokio::test]
async fn an_address_by_detections_and_by_the_search() {
    check("an-address-by-both-ways", &[]).await;
}

#[tokio::test]
async fn a_name_under_two_rules_on_two_devices() {
    check("a-name-under-two-rules", &[]).await;
}

#[tokio::test]
async fn hashes_in_capitals_and_of_a_deleted_rule() {
    check("hashes", &[]).await;
}

#[tokio::test]
async fn events_with_odd_parts_and_rules_without_facts() {
    check("odd-events", &[("GTI_EVENT_DAYS", "30")]).await;
}

#[tokio::test]
async fn names_of_certificates() {
    check("certificates", &[]).await;
}

#[tokio::test]
async fn an_observation_without_destination() {
    check("an-observation", &[]).await;
}

#[tokio::test]
async fn addresses_of_version_six() {
    check("ipv6", &[]).await;
}

#[tokio::test]
async fn every_type_of_event() {
    check("every-type-of-event", &[]).await;
}

#[tokio::test]
async fn a_limit_for_each_observable() {
    check("limit-of-two", &[("CTR_ENTITIES_LIMIT", "2")]).await;
}
