//! What becomes of the values that are asked about.

use relay_core::{Relay, input::MOST_OBSERVABLES, route::Route};
use serde_json::{Value, json};

use super::{Ask, Question, Stage, Subject, policies};
use crate::ctim::Observable;

/// Values that no product knows, although careless questions would find everything with them.
const ODD: &[&str] = &[
    " ",
    "\t\n",
    "0",
    "%",
    "%%",
    "*",
    "?",
    "_",
    ".",
    "..",
    "-",
    "'",
    "\"",
    "\\",
    "`",
    "a'b\"c\\d",
    "' or 1 eq 1 or 'a' eq 'a",
    "\" OR \"a\":\"a",
    "x' | union * //",
    "{{x}}",
    "a\r\nb",
    "\u{0}",
    "\u{202e}elpmaxe.dab",
    "../../x",
    "x?y=z&a#b",
    "😀",
    "null",
    "true",
];

/// Blanks, wildcards, operators and the like find nothing in any type, and break nothing.
pub async fn i12_odd_values_find_nothing<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let long = "x".repeat(64 * 1024);
    let values = || ODD.iter().copied().chain([long.as_str()]);
    let types = S::Relay::ABOUT.observables.iter().map(|(kind, _)| kind.as_str());
    let odd: Question =
        types.flat_map(|kind| values().map(move |value| Question::one(kind, value))).collect();
    for route in policies::asking::<S>() {
        let answer = stage.ask(Ask::sound::<S>(route).about(odd.clone())).await;
        assert_eq!(answer.all_docs().count(), 0, "{}", answer.text);
        let is_warning = |error: &Value| error["type"] == "warning";
        assert!(answer.errors().iter().all(is_warning), "{}", answer.text);
    }
}

/// An odd value beside a known one costs it nothing.
pub async fn i12_odd_values_cost_the_others_nothing<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let alone = stage.observe(Question::first::<S>()).await;
    let kind = S::KNOWN[0].0;
    let odd = ODD.iter().map(|value| Question::one(kind, value)).collect::<Question>();
    let beside: Question = [odd, Question::first::<S>()].into_iter().flatten().collect();
    stage.observe(beside).await.assert_holds(&alone);
}

/// The answer names the value as it was asked, and finds it in any spelling.
pub async fn values_are_echoed_as_asked<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    for known in S::KNOWN {
        for spelled in spellings(known.0, known.1) {
            let question: Question = [spelled.clone()].into_iter().collect();
            let answer = stage.observe(question).await;
            answer.assert_good();
            let named = json!({"type": known.0, "value": spelled.value});
            assert!(answer.text.contains(&named.to_string()), "{spelled:?} {}", answer.text);
        }
    }
}

/// What is asked twice, in whatever spelling, is answered once, under its first spelling.
pub async fn l05_repeats_are_answered_once<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let once = stage.observe(Question::known::<S>()).await;
    let again = S::KNOWN.iter().flat_map(|(kind, value)| spellings(kind, value));
    let repeated = Question::known::<S>().into_iter().chain(again).collect();
    let answer = stage.observe(repeated).await;
    assert_eq!(answer.json, once.json);
}

/// The order of the question is the order of the answer, and changes no id.
pub async fn order_is_kept_and_changes_no_id<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let question = Question::known::<S>();
    let forward = stage.observe(question.clone()).await;
    let backward = stage.observe(question.reversed()).await;
    assert_eq!(forward.identities(), backward.identities());
    for (answer, question) in [(&forward, &question), (&backward, &question.reversed())] {
        let place = |doc: &Value| {
            let first = Observable::of(&doc["observables"][0])?;
            question.observables().iter().position(|one| *one == first)
        };
        let places: Vec<_> = answer.docs("sightings").iter().filter_map(place).collect();
        assert!(places.is_sorted() && !places.is_empty(), "{places:?}");
    }
}

/// The same question has the same answer, in another process too.
pub async fn the_same_question_has_the_same_answer<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let first = stage.observe(Question::known::<S>()).await;
    let second = stage.observe(Question::known::<S>()).await;
    let elsewhere = stage.fresh().await.observe(Question::known::<S>()).await;
    assert_eq!((&first.json, &first.json), (&second.json, &elsewhere.json));
}

/// Ten thousand observables are cut with a warning, cost a bounded number of calls, few at a time.
pub async fn l05_ten_thousand_observables_are_cut<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let crowd = Question::unknown(S::KNOWN[0].0, 10_000);
    let question = [Question::first::<S>(), crowd].into_iter().flatten().collect();
    let answer = stage.observe(question).await;
    assert!(answer.all_docs().count() > 0);
    assert!(answer.errors().iter().any(|error| error["type"] == "warning"), "{}", answer.text);
    assert!(stage.calls() <= MOST_OBSERVABLES * S::CALLS, "{}", stage.calls());
    assert!(stage.sandbox.peak_concurrency() <= 16);
}

/// Links and actions of many observables stay within bounds too.
pub async fn l05_many_links_and_actions_are_cut<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    let crowd = Question::unknown(S::KNOWN[0].0, 10_000);
    for route in policies::asking::<S>().filter(|route| *route != Route::Observe) {
        let answer = stage.ask(Ask::sound::<S>(route).about(crowd.clone())).await;
        assert!(answer.errors().iter().any(|error| error["type"] == "warning"), "{}", answer.text);
    }
}

/// Other ways to write the same observable.
fn spellings(kind: &str, value: &str) -> Vec<Observable> {
    let spelled = |kind: &str, value: &str| Observable { kind: kind.into(), value: value.into() };
    let upper = value.to_uppercase();
    let mut all = vec![spelled(&kind.to_uppercase(), value)];
    match kind {
        "md5" | "sha1" | "sha256" | "ipv6" => all.push(spelled(kind, &upper)),
        "domain" | "hostname" => {
            all.extend([upper.clone(), format!("{value}.")].map(|value| spelled(kind, &value)));
        }
        _ => {}
    }
    all
}
