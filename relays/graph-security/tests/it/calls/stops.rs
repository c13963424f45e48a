//! What is asked again in parts, what is not asked at all, and how the answer names it:
//! docs/relays/graph-security.md#hunting-queries, docs/relays/graph-security.md#batches.

use sandbox::{Fault, Times, When};
use serde_json::{Value, json};

use crate::test_relay::{ADDRESS, BATCH, HUNT, SHA256, TestRelay, alert_ids, one, sightings};

/// A response of more than a relay reads.
const TOO_LARGE: Fault = Fault::Huge { bytes: 9 << 20 };

#[tokio::test(start_paused = true)]
async fn l08_a_hunting_query_whose_rows_are_too_large_is_asked_in_halves() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    let (of_address, of_file) =
        (relay.observe(&one("ip", ADDRESS)).await, relay.observe(&one("sha256", SHA256)).await);
    let both = json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}]);
    let too_many = When::path(HUNT).mentioning("let sha256_values");
    relay.sandbox.fault(too_many, TOO_LARGE, Times::Next(1));
    relay.sandbox.forget_calls();
    let answer = relay.observe(&both).await;
    assert_eq!(answer.errors(), []);
    let expected = [alert_ids(&of_address), alert_ids(&of_file)].concat();
    assert_eq!((alert_ids(&answer), relay.calls(HUNT).len()), (expected, 3));
}

#[tokio::test(start_paused = true)]
async fn l08_only_the_observable_that_is_too_large_alone_is_given_up() {
    let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    relay.sandbox.fault(When::path(HUNT).mentioning(SHA256), TOO_LARGE, Times::Always);
    let both = json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}]);
    let answer = relay.observe(&both).await;
    assert_eq!((sightings(&answer).len(), answer.codes()), (3, vec!["unknown"]), "{answer}");
    assert!(answer.message().ends_with(&format!("This concerns {SHA256}.")), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn no_batch_is_sent_after_a_refusal_that_it_would_meet_too() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(BATCH, Fault::status(403), Times::Always);
    let addresses: Value = (0..400)
        .map(|n| json!({"type": "ip", "value": format!("198.18.{}.{}", n / 200, n % 200 + 1)}))
        .collect();
    let answer = relay.observe(&addresses).await;
    assert_eq!(answer.errors(), [("fatal", "permission denied")], "{answer}");
    assert!((10..20).contains(&relay.calls(BATCH).len()));
}
