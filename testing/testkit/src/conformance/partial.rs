//! What one call costs when it fails: its own observables, and nobody else's.

use std::time::Duration;

use relay_core::route::Route;
use sandbox::{Fault, Times, When};
use serde_json::json;

use super::{Ask, Question, Stage, Subject};

/// A warm relay needs a small part of it for a sound call.
const TIME: Duration = Duration::from_millis(1500);

/// The searches about the first known observable fail: all of the last one's data are there.
async fn costs_its_own<S: Subject>(fault: Fault) {
    let stage = Stage::<S>::warm().await;
    let alone = stage.observe(Question::last::<S>()).await;
    stage.break_first(fault.clone());
    let ask = Ask::sound::<S>(Route::Observe).about(Question::apart::<S>()).within(TIME);
    let answer = stage.ask(ask).await;
    answer.assert_failure();
    answer.assert_holds(&alone);
    assert!(alone.all_docs().count() > 0, "{fault:?}");
}

/// A call that is refused or garbled costs its own observables only.
pub async fn n06_n16_a_call_that_fails_costs_its_own<S: Subject>() {
    for fault in [
        Fault::status(500),
        Fault::json(500, &json!({"message": "boom"})),
        Fault::Malformed,
        Fault::Html,
        Fault::Huge { bytes: u64::MAX },
    ] {
        costs_its_own::<S>(fault).await;
    }
}

/// A quota that is used up half-way costs what was not asked yet; what was found stays.
pub async fn n11_a_quota_that_ends_half_way_keeps_what_was_found<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let alone = stage.observe(Question::first::<S>()).await;
    let (_, last) = S::KNOWN[S::KNOWN.len() - 1];
    let used_up = Fault::TooManyRequests { retry_after: Some("3600".to_owned()) };
    stage.sandbox.fault(When::path(S::SEARCH).mentioning(last), used_up, Times::Always);
    let answer = stage.observe(Question::apart::<S>()).await;
    assert_eq!(answer.codes(), ["too many requests"]);
    answer.assert_holds(&alone);
}

/// A call that does not end before the time is up costs its own observables only.
pub async fn n05_l04_a_call_without_end_costs_its_own<S: Subject>() {
    costs_its_own::<S>(Fault::SlowHeaders).await;
}

/// A call whose answer does not end before the time is up costs its own observables only.
pub async fn n05_l04_an_answer_without_end_costs_its_own<S: Subject>() {
    costs_its_own::<S>(Fault::Stall).await;
}

/// What fails for several observables in the same way is said once.
pub async fn equal_failures_are_said_once<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    stage.break_search(Fault::status(500));
    let answer = stage.observe(Question::known::<S>()).await;
    let mut said: Vec<_> = answer.errors().iter().map(ToString::to_string).collect();
    let all = said.len();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), all, "{}", answer.text);
}
