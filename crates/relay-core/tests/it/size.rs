//! Large questions and large answers: catalogue rows L03 and L05.

use relay_core::{MAX_ANSWER_BYTES, MAX_OBSERVABLES};
use serde_json::{Value, json};
use testkit::token::SECRET;

use crate::{
    fixture::{Fixture, account, hs256},
    test_call::{Answer, TestCall, observe, post},
    wire::ScriptedResponse,
};

/// A token that lets a thousand entities of each type through.
fn generous() -> String {
    account().claim("CTR_ENTITIES_LIMIT", 1000).hs256(SECRET.as_bytes())
}

/// Hits with long notes; every tenth is malicious, every fifth follows one of seven rules.
fn hits(count: usize) -> Value {
    let hit = |id: usize| {
        let mut hit = json!({"id": id.to_string(), "note": "note ".repeat(1000)});
        if id.is_multiple_of(5) {
            hit["rule"] = json!(format!("rule {}", id % 7));
            hit["malicious"] = json!(id.is_multiple_of(10));
        }
        hit
    };
    json!({"hits": (0..count).map(hit).collect::<Vec<_>>()})
}

/// How many entities an answer holds, whose counts must be true.
fn entities(answer: &Answer) -> usize {
    let collections = answer.json["data"].as_object().unwrap();
    let counts = collections.values().map(|collection| {
        let docs = collection["docs"].as_array().unwrap().len();
        assert_eq!(collection["count"], docs);
        docs
    });
    counts.sum()
}

/// The number of entries that the warning says were left out.
fn left_out(answer: &Answer) -> usize {
    let [warning] = answer.errors() else { panic!("{:?}", answer.errors()) };
    assert_eq!(warning["type"], "warning");
    let text = warning["message"].as_str().unwrap();
    let number = text.split(' ').find_map(|word| word.parse().ok());
    assert!(text.contains("too large") && text.contains("left out"), "{text}");
    number.unwrap()
}

/// An answer is cut to the limit, and not much below it.
fn assert_just_fits(answer: &Answer) {
    let bytes = answer.text.len();
    assert!((MAX_ANSWER_BYTES * 99 / 100..=MAX_ANSWER_BYTES).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn l03_an_answer_that_fits_is_whole() {
    let fixture = Fixture::new().await;
    fixture.product.always("/search", ScriptedResponse::json(&hits(500)));
    let answer = fixture.answer(observe(&generous(), &["a.test"])).await;
    assert!(answer.is_ok(), "{:?}", answer.errors());
    // 500 sightings, 50 judgements, 7 indicators, 100 + 50 relationships, 1 verdict.
    assert_eq!(entities(&answer), 500 + 50 + 7 + 150 + 1);
}

#[tokio::test]
async fn l03_entities_that_do_not_fit_are_left_out_with_their_relationships() {
    let fixture = Fixture::new().await;
    fixture.product.always("/search", ScriptedResponse::json(&hits(1000)));
    let answer = fixture.answer(observe(&generous(), &["a.test"])).await;
    assert_just_fits(&answer);
    assert_eq!(entities(&answer) + left_out(&answer), 1000 + 100 + 7 + 300 + 1);
    assert_eq!(answer.docs("judgements").len(), 100);
    // That references lead somewhere was checked with the answer; these lead to what is there.
    let sightings = answer.docs("sightings").len();
    assert!(sightings < 1000, "{sightings}");
    let of_sightings = answer.docs("relationships").iter();
    let of_sightings = of_sightings.filter(|it| it["relationship_type"] == "sighting-of").count();
    assert_eq!(of_sightings, sightings.div_ceil(5));
}

#[tokio::test]
async fn l03_every_observable_keeps_its_part_of_an_answer_that_is_too_large() {
    let fixture = Fixture::new().await;
    let hits: Vec<_> =
        (0..1000).map(|id| json!({"id": id.to_string(), "malicious": true})).collect();
    fixture.product.always("/search", ScriptedResponse::json(&json!({"hits": hits})));
    let long = |letter: &str| format!("{}.test", letter.repeat(3000));
    let domains = ["a", "b", "c"].map(long);
    let answer =
        fixture.answer(observe(&generous(), &domains.each_ref().map(String::as_str))).await;
    assert_just_fits(&answer);
    // That their judgements are there was checked with the answer.
    let verdicts = answer.docs("verdicts");
    assert_eq!(verdicts.len(), 3);
    assert!(verdicts.iter().all(|verdict| verdict.get("judgement_id").is_some()));
    let kept = domains.each_ref().map(|domain| {
        let about = |doc: &&Value| doc["observables"][0]["value"] == domain.as_str();
        answer.docs("sightings").iter().filter(about).count()
    });
    assert!(kept[0] > 0 && kept.iter().all(|count| count.abs_diff(kept[0]) <= 1), "{kept:?}");
    assert_eq!(entities(&answer) + left_out(&answer), 3 * 2001);
}

#[tokio::test]
async fn l03_errors_count_as_well() {
    let fixture = Fixture::new().await;
    let all = hits(100);
    fixture.product.answers("/search", move |asked| match asked.query()["value"].as_str() {
        value if value.starts_with("good") => ScriptedResponse::json(&all),
        value => ScriptedResponse::body(400, format!("{value} {}", "x".repeat(200))),
    });
    let good = (0..10).map(|at| format!("good-{at}.test"));
    let bad = (0..990).map(|at| format!("bad-{at}.test"));
    let domains: Vec<_> = good.chain(bad).collect();
    let domains: Vec<_> = domains.iter().map(String::as_str).collect();
    let answer = fixture.answer(observe(&hs256(), &domains)).await;
    assert_just_fits(&answer);
    assert_eq!(answer.codes().len(), 990 + 1);
    assert!(answer.docs("sightings").len() > 500);
}

fn asking(values: &[String]) -> TestCall {
    let body: Value = values.iter().map(|it| json!({"type": "domain", "value": it})).collect();
    post("/observe/observables").bearer(&hs256()).json(&body)
}

#[tokio::test]
async fn l05_each_observable_is_asked_about_once_up_to_a_thousand() {
    for (asked, searched) in [(1, 1), (100, 100), (1_000, 1_000), (10_000, MAX_OBSERVABLES)] {
        let fixture = Fixture::new().await;
        fixture.product.always("/search", ScriptedResponse::json(&json!({"hits": [{"id": "1"}]})));
        let values: Vec<_> = (0..asked).map(|at| format!("{at}.test")).collect();
        let answer = fixture.answer(asking(&values)).await;
        assert_eq!(fixture.product.calls("/search"), searched);
        assert_eq!(answer.docs("sightings").len(), searched);
        let warnings: Vec<_> = answer.errors().iter().map(|error| &error["type"]).collect();
        assert_eq!(warnings, vec!["warning"; usize::from(asked > searched)]);
        assert_eq!(answer.message().contains("9000"), asked > searched);
    }
}

#[tokio::test]
async fn l05_equal_normal_forms_are_asked_about_once() {
    let fixture = Fixture::new().await;
    fixture.product.always("/search", ScriptedResponse::json(&json!({"hits": [{"id": "1"}]})));
    let spellings = ["Bad.Test", "bad.test", "BAD.TEST.", ".bad.test"];
    let answer = fixture.answer(observe(&hs256(), &spellings.repeat(25))).await;
    assert_eq!(fixture.product.calls("/search"), 1);
    assert_eq!(answer.docs("sightings")[0]["observables"][0]["value"], "Bad.Test");
}
