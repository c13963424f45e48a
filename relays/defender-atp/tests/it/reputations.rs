//! Verdicts of Microsoft's threat intelligence: docs/relays/defender-atp.md#reputations.

use sandbox::{
    Fault, Times, When,
    defender_atp::sample,
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::golden;

use crate::test_relay::{OBSERVE, TestRelay, claims, many, one};

const BATCH: &str = "/v1.0/$batch";
const DELIBERATE: &str = "/deliberate/observables";
const ON: (&str, &str) = ("MICROSOFT_REPUTATION", "auto");

fn addresses(count: usize) -> Value {
    (1..=count).map(|n| json!({"type": "ip", "value": format!("192.0.2.{n}")})).collect()
}

#[tokio::test(start_paused = true)]
async fn addresses_domains_and_the_hosts_of_urls_have_verdicts() {
    let relay = TestRelay::with(&[ON, ("CTR_ENTITIES_LIMIT", "1")]).await;
    let observables = many(&[
        ("ip", sample::ADDRESS),
        ("ipv6", sample::ADDRESS_V6),
        ("domain", sample::DOMAIN),
        ("url", sample::WARNED_URL),
        ("sha1", sample::UPDATER_SHA1),
        ("ip", "10.20.4.17"),
    ]);
    let answer = relay.ask(DELIBERATE, &observables).await;
    golden!("reputations").assert_answer(&answer);
    let answer = relay.observe(&observables).await;
    assert_eq!((answer.docs("verdicts").len(), answer.docs("judgements").len()), (4, 4));
    answer.assert_no_errors();
}

#[tokio::test(start_paused = true)]
async fn twenty_hosts_are_asked_about_in_one_batch() {
    for (count, expected) in [(1, 1), (10, 1), (50, 3)] {
        let relay = TestRelay::with(&[ON, ("DEFENDER_HUNTING", "mde")]).await;
        relay.observe(&addresses(count)).await;
        assert_eq!(relay.calls(BATCH).len(), expected, "{count}");
        relay.sandbox.forget_calls();
        relay.ask(DELIBERATE, &addresses(count)).await;
        assert_eq!((relay.calls(BATCH).len(), relay.product_calls().len()), (expected, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_the_answer_is_the_usual_one_with_one_warning() {
    let address = one("ip", sample::ADDRESS);
    let caller = claims(&app::WITHOUT_GRAPH, &tenant::CONTOSO);
    let relay = TestRelay::open().await;
    let expected = relay.ask_with(caller.clone(), OBSERVE, &address).await;
    let relay = TestRelay::with(&[ON]).await;
    let answer = relay.ask_with(caller.clone(), OBSERVE, &address).await;
    assert_eq!(
        (&answer["data"], answer.errors()),
        (&expected["data"], vec![("warning", "permission denied")])
    );
    assert!(answer.message().contains("ThreatIntelligence.Read.All"), "{answer}");
    assert_eq!(relay.ask_with(caller, OBSERVE, &address).await, expected);
}

#[tokio::test(start_paused = true)]
async fn the_seed_features_and_the_setting_leave_them_out() {
    for settings in [[ON, ("DEFENDER_FEATURES", "seed")], [("MICROSOFT_REPUTATION", "off"); 2]] {
        let relay = TestRelay::with(&settings).await;
        let answer = relay.ask(DELIBERATE, &one("ip", sample::ADDRESS)).await;
        assert_eq!(answer, json!({"data": {}}));
        assert!(relay.sandbox.calls().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_costs_the_verdicts_only() {
    let address = one("ip", sample::ADDRESS);
    let expected = TestRelay::open().await.observe(&address).await;
    let relay = TestRelay::with(&[ON]).await;
    let reputations = When::path(BATCH).mentioning("threatIntelligence");
    relay.sandbox.fault(reputations, Fault::status(500), Times::Always);
    let answer = relay.observe(&address).await;
    assert_eq!((&answer["data"], answer.codes()), (&expected["data"], vec!["unknown"]), "{answer}");
}
