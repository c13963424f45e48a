//! Several observables in one query: how many requests that costs, and that none hides another.
//! Specification: docs/relays/qualys-ioc.md#one-query-for-many-values.

use std::time::Duration;

use sandbox::{Fault, Times, When, qualys_ioc::EVENT_SEARCHES};
use serde_json::{Value, json};
use testkit::{Answer, Observables};

use crate::test_relay::{DROPPED, TestRelay, searches};

/// Long enough that concurrent requests overlap.
const DELAY: Duration = Duration::from_millis(100);
const ADDRESS: &str = "203.0.113.77";
/// A file with more events than any limit of these tests.
const BUSY: &str = "5d41c2b3a4958677f0e1d2c3b4a59687";
/// How a query begins that is about the dropped file first.
const DROPPED_FIRST: &str = r#"filter=file.hash.sha256: "9f0b"#;

/// Returns so many observables of which the gateway knows the two first ones.
fn many(count: usize) -> Observables {
    let known = Observables::from([("sha256", DROPPED), ("ip", ADDRESS)]);
    known.and(Observables::unknown("md5", count.saturating_sub(2))).take(count)
}

async fn warm(settings: &[(&str, &str)]) -> TestRelay {
    let relay = TestRelay::start().with(settings).await;
    relay.health().await;
    relay.sandbox.forget_calls();
    relay
}

fn sightings_of<'a>(answer: &'a Answer, value: &str) -> Vec<&'a Value> {
    let sightings = answer.docs("sightings").iter();
    sightings.filter(|doc| doc["observables"][0]["value"] == value).collect()
}

#[tokio::test(start_paused = true)]
async fn one_ten_and_fifty_hashes_and_addresses_cost_two_requests() {
    for count in [1, 10, 50] {
        let relay = warm(&[]).await;
        relay.sandbox.delay(DELAY);
        let answer = relay.observe(many(count)).await;
        answer.assert_no_errors();
        assert_eq!((searches(&relay).len(), sightings_of(&answer, DROPPED).len()), (2, 1));
        assert_eq!(relay.sandbox.peak_concurrency(), 2, "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_of_the_longest_addresses_cost_four_requests() {
    let relay = warm(&[]).await;
    let longest =
        (0..50).map(|host| ("ipv6", format!("2001:db8:1111:2222:3333:4444:5555:{host:x}")));
    relay.observe(longest.collect::<Observables>()).await.assert_no_errors();
    assert_eq!(searches(&relay).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn names_paths_domains_and_mutexes_cost_two_requests_each() {
    let relay = warm(&[]).await;
    let names =
        [("file_name", "a"), ("file_path", "C:\\a"), ("domain", "a.example"), ("mutex", "m")];
    relay.observe(many(46).and(names)).await.assert_no_errors();
    assert_eq!(searches(&relay).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_one_is_a_search_for_each_observable() {
    let relay = warm(&[("QUALYS_BATCH_SIZE", "1")]).await;
    relay.observe(many(10)).await.assert_no_errors();
    assert_eq!(searches(&relay).len(), 20);
}

#[tokio::test(start_paused = true)]
async fn i12_every_url_is_shorter_than_8_kib() {
    let relay = warm(&[("CTR_ENTITIES_LIMIT", "1000")]).await;
    relay.observe(Observables::unknown("sha256", 300)).await.assert_no_errors();
    assert_eq!(searches(&relay).len(), 10);
    for call in searches(&relay) {
        assert!(call.path.len() + call.query.len() < 8000, "{}", call.query.len());
        assert!(call.query.starts_with("pageSize=1000&"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_the_same_as_of_searches_for_each_observable() {
    let known = Observables::from([
        ("md5", BUSY),
        ("sha256", DROPPED),
        ("sha256", "3c1f8e07d2a94b65f0e18c7b6a5d4f3e2c1b0a99887766554433221100ffeedd"),
        ("sha256", "777777777777777777777777777777777777777777777777777777777777777e"),
        ("ip", ADDRESS),
        ("ip", "10.20.30.47"),
        ("ipv6", "2001:db8::77"),
        ("ip", "2001:DB8:31:0::5"),
        ("domain", "c2.bad.example"),
    ]);
    for limit in ["1", "3", "100"] {
        let together = warm(&[("CTR_ENTITIES_LIMIT", limit)]).await.observe(&known).await;
        let alone = [("CTR_ENTITIES_LIMIT", limit), ("QUALYS_BATCH_SIZE", "1")];
        let alone = warm(&alone).await.observe(&known).await;
        assert!(!alone.docs("sightings").is_empty());
        assert_eq!(together, alone, "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_observable_that_fills_a_page_leaves_the_others_to_a_search_of_their_own() {
    let relay = warm(&[("CTR_ENTITIES_LIMIT", "1")]).await;
    let answer = relay.observe(Observables::from([("md5", BUSY), ("sha256", DROPPED)])).await;
    answer.assert_no_errors();
    assert_eq!((sightings_of(&answer, BUSY).len(), sightings_of(&answer, DROPPED).len()), (1, 1));
    // Both are active; only the busy one has as many events in the history.
    assert_eq!(searches(&relay).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn full_pages_cost_at_most_six_requests_more_than_searches_for_each_observable() {
    // Rows that are about none of the observables: nobody knows which one found them.
    let stranger = json!([{"id": "F_1", "dateTime": "2026-03-01T12:19:31.000+0000"}]);
    for (count, expected) in [(2, 6), (10, 26), (50, 106), (400, 806)] {
        let relay = warm(&[]).await;
        relay.sandbox.fault(EVENT_SEARCHES, Fault::json(200, &stranger), Times::Always);
        let answer = relay.observe(many(count)).await;
        answer.assert_no_errors();
        assert_eq!(searches(&relay).len(), expected);
        assert_eq!(answer.docs("sightings").len(), count, "each search alone found it");
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_about_one_observable_costs_no_other() {
    for fault in [
        Fault::status(500),
        Fault::json(400, &json!({"message": "Invalid filter"})),
        Fault::Html,
        Fault::ResetInBody,
        Fault::Huge { bytes: 64 << 20 },
    ] {
        let relay = warm(&[]).await;
        let bad = When::path(EVENT_SEARCHES).mentioning(DROPPED);
        relay.sandbox.fault(bad, fault.clone(), Times::Always);
        let answer = relay.observe(many(10)).await;
        assert_eq!(answer.errors().len(), 1, "{fault:?}");
        assert!(answer.message().ends_with(&format!("This concerns {DROPPED}.")), "{answer:?}");
        assert_eq!(sightings_of(&answer, ADDRESS).len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n11_a_refusal_names_what_was_not_asked() {
    let relay = warm(&[("QUALYS_CONCURRENCY", "1"), ("QUALYS_BATCH_SIZE", "5")]).await;
    let exhausted = Fault::TooManyRequests { retry_after: Some("3600".to_owned()) };
    let second = format!("{:032x}", 3);
    let second = When::path(EVENT_SEARCHES).mentioning(second);
    relay.sandbox.fault(second, exhausted, Times::Always);
    let answer = relay.observe(many(15)).await;
    let [fatal, warning] = [("fatal", "too many requests"), ("warning", "connection error")];
    assert_eq!(answer.errors(), [fatal, warning]);
    assert_eq!(sightings_of(&answer, ADDRESS).len(), 1);
    assert_eq!(searches(&relay).len(), 3);
    let named: Vec<_> = answer.messages().collect();
    assert!(named[0].contains(&format!("{:032x}", 3)), "{named:?}");
    assert!(!named[0].contains(&format!("{:032x}", 8)), "{named:?}");
    // The history of the second group, and the third group whole.
    assert!(named[1].ends_with("and 5 more observables."), "{named:?}");
}

#[tokio::test(start_paused = true)]
async fn events_of_a_full_page_stay_when_nothing_more_is_answered() {
    let relay = warm(&[("QUALYS_CONCURRENCY", "1")]).await;
    let refused = When::path(EVENT_SEARCHES).mentioning(DROPPED_FIRST);
    let exhausted = Fault::TooManyRequests { retry_after: None };
    relay.sandbox.fault(refused, exhausted, Times::Always);
    // One row is about none of them, so that the page is not taken for the whole.
    let extended = Fault::Rewritten(|mut page| {
        if let Some(rows) = page.as_array_mut() {
            rows.push(json!({"id": "F_1"}));
        }
        page
    });
    let joint = When::path(EVENT_SEARCHES).mentioning(format!("{:032x}", 0));
    relay.sandbox.fault(joint, extended, Times::Always);
    let observables = Observables::unknown("md5", 1).and([("sha256", DROPPED), ("ip", ADDRESS)]);
    let answer = relay.observe(observables).await;
    assert_eq!(sightings_of(&answer, DROPPED).len(), 1);
    assert_eq!(sightings_of(&answer, ADDRESS).len(), 1);
    assert!(answer.codes().contains(&"too many requests"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn n05_a_slow_observable_leaves_time_for_the_others() {
    let relay = warm(&[("QUALYS_CONCURRENCY", "4")]).await.within(Duration::from_secs(3));
    let slow = When::path(EVENT_SEARCHES).mentioning(DROPPED);
    relay.sandbox.fault(slow, Fault::SlowHeaders, Times::Always);
    let answer = relay.observe(many(4)).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    assert_eq!(sightings_of(&answer, ADDRESS).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_silent_gateway_is_given_up_soon() {
    let relay = warm(&[]).await.within(Duration::from_millis(1500));
    relay.sandbox.fault(EVENT_SEARCHES, Fault::SlowHeaders, Times::Always);
    let answer = relay.observe(many(50)).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    assert!(!answer.message().contains("concerns"), "{answer:?}");
    assert!(searches(&relay).len() <= 6);
}
