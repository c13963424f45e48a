//! `CTR_ENTITIES_LIMIT`: how many entities of each type an observable may have.

use std::collections::BTreeMap;

use relay_core::route::Route;
use serde_json::{Value, json};

use super::{Answer, Ask, Question, Stage, Subject};
use crate::ctim;

fn busy<S: Subject>() -> Question {
    Question::of(&[S::BUSY])
}

/// What a caller with this limit in the token is told.
async fn with_claim<S: Subject>(stage: &Stage<S>, limit: Value, question: Question) -> Answer {
    let mut claims = S::claims();
    claims["CTR_ENTITIES_LIMIT"] = limit;
    stage.ask(Ask::sound::<S>(Route::Observe).claims(claims).about(question)).await
}

/// No observable has more entities of a type; relationships follow from the rest.
#[track_caller]
fn assert_within(answer: &Answer, question: &Question, limit: usize) {
    let route = ctim::Route::Observe;
    let mut findings = ctim::check(route, &answer.json, &question.asked().at_most(limit));
    findings.retain(|found| found.rule == "limit" && !found.path.ends_with("relationships"));
    assert_eq!(findings, []);
}

/// A limit in the token holds exactly, whether a number or digits.
pub async fn c11_the_token_sets_the_limit<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    for (limit, claim) in [(1, json!(1)), (3, json!("3")), (5, json!(5))] {
        let answer = with_claim(&stage, claim, busy::<S>()).await;
        assert_eq!(answer.docs("sightings").len(), limit);
        assert_within(&answer, &busy::<S>(), limit);
    }
}

/// A limit in the environment holds where the token has none.
pub async fn the_environment_sets_the_limit<S: Subject>() {
    for (limit, setting) in [(1, "1"), (3, "3"), (5, " 5 ")] {
        let stage = Stage::<S>::with(&[("CTR_ENTITIES_LIMIT", setting)]).await;
        assert_eq!(stage.observe(busy::<S>()).await.docs("sightings").len(), limit);
        let claimed = with_claim(&stage, json!(2), busy::<S>()).await;
        assert_eq!(claimed.docs("sightings").len(), 2);
    }
}

/// What is no limit falls to the next source.
pub async fn c11_senseless_limits_fall_to_the_next_source<S: Subject>() {
    let stage = Stage::<S>::with(&[("CTR_ENTITIES_LIMIT", "2")]).await;
    for odd in [json!(0), json!(-1), json!(2.9), json!("abc"), json!("-1"), json!(""), json!(null)]
    {
        let answer = with_claim(&stage, odd.clone(), busy::<S>()).await;
        assert_eq!(answer.docs("sightings").len(), 2, "{odd}");
    }
    let stage = Stage::<S>::with(&[("CTR_ENTITIES_LIMIT", "none")]).await;
    let usual = Stage::<S>::set().await.observe(busy::<S>()).await;
    let answer = stage.observe(busy::<S>()).await;
    assert_eq!(answer.docs("sightings").len(), usual.docs("sightings").len());
    assert_within(&answer, &busy::<S>(), 100);
}

/// A limit without end still has one, and gives at least what the usual one gives.
pub async fn c11_an_endless_limit_has_an_end<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let usual = stage.observe(busy::<S>()).await;
    let endless = json!("99999999999999999999999999");
    let answer = with_claim(&stage, endless, busy::<S>()).await;
    assert_within(&answer, &busy::<S>(), 1000);
    assert!(answer.docs("sightings").len() >= usual.docs("sightings").len());
}

/// An observable with many entities takes none away from the others.
pub async fn the_limit_is_each_observables_own<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let question: Question = [busy::<S>(), Question::known::<S>()].into_iter().flatten().collect();
    let answer = with_claim(&stage, json!(1), question.clone()).await;
    assert_within(&answer, &question, 1);
    let mut found = BTreeMap::<String, usize>::new();
    for observables in answer.docs("sightings").iter().map(|doc| &doc["observables"]) {
        *found.entry(observables.to_string()).or_default() += 1;
    }
    for (kind, value) in S::KNOWN {
        let alone = with_claim(&stage, json!(1), Question::of(&[(*kind, *value)])).await;
        answer.assert_holds(&alone);
    }
    assert!(found.values().all(|count| *count == 1), "{found:?}");
}
