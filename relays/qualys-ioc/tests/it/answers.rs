//! Whole answers, compared with golden files. The simulator's data reach every row of
//! docs/relays/qualys-ioc.md#mapping.

mod links;

use testkit::{golden, texts::assert_readable};

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
    check("worked-example", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn one_event_matched_by_two_observables_is_one_indicator() {
    check("one-connection-two-observables", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn every_score_and_every_form_of_time() {
    check("scores", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn events_with_malformed_fields() {
    check("odd-events", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn names_paths_and_mutexes_with_every_quotation_mark() {
    check("names", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn ipv6_addresses() {
    check("ipv6", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_for_each_observable_and_type() {
    check("limit-of-three", &[("CTR_ENTITIES_LIMIT", "3")]).await;
}

#[tokio::test(start_paused = true)]
async fn clean_judgements_follow_the_setting() {
    // Both events have a verdict KNOWN about an image; only the first is requested by its hash.
    let image = one("sha256", "3c1f8e07d2a94b65f0e18c7b6a5d4f3e2c1b0a99887766554433221100ffeedd");
    let other = one("sha256", "777777777777777777777777777777777777777777777777777777777777777e");
    for (setting, expected) in [("all", [1, 1]), ("matching", [1, 0])] {
        let relay = TestRelay::start().with(&[("QUALYS_CLEAN_JUDGEMENTS", setting)]).await;
        for (observables, expected) in [&image, &other].into_iter().zip(expected) {
            let answer = relay.ask(OBSERVE, observables).await;
            let judgements = answer.docs("judgements").iter();
            let clean = judgements.filter(|doc| doc["disposition"] == 1).count();
            assert_eq!(clean, expected, "{setting}");
        }
    }
}
