//! Events with fields replaced or removed at random give valid CTIM or an error.

use proptest::prelude::*;
use sandbox::{Fault, Times, qualys_ioc::EVENT_SEARCHES};
use serde_json::json;
use testkit::{
    ctim::Route,
    mutation::{self, Change, assert_valid, mutate},
};
use tokio::runtime::Builder;

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, one};

const EVENTS: &str = include_str!("../golden/events.json");

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let list: Vec<_> =
        (0..2000).map(|n| json!({"verdict": n, "ipAddress": n.to_string()})).collect();
    let values = [
        json!(8),
        json!("8"),
        json!("MALICIOUS"),
        json!(":"),
        json!("2026-03-01T12:19:31.000+0000"),
        json!(list),
    ];
    mutation::changes(&values, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn n09_f6_mutated_events_give_valid_answers(
        changes in changes(),
        observables in prop::sample::select(vec![
            one("sha256", DROPPED),
            one("ip", "203.0.113.77"),
            one("mutex", "m"),
            // One query for both.
            json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]),
        ]),
    ) {
        let events = mutate(serde_json::from_str(EVENTS).unwrap(), &changes);
        let answer = Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let relay = TestRelay::start().await;
            relay.sandbox.fault(EVENT_SEARCHES, Fault::json(200, &events), Times::Always);
            relay.ask(OBSERVE, &observables).await
        });
        assert_valid(Route::Observe, &observables, &answer)?;
    }
}
