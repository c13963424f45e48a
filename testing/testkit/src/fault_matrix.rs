//! Every fault against one relay: what is answered, what is kept, and what it costs.
//!
//! The results are golden files, `tests/golden/faults/{observe,actions}.json`; the pages of
//! documentation are made of them. What must hold for every fault is asserted on the way.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::{conformance::Subject, environment::variable, golden::Case};

mod acting;
mod disorder;
mod elsewhere;
mod observing;
mod result;
mod share;

use disorder::Disorder;

/// How long a request may take: as long as behind the gateway.
const DEADLINE: Duration = Duration::from_secs(25);
/// The same where nothing but the deadline ends it, so that nobody waits long for the tests.
const SHORT_DEADLINE: Duration = Duration::from_secs(3);

/// A relay's own part of the matrix.
pub trait Exposed: Subject {
    /// How the path of the first call about an observable begins.
    const FIRST_CALL: &'static str = Self::SEARCH;
    /// Faults that the relay remembers on purpose for longer than one request.
    const REMEMBERED: &'static [&'static str] = &[];
    /// Faults that mean "not known" to the product where they hit one observable.
    const NO_DATA: &'static [&'static str] = &[];
    /// What the relay can do. None for most.
    const DEEDS: &'static [Deed] = &[];

    /// Settings that only the deeds need, for a product at this URL.
    fn further_settings(_url: &str) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Claims that only the deeds need.
    fn further_claims() -> Map<String, Value> {
        Map::new()
    }
}

/// An action as it is triggered, and the one call that does it.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    /// What a reader calls it.
    pub name: &'static str,
    /// The action's id.
    pub id: &'static str,
    /// The observable's type.
    pub kind: &'static str,
    /// The observable's value.
    pub value: &'static str,
    /// How the path of the call begins; it is a `POST`.
    pub path: &'static str,
}

/// Makes the tests for an [`Exposed`] relay; the second one where it can do something.
///
/// ```ignore
/// testkit::fault_matrix!(Misp: no_fault_costs_what_it_did_not_hit);
/// ```
#[macro_export]
macro_rules! fault_matrix {
    ($subject:ty: $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                let case = $crate::golden!("faults");
                $crate::conformance::hold($crate::fault_matrix::$rule::<$subject>(&case));
            }
        )*
    };
}

/// Asks about observables under every fault, and compares the results with the golden ones.
///
/// # Panics
///
/// When an invariant is broken, or a result is another one than it was.
pub async fn no_fault_costs_what_it_did_not_hit<S: Exposed>(case: &Case) {
    let faultless = observing::faultless::<S>().await;
    let results = in_order(observing::trials(), |(disorder, _)| disorder, observing::run::<S>);
    assert_matrix(case, "observe.json", json!({"faultless": faultless, "faults": results.await}));
}

/// Triggers every deed under every fault, and compares the results with the golden ones.
///
/// # Panics
///
/// As [`no_fault_costs_what_it_did_not_hit`].
pub async fn no_fault_makes_an_action_happen_twice<S: Exposed>(case: &Case) {
    let trials: Vec<_> = S::DEEDS.iter().flat_map(acting::trials).collect();
    let results = in_order(trials, |(_, disorder)| disorder, acting::run::<S>);
    assert_matrix(case, "actions.json", json!({"faults": results.await}));
}

/// Those that only wait side by side; the others one by one, because they would take the
/// processor from each other.
async fn in_order<T, F: Future>(
    trials: Vec<T>,
    disorder: impl Fn(&T) -> &Disorder,
    run: impl Fn(T) -> F,
) -> Vec<F::Output> {
    let mut results: Vec<_> = trials.iter().map(|_| None).collect();
    let mut patient = Vec::new();
    for (place, trial) in trials.into_iter().enumerate() {
        if disorder(&trial).waits() {
            patient.push((place, run(trial)));
        } else {
            results[place] = Some(run(trial).await);
        }
    }
    let outcomes = patient.into_iter().map(|(place, trial)| async move { (place, trial.await) });
    for (place, outcome) in join_all(outcomes).await {
        results[place] = Some(outcome);
    }
    results.into_iter().flatten().collect()
}

/// Times are written for the reader, and never compared.
fn assert_matrix(case: &Case, file: &str, mut actual: Value) {
    if variable("UPDATE_GOLDEN").as_deref() != Some("1") {
        let recorded = case.read(file);
        let results = actual["faults"].as_array_mut().into_iter().flatten();
        for (result, recorded) in results.zip(recorded["faults"].as_array().into_iter().flatten()) {
            result["milliseconds"] = recorded["milliseconds"].clone();
        }
    }
    case.assert(file, &actual);
}
