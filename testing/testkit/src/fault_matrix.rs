//! Every fault against one relay: what is answered, what is kept, and what it costs.
//!
//! The results are golden files, `tests/golden/faults/{observe,actions,reputations}.json`, from which
//! docs/reliability.md is made. What holds for every fault is asserted on the way.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use relay_core::Relay;
use serde_json::json;

use crate::{golden::Case, relay::fixture, runtime::block_on_paused};

mod actions;
mod beside;
mod cases;
mod observe;
mod result;
mod share;
mod unreachable;

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
    block_on_paused(async {
        let faultless = observe::faultless::<R>().await;
        let results = in_order(observe::cases(), observe::run::<R>).await;
        golden.assert("observe.json", &json!({"faultless": faultless, "faults": results}));
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
        let results = block_on_paused(in_order(cases, actions::run::<R>));
        golden.assert("actions.json", &json!({"faults": results}));
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
    let results = block_on_paused(in_order(beside::cases(), run));
    golden.assert(&format!("{mode}.json"), &json!({"faults": results}));
}

/// Runs the cases one by one.
async fn in_order<T, F: Future>(cases: Vec<T>, run: impl Fn(T) -> F) -> Vec<F::Output> {
    stream::iter(cases).then(run).collect().await
}
