//! Event searches for several observables at once.
//! Specification: docs/relays/gigamon-threatinsight.md#lists.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{
    Fault, Repeated, Times, When,
    gigamon_threatinsight::{DAY_WINDOWS_KEY, EVENTS_BASE, KEY},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{OBSERVE, SERVER, TestRelay, counts, one};

/// Addresses with few and with many events, some of which are about several of them.
const ADDRESSES: [&str; 8] = [
    "198.51.100.23",
    SERVER,
    "10.20.30.47",
    "10.20.30.48",
    "198.51.100.24",
    "198.51.100.61",
    "192.0.2.1",
    "2001:db8:ffff::77",
];

fn addresses(values: &[&str]) -> Value {
    values.iter().map(|value| json!({"type": "ip", "value": value})).collect()
}

/// Returns the ids of the sightings of each observable.
fn by_value(answer: &Answer) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::<_, BTreeSet<_>>::new();
    for doc in answer.docs("sightings") {
        let value = doc["observables"][0]["value"].as_str().unwrap().to_owned();
        all.entry(value).or_default().insert(doc["id"].to_string());
    }
    all
}

fn queries(relay: &TestRelay) -> Vec<String> {
    let calls = relay.calls_to(EVENTS_BASE);
    let query = |call: &sandbox::Call| call.json().unwrap()["query"].as_str().unwrap().to_owned();
    calls.iter().map(query).collect()
}

/// An address with one detection, a name with three, a hash with none and one with two.
const SAMPLE: [(&str, &str); 4] = [
    ("ip", SERVER),
    ("domain", "c2.bad.example"),
    ("md5", "00000000000000000000000000000000"),
    ("md5", "6b1f0e9d8c7b6a594837261504f3e2d1"),
];

/// Returns the first observables of the sample, and unknown addresses.
fn many(of_sample: usize, count: usize) -> Value {
    let sample =
        SAMPLE[..of_sample].iter().map(|(kind, value)| json!({"type": kind, "value": value}));
    let unknown = (0..).map(|host| json!({"type": "ip", "value": format!("192.0.2.{host}")}));
    sample.chain(unknown).take(count).collect()
}

#[tokio::test(start_paused = true)]
async fn fifty_observables_cost_little_more_than_their_detections() {
    for (of_sample, count, expected) in [
        (1, 1, [1, 1, 1, 1]),
        (2, 10, [10, 4, 1, 1]),
        (2, 50, [50, 4, 1, 1]),
        (3, 50, [50, 4, 2, 1]),
        (4, 50, [50, 6, 2, 1]),
    ] {
        let relay = TestRelay::start().await;
        relay.ask(OBSERVE, &many(of_sample, count)).await;
        assert_eq!(counts(&relay), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn addresses_and_names_have_a_query_and_hashes_another() {
    let relay = TestRelay::start().await;
    let observables = json!([
        {"type": "ip", "value": SERVER},
        {"type": "domain", "value": "b.example"},
        {"type": "md5", "value": "CD".repeat(16)},
        {"type": "ipv6", "value": "2001:DB8::77"},
        {"type": "domain", "value": "A.example."},
        {"type": "sha1", "value": "AB".repeat(20)},
    ]);
    relay.ask(OBSERVE, &observables).await;
    let mut queries = queries(&relay);
    queries.sort();
    let hashes = format!("md5 = '{}' OR sha1 = '{}'", "cd".repeat(16), "ab".repeat(20));
    let others = "ip IN ('2001:db8::77', '203.0.113.77') OR domain IN ('a.example', 'b.example')";
    assert_eq!(queries, [others, hashes.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_query_has_no_more_than_fifty_values() {
    let relay = TestRelay::start().await;
    relay.ask(OBSERVE, &many(1, 120)).await;
    let values: Vec<_> =
        queries(&relay).iter().map(|query| query.matches('\'').count() / 2).collect();
    assert_eq!(values.iter().sum::<usize>(), 120);
    assert!(values.len() == 3 && values.iter().all(|count| *count <= 50), "{values:?}");
}

#[tokio::test(start_paused = true)]
async fn observables_asked_together_get_what_they_get_alone() {
    let names = ["c2.bad.example", "portal.bad.example", "fresh.example"];
    let md5 = ["6b1f0e9d8c7b6a594837261504f3e2d1", "2f6c0a9d8e7b5a493827160594e3d2c1"];
    let observables: Vec<_> = ADDRESSES
        .map(|value| ("ip", value))
        .into_iter()
        .chain(names.map(|value| ("domain", value)))
        .chain(md5.map(|value| ("md5", value)))
        .collect();
    for limit in [1, 2, 3, 5, 100] {
        for allows_test_accounts in [true, false] {
            let claims = json!({
                "key": KEY, "CTR_ENTITIES_LIMIT": limit,
                "GTI_ALLOW_TEST_ACCOUNTS": allows_test_accounts,
            });
            let relay = TestRelay::start().await.with_claims(claims);
            let together = by_value(&relay.observe(observables.as_slice()).await);
            for (kind, value) in &observables {
                let alone = relay.ask(OBSERVE, &one(kind, value)).await;
                let expected = by_value(&alone).remove(*value).unwrap_or_default();
                let found = together.get(*value).cloned().unwrap_or_default();
                assert_eq!(found, expected, "{value}, {limit}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_page_is_followed_by_halves_of_those_that_may_have_more() {
    let claims = json!({"key": KEY, "CTR_ENTITIES_LIMIT": 1, "GTI_ALLOW_TEST_ACCOUNTS": true});
    let relay = TestRelay::start().await.with_claims(claims);
    let observables = addresses(&["198.51.100.23", "10.20.30.47", SERVER, "192.0.2.1"]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.docs("sightings").len(), 3);
    let queries = queries(&relay);
    assert!(queries[0].starts_with("ip IN (") && queries.len() <= 7, "{queries:?}");
}

#[tokio::test(start_paused = true)]
async fn one_value_that_fails_hides_no_other() {
    let long = "A".repeat(9 << 20);
    let too_large = Fault::Bytes(format!("{{\"events\": [], \"x\": \"{long}\"}}").into_bytes());
    for fault in [
        Fault::status(500),
        Fault::status(400),
        Fault::status(503),
        Fault::Forbidden,
        Fault::ResetBeforeAnswer,
        Fault::Html,
        Fault::ResetInBody,
        Fault::Malformed,
        too_large,
    ] {
        let relay = TestRelay::start().await;
        let expected = by_value(&relay.ask(OBSERVE, &addresses(&ADDRESSES[1..])).await);
        let failing = When::path(EVENTS_BASE).mentioning("'192.0.2.1'");
        relay.sandbox.fault(failing, fault.clone(), Times::Always);
        let answer = relay.ask(OBSERVE, &addresses(&ADDRESSES[1..])).await;
        assert_eq!(by_value(&answer), expected);
        assert_eq!(answer.errors().len(), 1);
        assert_eq!(answer.errors()[0].0, "warning");
        assert!(answer.message().contains("192.0.2.1"), "{}", answer.message());
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_that_rejects_lists_is_asked_value_by_value() {
    let relay = TestRelay::start().await;
    let expected = by_value(&relay.ask(OBSERVE, &addresses(&ADDRESSES[1..])).await);
    relay.sandbox.forget_calls();
    let lists = When::path(EVENTS_BASE).mentioning(" IN (");
    relay.sandbox.fault(lists, Fault::status(400), Times::Always);
    let answer = relay.ask(OBSERVE, &addresses(&ADDRESSES[1..])).await;
    assert_eq!((answer.errors(), by_value(&answer)), (vec![], expected));
    // The whole window, the newest day, and each value.
    assert_eq!(counts(&relay)[2], 2 + ADDRESSES.len() - 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_names_no_value_belongs_to_the_one_that_is_asked_alone() {
    let relay = TestRelay::start().await;
    let event = json!({"uuid": "u", "timestamp": "2026-03-02T08:00:00Z", "event_type": "flow"});
    let known = When::path(EVENTS_BASE).mentioning("'192.0.2.2'");
    relay.sandbox.fault(known, Fault::json(200, &json!({"events": [event]})), Times::Always);
    let observables = addresses(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.docs("sightings").len(), 1);
    assert_eq!(answer.docs("sightings")[0]["observables"][0]["value"], "192.0.2.2");
}

#[tokio::test(start_paused = true)]
async fn one_busy_observable_takes_no_places_of_others() {
    let relay = TestRelay::start().await;
    let event = json!({
        "uuid": "u", "timestamp": "2026-03-02T08:00:00Z", "event_type": "flow",
        "src": {"ip": "192.0.2.1"},
    });
    let busy = When::path(EVENTS_BASE).mentioning("'192.0.2.1'");
    let repeated = Repeated { depth: 0, item: Some(event.to_string()), bytes: 1 << 20 };
    relay.sandbox.fault(busy, Fault::Repeated(repeated), Times::Always);
    let answer = relay.ask(OBSERVE, &addresses(&["192.0.2.1", SERVER])).await;
    let found = by_value(&answer);
    assert_eq!((found["192.0.2.1"].len(), found[SERVER].len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_rejected_hides_no_other_where_only_days_are_accepted() {
    let relay = TestRelay::start().await;
    let failing = When::path(EVENTS_BASE).mentioning("'192.0.2.1'");
    relay.sandbox.fault(failing, Fault::status(400), Times::Always);
    let claims = json!({"key": DAY_WINDOWS_KEY});
    let answer = relay.with_claims(claims).ask(OBSERVE, &addresses(&["192.0.2.1", SERVER])).await;
    assert_eq!(answer.errors(), [("warning", "invalid argument")]);
    assert_eq!(by_value(&answer)[SERVER].len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_response_is_too_large_is_halved_until_it_fits() {
    let relay = TestRelay::start().await;
    let expected = by_value(&relay.ask(OBSERVE, &addresses(&ADDRESSES)).await);
    relay.sandbox.forget_calls();
    let full = When::path(EVENTS_BASE).mentioning("\"limit\":1600");
    relay.sandbox.fault(full, Fault::Huge { bytes: 9 << 20 }, Times::Always);
    let answer = relay.ask(OBSERVE, &addresses(&ADDRESSES)).await;
    assert_eq!(by_value(&answer), expected);
    let limit = |call: &sandbox::Call| call.json().unwrap()["limit"].as_u64().unwrap();
    let limits: Vec<_> = relay.calls_to(EVENTS_BASE).iter().map(limit).collect();
    assert_eq!(limits, [1600, 800, 800]);
}
