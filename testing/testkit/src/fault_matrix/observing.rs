//! One question about several observables, under one fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use relay_core::route::Route;
use sandbox::{Call, Fault, Times, When};
use serde::Serialize;
use tokio::time::Instant;

use super::{
    Exposed,
    disorder::{self, Disorder, Harm},
    elsewhere::Elsewhere,
    result::{Cost, Kept, Said, kept, milliseconds, said},
    share,
};
use crate::{
    conformance::{Answer, Ask, Question, Stage},
    ctim::Observable,
};

/// Which calls a fault hits.
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

/// What came of a fault.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    fault: &'static str,
    hits: Reach,
    errors: Vec<Said>,
    kept: Kept,
    /// What it costs observables that it does not hit; absent where it may hit all.
    #[serde(skip_serializing_if = "Option::is_none")]
    costs_others: Option<Cost>,
    /// That reached the product.
    calls: usize,
    milliseconds: u64,
}

/// What there is to lose, and what it costs when nothing fails.
#[derive(Debug, Serialize)]
pub(super) struct Faultless {
    asked: usize,
    found: Kept,
    calls: usize,
}

/// Every fault, in each form that makes a difference.
pub(super) fn trials() -> Vec<(Disorder, Reach)> {
    let forms = |disorder: Disorder| {
        let reaches: &[Reach] = match disorder.harm {
            Harm::Lasting(_) => &[Reach::Every, Reach::One],
            Harm::Once(_) => &[Reach::First],
            Harm::Elsewhere(_) => &[Reach::Every],
            Harm::HalfWay => &[Reach::Rest],
            Harm::None => &[],
        };
        reaches.iter().map(move |reach| (disorder.clone(), *reach))
    };
    disorder::all().into_iter().flat_map(forms).collect()
}

/// What is answered when nothing fails.
pub(super) async fn faultless<S: Exposed>() -> Faultless {
    let stage = Stage::<S>::warm().await;
    let question = question::<S>();
    stage.observe(question.clone()).await.assert_good();
    stage.sandbox.forget_calls();
    let answer = stage.observe(question.clone()).await;
    answer.assert_good();
    let found = kept(&answer, &question);
    assert_eq!(found.observables, S::KNOWN.len(), "{}", answer.text);
    Faultless { asked: question.observables().len(), found, calls: stage.calls() }
}

/// One fault: asks a warm relay, and checks what holds for every fault.
pub(super) async fn run<S: Exposed>((disorder, hits): (Disorder, Reach)) -> Outcome {
    match disorder.harm {
        Harm::Elsewhere(place) => nowhere::<S>(&disorder, hits, place()).await,
        _ => broken::<S>(&disorder, hits).await,
    }
}

/// The product is not at its address.
async fn nowhere<S: Exposed>(disorder: &Disorder, hits: Reach, place: Elsewhere) -> Outcome {
    let settings = place.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let stage = Stage::<S>::set().await.led(&place.url, &settings).await;
    let (answer, time) = timed(&stage, disorder).await;
    answer.assert_failure();
    assert!(answer.json.get("data").is_none(), "{}: {}", disorder.name, answer.text);
    outcome(disorder, hits, &stage, &answer, (&place.url, time))
}

/// The product answers as it should not; afterwards it is well again.
async fn broken<S: Exposed>(disorder: &Disorder, hits: Reach) -> Outcome {
    let stage = Stage::<S>::warm().await;
    let faultless = stage.observe(question::<S>()).await;
    faultless.assert_good();
    stage.sandbox.forget_calls();
    break_calls(&stage, hits, &disorder.harm);
    let (answer, time) = timed(&stage, disorder).await;
    let mut outcome = outcome(disorder, hits, &stage, &answer, (stage.sandbox.url(), time));
    assert_modest(disorder.name, &stage.sandbox.calls());
    outcome.costs_others = cost_of_others::<S>(&outcome, &answer, &faultless);
    assert_loss_is_said::<S>(&outcome, &answer, &faultless);
    stage.sandbox.clear_faults();
    if !S::REMEMBERED.contains(&disorder.name) {
        let after = stage.observe(question::<S>()).await;
        assert_eq!(after.json, faultless.json, "after {}, {hits:?}", disorder.name);
    }
    outcome
}

/// The first known observable, so many strangers that no call asks about it and others, the others.
fn question<S: Exposed>() -> Question {
    let strangers = if S::IN_ONE_CALL > 1 { S::IN_ONE_CALL } else { 0 };
    let between = Question::unknown(S::KNOWN[0].0, strangers);
    [Question::first::<S>(), between, Question::of(&S::KNOWN[1..])].into_iter().flatten().collect()
}

async fn timed<S: Exposed>(stage: &Stage<S>, disorder: &Disorder) -> (Answer, Duration) {
    let ask = Ask::sound::<S>(Route::Observe).about(question::<S>()).within(disorder.deadline());
    let start = Instant::now();
    let answer = stage.ask(ask).await;
    assert_eq!(answer.status, 200);
    (answer, start.elapsed())
}

fn break_calls<S: Exposed>(stage: &Stage<S>, hits: Reach, harm: &Harm) {
    let first = S::KNOWN[0].1;
    let last = S::KNOWN[S::KNOWN.len() - 1].1;
    let sandbox = &stage.sandbox;
    match (hits, harm) {
        (Reach::Every, Harm::Lasting(fault)) => sandbox.fault("", fault.clone(), Times::Always),
        (Reach::One, Harm::Lasting(fault)) => stage.break_first(fault.clone()),
        (Reach::First, Harm::Once(fault)) => {
            let when = When::path(S::FIRST_CALL).mentioning(first);
            sandbox.fault(when, fault.clone(), Times::Next(1));
        }
        (Reach::Rest, Harm::HalfWay) => {
            sandbox.fault(When::any().mentioning(last), Fault::Rewritten(|it| it), Times::Always);
            sandbox.fault("", Fault::SlowHeaders, Times::Always);
        }
        _ => unreachable!("the forms of a fault are those of `trials`"),
    }
}

fn outcome<S: Exposed>(
    disorder: &Disorder,
    hits: Reach,
    stage: &Stage<S>,
    answer: &Answer,
    (url, time): (&str, Duration),
) -> Outcome {
    if !answer.errors().is_empty() {
        answer.assert_failure();
    }
    Outcome {
        fault: disorder.name,
        hits,
        errors: said(answer, disorder, url),
        kept: kept(answer, &question::<S>()),
        costs_others: None,
        calls: stage.calls(),
        milliseconds: milliseconds(time),
    }
}

/// Nothing is asked more than twice.
fn assert_modest(fault: &str, calls: &[Call]) {
    let mut times: BTreeMap<_, usize> = BTreeMap::new();
    for Call { method, path, query, body, .. } in calls {
        *times.entry((method.as_str(), path, query, body)).or_default() += 1;
    }
    assert!(times.values().all(|count| *count <= 2), "{fault}: {calls:#?}");
}

/// What the fault did not hit is answered as if there were none. Details may be missing where a
/// warning says so; entities, where the product wants nobody to ask on.
fn cost_of_others<S: Exposed>(
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
    let others = Question::of(&S::KNOWN[1..]);
    let is_same = |part: fn(&Answer, &Observable) -> BTreeSet<String>| {
        others.observables().iter().all(|one| part(answer, one) == part(faultless, one))
    };
    if is_same(share::of) {
        return Some(Cost::None);
    }
    let warns = answer.errors().iter().any(|error| error["type"] == "warning");
    if is_same(share::names) && warns {
        return Some(Cost::Details);
    }
    let is_unwelcome = |code: &&str| matches!(*code, "too many requests" | "authorization error");
    let may_end = answer.codes().iter().any(is_unwelcome);
    assert!(may_end, "{} costs others something: {}", outcome.fault, answer.text);
    Some(Cost::Rest)
}

/// Where something is missing, an error says so.
fn assert_loss_is_said<S: Exposed>(outcome: &Outcome, answer: &Answer, faultless: &Answer) {
    let is_silent = outcome.errors.is_empty() && !S::NO_DATA.contains(&outcome.fault);
    if is_silent {
        assert_eq!(answer.json, faultless.json, "{}, {:?}", outcome.fault, outcome.hits);
    }
}
