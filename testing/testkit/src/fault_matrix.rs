//! Every fault against one relay: what is answered, what is kept, and what it costs.
//!
//! The results are golden files, `tests/golden/faults/{observe,actions,reputations}.json`, from which
//! docs/reliability.md is made. What holds for every fault is asserted on the way.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use relay_core::Relay;
use serde_json::{Value, json};

use crate::{environment::variable, golden::Case, relay::fixture, runtime::block_on};

mod actions;
mod beside;
mod cases;
mod observe;
mod result;
mod share;
mod unreachable;

use cases::FaultCase;

/// How long a request may take: as long as behind the gateway.
const TIMEOUT: Duration = Duration::from_secs(25);
/// The same where only the deadline ends the request, so that the tests end soon.
const SHORT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time in all relays, which some results quote.
const NOW: Timestamp = sandbox::identity::NOW;

/// Makes the tests of every fault against a relay.
///
/// ```ignore
/// testkit::fault_matrix!(misp::Misp);
/// ```
#[macro_export]
macro_rules! fault_matrix {
    ($relay:ty) => {
        #[test]
        fn faults_affect_only_what_they_hit() {
            $crate::fault_matrix::observe::<$relay>(&$crate::golden!("faults"));
        }

        #[test]
        fn no_fault_repeats_an_action() {
            $crate::fault_matrix::actions::<$relay>(&$crate::golden!("faults"));
        }
    };
}

/// Asks about observables under every fault, and compares the results with the golden ones.
///
/// # Panics
///
/// When an invariant is broken, or a result has changed.
pub fn observe<R: Relay>(golden: &Case) {
    block_on(async {
        let faultless = observe::faultless::<R>().await;
        let results = in_order(observe::cases(), |(fault, _)| fault, observe::run::<R>).await;
        assert_matrix(golden, "observe.json", json!({"faultless": faultless, "faults": results}));
    });
}

/// Triggers every action under every fault, and compares the results with the golden ones.
///
/// # Panics
///
/// As [`observe`].
pub fn actions<R: Relay>(golden: &Case) {
    let cases: Vec<_> = fixture::<R>().actions.iter().flat_map(actions::cases).collect();
    if !cases.is_empty() {
        let results = block_on(in_order(cases, |(_, fault)| fault, actions::run::<R>));
        assert_matrix(golden, "actions.json", json!({"faults": results}));
    }
}

/// Asks in this mode of the fixture under every fault of the requests that mention `part`, which are sent
/// beside the search, and compares the results with the golden ones, a file of the mode's name.
///
/// # Panics
///
/// As [`observe`].
pub fn beside<R: Relay>(golden: &Case, mode: &str, part: &'static str) {
    let run = |fault| beside::run::<R>(fault, mode, part);
    let results = block_on(in_order(beside::cases(), |fault| fault, run));
    assert_matrix(golden, &format!("{mode}.json"), json!({"faults": results}));
}

/// Runs the cases that only wait at the same time; the others one by one, because they would slow
/// each other down.
async fn in_order<T, F: Future>(
    cases: Vec<T>,
    fault: impl Fn(&T) -> &FaultCase,
    run: impl Fn(T) -> F,
) -> Vec<F::Output> {
    let mut results: Vec<_> = cases.iter().map(|_| None).collect();
    let mut waiting = Vec::new();
    for (index, case) in cases.into_iter().enumerate() {
        if fault(&case).waits() {
            waiting.push((index, run(case)));
        } else {
            results[index] = Some(run(case).await);
        }
    }
    let waiting = waiting.into_iter().map(|(index, result)| async move { (index, result.await) });
    for (index, result) in join_all(waiting).await {
        results[index] = Some(result);
    }
    results.into_iter().flatten().collect()
}

/// Times are recorded for the page, and never compared.
fn assert_matrix(golden: &Case, file: &str, mut actual: Value) {
    if variable("UPDATE_GOLDEN").as_deref() != Some("1") {
        let recorded = golden.read(file);
        let results = actual["faults"].as_array_mut().into_iter().flatten();
        for (result, recorded) in results.zip(recorded["faults"].as_array().into_iter().flatten()) {
            result["milliseconds"] = recorded["milliseconds"].clone();
        }
    }
    golden.assert(file, &actual);
}
