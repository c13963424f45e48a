//! Requests beside the search under one fault: what they bring is missing, and nothing else.

use relay_core::{Relay, Route};
use sandbox::{Call, Times, When};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    NOW,
    cases::{self, Effect, FaultCase},
    fixture,
    result::{ReportedError, reported},
};
use crate::{Answer, Observables, TestRelay};

/// The result of one fault.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    fault: &'static str,
    errors: Vec<ReportedError>,
    /// The verdicts that are there, and those without a fault.
    verdicts: [usize; 2],
    /// How many of these requests reached the product.
    calls: usize,
    milliseconds: u128,
}

/// Every fault that can hit some of the requests.
pub(super) fn cases() -> Vec<FaultCase> {
    let hits = |fault: &FaultCase| matches!(fault.effect, Effect::Always(_) | Effect::Once(_));
    cases::all().into_iter().filter(hits).collect()
}

/// Asks a warm relay in this mode while the requests that mention `part` fail.
pub(super) async fn run<R: Relay>(fault: FaultCase, mode: &str, part: &'static str) -> Outcome {
    let modes = &fixture::<R>().modes;
    let mode = modes.iter().find(|one| one.name == mode).expect("a mode of the fixture");
    let relay = TestRelay::<R>::start().mode(mode).at(NOW).await;
    relay.warm_up().await;
    let known = || Observables::from(relay.fixture.known);
    let faultless = relay.observe(known()).await;
    faultless.assert_no_errors();
    relay.sandbox.forget_calls();
    let when = When::any().mentioning(part);
    match &fault.effect {
        Effect::Always(effect) => relay.sandbox.fault(when, effect.clone(), Times::Always),
        Effect::Once(effect) => relay.sandbox.fault(when, effect.clone(), Times::Next(1)),
        Effect::None | Effect::Unreachable(_) | Effect::OthersSilent => {}
    }
    let start = Instant::now();
    let request = relay.request(Route::Observe).about(known());
    let answer = relay.send(request).await;
    let outcome = Outcome {
        fault: fault.name,
        errors: reported(&answer, &fault, relay.sandbox.url()),
        verdicts: [&answer, &faultless].map(|answer| answer.docs("verdicts").len()),
        calls: relay.calls_where(|call| mentions(call, part)).len(),
        milliseconds: start.elapsed().as_millis(),
    };
    assert_beside(&outcome, &answer, &faultless);
    outcome
}

fn mentions(call: &Call, part: &str) -> bool {
    String::from_utf8_lossy(&call.body).contains(part)
}

/// Sightings are as without the fault, and a warning says what is missing.
#[track_caller]
fn assert_beside(outcome: &Outcome, answer: &Answer, faultless: &Answer) {
    assert_eq!(answer.docs("sightings"), faultless.docs("sightings"), "{outcome:#?}");
    assert!(answer.errors().iter().all(|(weight, _)| *weight == "warning"), "{outcome:#?}");
    assert!(answer.errors().len() <= 1, "{outcome:#?}");
    let [there, all] = outcome.verdicts;
    assert!(all > 0, "{outcome:#?}");
    assert_eq!(there == all, outcome.errors.is_empty(), "{outcome:#?}");
}
