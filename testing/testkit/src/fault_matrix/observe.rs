//! One request about several observables, under one fault.

use std::{collections::BTreeMap, time::Duration};

use relay_core::{Relay, Route};
use sandbox::{Call, Fault, Times, When};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    NOW,
    cases::{self, Effect, FaultCase},
    fixture,
    result::{Cost, Kept, ReportedError, kept, reported},
    share,
    unreachable::Unreachable,
};
use crate::{Answer, Observables, Start, TestRelay};

/// Which requests a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Reach {
    #[serde(rename = "every call")]
    Every,
    #[serde(rename = "one observable's calls")]
    One,
    #[serde(rename = "one observable's first call")]
    First,
    #[serde(rename = "all calls but one observable's")]
    Rest,
}

/// The result of one fault.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    fault: &'static str,
    hits: Reach,
    errors: Vec<ReportedError>,
    kept: Kept,
    /// How it affects observables that it does not hit; absent where it may hit all.
    #[serde(skip_serializing_if = "Option::is_none")]
    costs_others: Option<Cost>,
    /// How many requests reached the product.
    calls: usize,
    milliseconds: u128,
}

/// The result without a fault.
#[derive(Debug, Serialize)]
pub(super) struct Faultless {
    asked: usize,
    found: Kept,
    calls: usize,
}

/// Every fault, with each number of hit requests that makes a difference.
pub(super) fn cases() -> Vec<(FaultCase, Reach)> {
    let reaches = |fault: FaultCase| {
        let reaches: &[Reach] = match fault.effect {
            Effect::Always(_) => &[Reach::Every, Reach::One],
            Effect::Once(_) => &[Reach::First],
            Effect::Unreachable(_) => &[Reach::Every],
            Effect::OthersSilent => &[Reach::Rest],
            Effect::None => &[],
        };
        reaches.iter().map(move |reach| (fault.clone(), *reach))
    };
    cases::all().into_iter().flat_map(reaches).collect()
}

fn start<R: Relay>() -> Start<R> {
    TestRelay::start().mode(&fixture::<R>().modes[0]).at(NOW)
}

/// A relay that has answered the request before, and that answer.
async fn warm<R: Relay>() -> (TestRelay<R>, Answer) {
    let relay = start::<R>().await;
    relay.warm_up().await;
    let answer = relay.observe(observables(&relay)).await;
    answer.assert_no_errors();
    relay.sandbox.forget_calls();
    (relay, answer)
}

/// The result when nothing fails.
pub(super) async fn faultless<R: Relay>() -> Faultless {
    let (relay, _) = warm::<R>().await;
    let observables = observables(&relay);
    let answer = relay.observe(&observables).await;
    answer.assert_no_errors();
    let found = kept(&answer, &observables);
    assert_eq!(found.observables, relay.fixture.known.len(), "{}", answer.text);
    Faultless { asked: observables.len(), found, calls: relay.calls().len() }
}

/// Asks a warm relay, and checks what holds for every fault.
pub(super) async fn run<R: Relay>((fault, hits): (FaultCase, Reach)) -> Outcome {
    match fault.effect {
        Effect::Unreachable(place) => unreachable::<R>(&fault, hits, place()).await,
        _ => failing::<R>(&fault, hits).await,
    }
}

/// The product is not at its URL.
async fn unreachable<R: Relay>(fault: &FaultCase, hits: Reach, place: Unreachable) -> Outcome {
    let relay = start::<R>().leading_to(&*place.url).with(&place.settings()).await;
    let (answer, time) = timed(&relay).await;
    answer.assert_failure();
    assert_eq!(answer.get("data"), None, "{}: {}", fault.name, answer.text);
    outcome(fault, hits, &relay, &answer, (&place.url, time))
}

/// The product fails; afterwards it is well again.
async fn failing<R: Relay>(fault: &FaultCase, hits: Reach) -> Outcome {
    let (relay, faultless) = warm::<R>().await;
    break_requests(&relay, hits, &fault.effect);
    let (answer, time) = timed(&relay).await;
    let mut outcome = outcome(fault, hits, &relay, &answer, (relay.sandbox.url(), time));
    assert_at_most_one_retry(fault.name, &relay.calls());
    outcome.costs_others = cost_of_others(&relay, &outcome, &answer, &faultless);
    let is_reported = !outcome.errors.is_empty();
    if !is_reported && !relay.fixture.not_known_faults.contains(&fault.name) {
        assert_eq!(answer, faultless, "something is missing: {}, {hits:?}", fault.name);
    }
    relay.sandbox.clear_faults();
    if !relay.fixture.remembered_faults.contains(&fault.name) {
        let after = relay.observe(observables(&relay)).await;
        assert_eq!(after, faultless, "after {}, {hits:?}", fault.name);
    }
    outcome
}

/// The known observables. Unknown ones stand behind the first, so that no request is about it and
/// the others.
fn observables<R: Relay>(relay: &TestRelay<R>) -> Observables {
    let [first, others @ ..] = relay.fixture.known else { return Observables::default() };
    let padding = if relay.mode.batch_size > 1 { relay.mode.batch_size } else { 0 };
    Observables::from(*first).and(Observables::unknown(first.0, padding)).and(others)
}

async fn timed<R: Relay>(relay: &TestRelay<R>) -> (Answer, Duration) {
    let request = relay.request(Route::Observe).about(observables(relay));
    let start = Instant::now();
    let answer = relay.send(request).await;
    assert_eq!(answer.status, 200);
    (answer, start.elapsed())
}

fn break_requests<R: Relay>(relay: &TestRelay<R>, hits: Reach, effect: &Effect) {
    let [first, .., last] = relay.fixture.known else { return };
    let sandbox = &relay.sandbox;
    match (hits, effect) {
        (Reach::Every, Effect::Always(fault)) => sandbox.fault("", fault.clone(), Times::Always),
        (Reach::One, Effect::Always(fault)) => relay.break_first(fault.clone()),
        (Reach::First, Effect::Once(fault)) => {
            let when = When::path(relay.mode.first_search_path).mentioning(first.1);
            sandbox.fault(when, fault.clone(), Times::Next(1));
        }
        (Reach::Rest, Effect::OthersSilent) => {
            let when = When::any().mentioning(last.1);
            sandbox.fault(when, Fault::Rewritten(|json| json), Times::Always);
            sandbox.fault("", Fault::SlowHeaders, Times::Always);
        }
        _ => unreachable!("each effect has the reaches of `cases`"),
    }
}

fn outcome<R: Relay>(
    fault: &FaultCase,
    hits: Reach,
    relay: &TestRelay<R>,
    answer: &Answer,
    (url, time): (&str, Duration),
) -> Outcome {
    if !answer.error_entries().is_empty() {
        answer.assert_failure();
    }
    Outcome {
        fault: fault.name,
        hits,
        errors: reported(answer, fault, url),
        kept: kept(answer, &observables(relay)),
        costs_others: None,
        calls: relay.calls().len(),
        milliseconds: time.as_millis(),
    }
}

/// No request is sent more than twice.
fn assert_at_most_one_retry(fault: &str, calls: &[Call]) {
    let mut times: BTreeMap<_, usize> = BTreeMap::new();
    for Call { method, path, query, body, .. } in calls {
        *times.entry((method.as_str(), path, query, body)).or_default() += 1;
    }
    assert!(times.values().all(|count| *count <= 2), "{fault}: {calls:#?}");
}

/// What the fault did not hit is answered as without it, unless the product wants no more requests.
fn cost_of_others<R: Relay>(
    relay: &TestRelay<R>,
    outcome: &Outcome,
    answer: &Answer,
    faultless: &Answer,
) -> Option<Cost> {
    match outcome.hits {
        Reach::One | Reach::First => {}
        Reach::Rest => {
            assert!(outcome.kept.observables > 0, "{}: {}", outcome.fault, answer.text);
            return None;
        }
        Reach::Every => return None,
    }
    let others = Observables::from(&relay.fixture.known[1..]);
    if others.iter().all(|one| share::of(answer, one) == share::of(faultless, one)) {
        return Some(Cost::None);
    }
    let wants_no_more = ["too many requests", "authorization error"];
    let may_end = answer.codes().iter().any(|code| wants_no_more.contains(code));
    assert!(may_end, "{} affects others: {}", outcome.fault, answer.text);
    Some(Cost::Rest)
}
