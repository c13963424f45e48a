//! Whole answers, compared with golden files. The simulator's data reach every row of
//! docs/relays/gigamon-threatinsight.md#mapping.

mod links;

use sandbox::gigamon_threatinsight::KEY;
use serde_json::json;
use testkit::{Answer, golden, texts::assert_readable};

use crate::test_relay::{OBSERVE, TestRelay, one};

async fn check(case: &str, settings: &[(&str, &str)]) {
    let case = golden!(case);
    let request = case.read("request.json");
    let relay = TestRelay::start().with(settings).await;
    let answer = relay.ask(OBSERVE, &request).await;
    case.assert_answer(&answer);
    assert_readable(&answer);
}

#[tokio::test(start_paused = true)]
async fn the_worked_example() {
    check("worked-example", &[("GTI_EVENTS_URL", "off")]).await;
}

#[tokio::test(start_paused = true)]
async fn an_address_in_detections_and_in_the_search() {
    check("an-address-by-both-ways", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_domain_under_two_rules_on_two_devices() {
    check("a-name-under-two-rules", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn hashes_in_upper_case_and_of_a_deleted_rule() {
    check("hashes", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn events_with_malformed_fields_and_rules_without_words() {
    check("odd-events", &[("GTI_EVENT_DAYS", "30")]).await;
}

#[tokio::test(start_paused = true)]
async fn names_of_certificates() {
    check("certificates", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn an_event_without_destination() {
    check("an-observation", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn flat_alerts_and_observations_and_a_lease_with_several_names() {
    check("flat-events", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn files_transferred_by_ftp_smb_and_mail() {
    check("transferred-files", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn detections_whose_events_do_not_name_the_value() {
    check("detections-without-events", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn ipv6_addresses() {
    check("ipv6", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn every_type_of_event() {
    check("every-type-of-event", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_for_each_observable() {
    check("limit-of-two", &[("CTR_ENTITIES_LIMIT", "2")]).await;
}

#[tokio::test(start_paused = true)]
async fn test_accounts_are_hidden_unless_they_are_allowed() {
    const TEST_EVENTS: [&str; 4] = ["e0000021", "e0000022", "e0000023", "e0000024"];
    let observables = one("ip", "198.51.100.23");
    let shown = |answer: &Answer| {
        let docs = answer.docs("sightings").iter();
        let ids: Vec<_> = docs.map(|doc| doc["external_ids"][0].to_string()).collect();
        TEST_EVENTS.map(|event| ids.iter().any(|id| id.contains(event)))
    };
    let relay = TestRelay::start().await;
    assert_eq!(shown(&relay.ask(OBSERVE, &observables).await), [false; 4]);
    // The events of their detections are not requested.
    assert!(!relay.sandbox.calls().iter().any(|call| call.query.contains("d0000009")));
    for (claim, expected) in [(json!(true), true), (json!("false"), false), (json!(null), false)] {
        let claims = json!({"key": KEY, "GTI_ALLOW_TEST_ACCOUNTS": claim});
        let answer = relay.with_claims(claims).ask(OBSERVE, &observables).await;
        assert_eq!(shown(&answer), [expected; 4]);
    }
    let allowing = TestRelay::start().with(&[("GTI_ALLOW_TEST_ACCOUNTS", "1")]).await;
    assert_eq!(shown(&allowing.ask(OBSERVE, &observables).await), [true; 4]);
    // The claim wins over the setting.
    let claims = json!({"key": KEY, "GTI_ALLOW_TEST_ACCOUNTS": false});
    assert_eq!(shown(&allowing.with_claims(claims).ask(OBSERVE, &observables).await), [false; 4]);
}
