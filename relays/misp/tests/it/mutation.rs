//! Malformed responses of MISP: valid CTIM or a clear error, and nothing else is lost.

mod properties;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use http::{HeaderValue, header};
use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest},
    sample::Index,
};
use relay_core::{BaseUrl, Environment, Http, Request};
use sandbox::{
    Fault, Sandbox, Times,
    misp::{API_KEY, sample},
};
use serde_json::{Value, json};
use testkit::mutation::{places, remove};
use testkit::{Answer, TestResolver};
use tokio::runtime::Runtime;

use crate::test_relay::{
    MispAnswer, MispRelay,
    responses::{SEARCH, for_matches, for_neighbours, neighbour_searches, searches},
    start,
};

const OBSERVABLES: &[(&str, &str)] = &[
    ("domain", sample::LOADER_DOMAIN),
    ("ip", sample::SCANNER_ADDRESS),
    ("domain", sample::RANSOMWARE_DOMAIN),
    ("md5", sample::RANSOMWARE_MD5),
    ("url", sample::PHISHING_URL),
    ("domain", sample::LONG_TITLE_DOMAIN),
    ("domain", sample::ODD_LEVEL_DOMAIN),
    ("domain", sample::WORM_DOMAIN),
];

/// The change of one value somewhere in a response.
#[derive(Debug, Clone)]
enum Change {
    Remove,
    Become(Value),
    /// Replaces the value by a list that repeats it.
    Repeat(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let texts = ["", " ", "0", "-1", "1e9", "null", "a|b|c", "tlp:red", "9999999999999999999"];
    let values =
        [json!(null), json!(true), json!(0), json!(-1), json!(1.5e300), json!([]), json!({})];
    let values = values.into_iter().chain(texts.map(Value::from)).collect::<Vec<_>>();
    prop_oneof![
        Just(Change::Remove),
        (0..values.len()).prop_map(move |at| Change::Become(values[at].clone())),
        any::<i64>().prop_map(|number| Change::Become(number.into())),
        any::<String>().prop_map(|text| Change::Become(text.into())),
        Just(Change::Become(json!("long ".repeat(4000)))),
        Just(Change::Become(json!([[[[{"a": [null]}]]]]))),
        (0..3_usize).prop_map(Change::Repeat),
        Just(Change::Repeat(700)),
    ]
}

fn apply(answer: &mut Value, place: &str, change: &Change) {
    let Some(value) = answer.pointer_mut(place) else { return };
    match change {
        Change::Become(other) => *value = other.clone(),
        Change::Repeat(times) => *value = vec![value.clone(); *times].into(),
        Change::Remove => remove(answer, place),
    }
}

/// A relay, and MISP's true responses to searches for [`OBSERVABLES`].
struct MalformedResponses {
    runtime: Runtime,
    relay: MispRelay,
    matches: Value,
    neighbours: Value,
}

impl MalformedResponses {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let relay = runtime.block_on(start());
        let sandbox = &relay.sandbox;
        runtime.block_on(relay.observe(OBSERVABLES));
        let first = searches(sandbox).swap_remove(0);
        let second = neighbour_searches(sandbox).swap_remove(0);
        let matches = runtime.block_on(true_answer(sandbox, &first));
        let neighbours = runtime.block_on(true_answer(sandbox, &second));
        Self { runtime, relay, matches, neighbours }
    }

    /// Returns the answer when MISP responds with these bodies.
    fn observe(&self, matches: &Value, neighbours: &Value) -> Answer {
        self.relay.sandbox.clear_faults();
        self.relay.sandbox.forget_calls();
        self.relay.sandbox.fault(for_matches(), Fault::json(200, matches), Times::Always);
        self.relay.sandbox.fault(for_neighbours(), Fault::json(200, neighbours), Times::Always);
        self.runtime.block_on(self.relay.observe(OBSERVABLES))
    }
}

async fn true_answer(sandbox: &Sandbox, search: &Value) -> Value {
    let http =
        Http::new(&Environment::default(), "test", Arc::new(TestResolver::unknown())).unwrap();
    let request = Request::post(BaseUrl::from_environment(sandbox.url()).unwrap().path(SEARCH))
        .header(header::AUTHORIZATION, HeaderValue::from_static(API_KEY))
        .json(search)
        .unwrap();
    http.ask(request, "MISP", Duration::from_secs(10)).await.unwrap().json().unwrap()
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() }
}

/// The value and event of every sighting.
fn seen(answer: &Answer) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let values = answer.every("sightings", "/observables/0/value").into_iter().map(text);
    values.zip(answer.events().into_iter().map(str::to_owned)).collect()
}

#[test]
fn n09_f6_any_malformed_responses_become_valid_ctim_or_a_clear_error() {
    let test = MalformedResponses::new();
    let in_matches = places(&test.matches, "");
    let in_neighbours = places(&test.neighbours, "");
    proptest!(config(), |(
        first in vec((any::<Index>(), change()), 0..4),
        second in vec((any::<Index>(), change()), 0..4),
    )| {
        let (mut matches, mut neighbours) = (test.matches.clone(), test.neighbours.clone());
        for (at, change) in &first {
            apply(&mut matches, &in_matches[at.index(in_matches.len())], change);
        }
        for (at, change) in &second {
            apply(&mut neighbours, &in_neighbours[at.index(in_neighbours.len())], change);
        }
        let answer = test.observe(&matches, &neighbours);
        assert!(answer.errors().iter().all(|(_, code)| *code == "unknown"), "{:?}", answer.errors());
    });
}

#[test]
fn n09_a_malformed_attribute_costs_only_its_own_event() {
    let test = MalformedResponses::new();
    let attributes = test.matches["response"]["Attribute"].as_array().unwrap().clone();
    let all = seen(&test.observe(&test.matches, &test.neighbours));
    assert!(all.len() > 8 && attributes.len() > all.len());
    proptest!(config(), |(attribute in any::<Index>(), at in any::<Index>(), change in change())| {
        let attribute = attribute.index(attributes.len());
        let inside = places(&attributes[attribute], &format!("/response/Attribute/{attribute}"));
        let mut matches = test.matches.clone();
        apply(&mut matches, &inside[at.index(inside.len())], &change);
        let answer = test.observe(&matches, &test.neighbours);
        let left = seen(&answer);
        let event = attributes[attribute]["Event"]["uuid"].as_str().unwrap();
        for sighting in all.iter().filter(|(_, of)| of != event) {
            assert!(left.contains(sighting), "{sighting:?} is lost");
        }
        assert_eq!(answer.errors(), []);
    });
}

#[test]
fn n09_malformed_neighbours_cost_no_sighting() {
    let test = MalformedResponses::new();
    let all = seen(&test.observe(&test.matches, &test.neighbours));
    let inside = places(&test.neighbours, "");
    proptest!(config(), |(at in any::<Index>(), change in change())| {
        let mut neighbours = test.neighbours.clone();
        apply(&mut neighbours, &inside[at.index(inside.len())], &change);
        let answer = test.observe(&test.matches, &neighbours);
        assert_eq!(seen(&answer), all.clone());
        assert!(answer.errors().iter().all(|error| *error == ("warning", "unknown")));
    });
}

#[test]
fn n08_any_bytes_are_an_answer_or_an_error() {
    let test = MalformedResponses::new();
    let text = test.matches.to_string();
    proptest!(config(), |(from in any::<Index>(), length in 0..40_usize, with in ".{0,8}")| {
        let letters: Vec<char> = text.chars().collect();
        let from = from.index(letters.len());
        let to = (from + length).min(letters.len());
        let body = [&letters[..from], &with.chars().collect::<Vec<_>>(), &letters[to..]].concat();
        test.relay.sandbox.clear_faults();
        let broken = Fault::Status { code: 200, headers: Vec::new(), body: body.into_iter().collect() };
        test.relay.sandbox.fault(for_matches(), broken, Times::Always);
        let answer = test.runtime.block_on(test.relay.observe(OBSERVABLES));
        assert!(answer.errors().iter().all(|error| *error == ("fatal", "unknown")));
    });
}

#[test]
fn n09_malformed_versions_and_sightings_are_clear_errors() {
    let test = MalformedResponses::new();
    let version = json!({"version": "2.5.1", "perm_sighting": true, "request_encoding": ["gzip"]});
    let sighting = json!({"Sighting": {"id": "402", "type": "1"}, "message": "done"});
    let paths = [places(&version, ""), places(&sighting, "")];
    let turn = std::cell::Cell::new(0);
    proptest!(config(), |(at in any::<Index>(), change in change())| {
        let (mut version, mut sighting) = (version.clone(), sighting.clone());
        apply(&mut version, &paths[0][at.index(paths[0].len())], &change);
        apply(&mut sighting, &paths[1][at.index(paths[1].len())], &change);
        test.relay.sandbox.clear_faults();
        test.relay.sandbox.fault("/servers", Fault::json(200, &version), Times::Always);
        test.relay.sandbox.fault("/sightings", Fault::json(200, &sighting), Times::Always);
        let known = [("fatal", "unknown"), ("fatal", "not found")];
        let health = test.runtime.block_on(test.relay.health());
        assert!(health.errors().iter().all(|error| *error == known[0]));
        // The same caller's same action is not sent again within a minute.
        turn.set(turn.get() + 1);
        let caller = test.relay.with_claim("turn", turn.get());
        let trigger = caller.trigger("respond-misp-sighting-", "domain", "bad.example");
        let errors = test.runtime.block_on(trigger);
        assert!(errors.errors().iter().all(|error| known.contains(error)));
    });
}
