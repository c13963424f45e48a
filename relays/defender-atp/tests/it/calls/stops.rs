//! What is asked again in parts, what is not asked at all, and how the answer names it:
//! docs/relays/defender-atp.md#quotas-and-call-budget.

use sandbox::{Fault, Times, When, defender_atp::sample};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{HUNT, OWN_HUNT, TestRelay, alert_ids, many};

/// A response of more than a relay reads.
const TOO_LARGE: Fault = Fault::Huge { bytes: 9 << 20 };

fn events(answer: &Answer) -> usize {
    alert_ids(answer).iter().filter(|id| **id == "-").count()
}

#[tokio::test(start_paused = true)]
async fn l08_a_hunting_query_whose_rows_are_too_large_is_asked_in_halves() {
    let observables = many(&[("ip", "192.0.2.1"), ("ip", "192.0.2.2"), ("ip", sample::ADDRESS)]);
    for (api, path) in [("graph", HUNT), ("mde", OWN_HUNT)] {
        let relay = TestRelay::with(&[("DEFENDER_HUNTING", api)]).await;
        let both = When::path(path).mentioning("192.0.2.2', '::ffff:192.0.2.2', '203.0.113.80");
        relay.sandbox.fault(both, TOO_LARGE, Times::Always);
        let answer = relay.observe(&observables).await;
        assert_eq!((events(&answer), answer.errors()), (12, vec![]), "{answer}");
        let queries = relay.calls(path);
        assert_eq!(
            queries
                .iter()
                .filter(|call| String::from_utf8_lossy(&call.body).contains("let hits"))
                .count(),
            3
        );
    }
}

#[tokio::test(start_paused = true)]
async fn l08_only_the_observable_that_is_too_large_alone_is_given_up() {
    let relay = TestRelay::open().await;
    let events_of_one = When::path(HUNT).mentioning("'192.0.2.2'");
    relay.sandbox.fault(events_of_one, TOO_LARGE, Times::Always);
    let observables = many(&[("ip", "192.0.2.1"), ("ip", "192.0.2.2"), ("ip", sample::ADDRESS)]);
    let answer = relay.observe(&observables).await;
    assert_eq!((events(&answer), answer.errors()), (12, vec![("warning", "unknown")]), "{answer}");
    assert!(answer.message().ends_with("This concerns 192.0.2.2."), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn l08_fewer_rows_of_one_observable_are_told() {
    let relay = TestRelay::open().await;
    let all_rows = When::path(HUNT).mentioning("where Rank <= 100");
    relay.sandbox.fault(all_rows, TOO_LARGE, Times::Always);
    let answer = relay.observe(&many(&[("ip", sample::ADDRESS)])).await;
    assert_eq!((events(&answer), answer.errors()), (12, vec![("warning", "unknown")]));
    assert!(answer.message().contains("no more than 12 records"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_asked_after_a_refusal_is_named() {
    for (status, code) in [(403, "permission denied"), (429, "too many requests")] {
        let relay = TestRelay::with(&[("DEFENDER_HUNTING", "off")]).await;
        relay.sandbox.fault("/api/ips", Fault::status(status), Times::Always);
        let addresses = (1..=30).map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")}));
        let file = json!({"type": "sha1", "value": sample::UPDATER_SHA1});
        let observables: Value = [file].into_iter().chain(addresses).collect();
        let answer = relay.observe(&observables).await;
        assert!(!alert_ids(&answer).is_empty());
        let expected = [("fatal", code), ("warning", "connection error")];
        assert_eq!(answer.errors(), expected, "{answer}");
        let messages: Vec<_> = answer.messages().collect();
        assert!(messages[0].contains("This concerns 192.0.2.1,"), "{answer}");
        assert!(messages[1].contains("was not asked about every observable"), "{answer}");
        assert!(relay.calls("/api/ips").len() < 30);
    }
}
