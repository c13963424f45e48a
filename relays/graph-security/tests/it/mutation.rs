//! Alerts with members replaced and removed at random give valid CTIM or a clear error.

use proptest::prelude::*;
use sandbox::{Fault, Times};
use serde_json::{Value, json};
use testkit::{
    Answer,
    ctim::Route,
    mutation::{self, Change, assert_valid, mutate},
};
use tokio::runtime::Runtime;

use crate::test_relay::{ADDRESS, BATCH, HUNT, SHA256, TestRelay};

/// Responses to the requests about [`observables`].
const ALERTS: &str = include_str!("../golden/microsoft/batch.json");
const LEGACY: &str = include_str!("../golden/microsoft/legacy.json");
const ROWS: &str = include_str!("../golden/microsoft/hunt.json");

fn observables() -> Value {
    json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}])
}

/// Returns the answer when requests to `path` get the changed response.
fn answer(settings: &[(&str, &str)], (path, response): (&str, &str), changes: &[Change]) -> Answer {
    let changed = mutate(serde_json::from_str(response).unwrap(), changes);
    Runtime::new().unwrap().block_on(async {
        let relay = TestRelay::with(settings).await;
        relay.sandbox.fault(path, Fault::json(200, &changed), Times::Always);
        relay.observe(&observables()).await
    })
}

fn check(answer: &Answer) -> Result<(), TestCaseError> {
    assert_valid(Route::Observe, &observables(), answer)
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let own = [
        json!(429),
        json!("0"),
        json!("#microsoft.graph.security.fileEvidence"),
        json!("2026-03-01T12:19:31.000+0000"),
        json!("javascript:alert(1)"),
    ];
    mutation::changes(&own, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn n09_f6_mutated_alerts_give_valid_answers(changes in changes()) {
        check(&answer(&[("GRAPH_V2_STRATEGY", "filter")], (BATCH, ALERTS), &changes))?;
    }

    #[test]
    fn n09_f6_mutated_legacy_alerts_give_valid_answers(changes in changes()) {
        check(&answer(&[("GRAPH_BACKEND", "alerts")], (BATCH, LEGACY), &changes))?;
    }

    #[test]
    fn n09_f6_mutated_hunting_rows_give_valid_answers(changes in changes()) {
        check(&answer(&[("GRAPH_V2_STRATEGY", "hunting")], (HUNT, ROWS), &changes))?;
    }
}
