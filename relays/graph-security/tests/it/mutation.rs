//! Whatever Microsoft sends: alerts with parts replaced and removed at random give valid CTIM or a
//! clear error.

use proptest::{prelude::*, sample::Index};
use relay_sandbox::{
    Fault, Times,
    identity::{app, tenant},
};
use relay_testkit::ctim::{self, Asked, Route, Severity};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::desk::{ADDRESS, BATCH, Desk, HUNT, OBSERVE, SHA256, claims};

/// True answers to the question about [`wanted`].
const ALERTS: &str = include_str!("../golden/microsoft/batch.json");
const LEGACY: &str = include_str!("../golden/microsoft/legacy.json");
const CLUES: &str = include_str!("../golden/microsoft/hunt.json");

/// What may stand where something else is expected; none removes the member.
fn odd() -> impl Strategy<Value = Option<Value>> {
    let long = "long \u{1F600} ".repeat(2000);
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let fixed: Vec<_> = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(429),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{202e}\n"),
        json!("0"),
        json!("#microsoft.graph.security.fileEvidence"),
        json!("2026-03-01T12:19:31.000+0000"),
        json!("9999-12-31T23:59:59Z"),
        json!("javascript:alert(1)"),
        json!([]),
        json!({}),
        json!([null, 1, "x", [], {}]),
        json!(long),
        deep,
    ]
    .into_iter()
    .map(Some)
    .chain([None])
    .collect();
    prop_oneof![4 => prop::sample::select(fixed), 1 => any::<String>().prop_map(|text| Some(text.into()))]
}

/// The places of all members and items, as JSON pointers, outer ones first.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let inner: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, it)| (n.to_string(), it)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        all.push(place.clone());
        places(value, &place, all);
    }
}

fn mutate(mut value: Value, changes: &[(Index, Option<Value>)]) -> Value {
    for (index, odd) in changes {
        let mut all = Vec::new();
        places(&value, "", &mut all);
        if all.is_empty() {
            break;
        }
        let place = index.get(&all);
        let (parent, name) = place.rsplit_once('/').unwrap();
        match (value.pointer_mut(parent).unwrap(), odd) {
            (Value::Object(members), None) => drop(members.remove(name)),
            (parent, odd) => *parent.pointer_mut(&format!("/{name}")).unwrap() = odd.clone().into(),
        }
    }
    value
}

fn wanted() -> Value {
    json!([{"type": "ip", "value": ADDRESS}, {"type": "sha256", "value": SHA256}])
}

/// Asks while the answer of `path` is a changed one.
fn ask(
    settings: &[(&str, &str)],
    (path, answer): (&str, &str),
    changes: &[(Index, Option<Value>)],
) -> Value {
    let changed = mutate(serde_json::from_str(answer).unwrap(), changes);
    Runtime::new().unwrap().block_on(async {
        let desk = Desk::with(settings).await;
        desk.sandbox.fault(path, Fault::json(200, &changed), Times::Always);
        desk.ask(claims(&app::GRAPH, &tenant::CONTOSO), OBSERVE, &wanted()).await
    })
}

fn assert_sound(answer: &Value) -> Result<(), TestCaseError> {
    let wrong: Vec<_> = ctim::check(Route::Observe, answer, &Asked::about(&wanted()))
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    prop_assert_eq!(wrong, []);
    prop_assert!(!answer.to_string().contains("failed unexpectedly"), "{}", answer);
    Ok(())
}

fn changes() -> impl Strategy<Value = Vec<(Index, Option<Value>)>> {
    prop::collection::vec((any::<Index>(), odd()), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn n09_f6_mutated_alerts_give_valid_answers(changes in changes()) {
        assert_sound(&ask(&[("GRAPH_V2_STRATEGY", "filter")], (BATCH, ALERTS), &changes))?;
    }

    #[test]
    fn n09_f6_mutated_legacy_alerts_give_valid_answers(changes in changes()) {
        assert_sound(&ask(&[("GRAPH_BACKEND", "alerts")], (BATCH, LEGACY), &changes))?;
    }

    #[test]
    fn n09_f6_mutated_hunts_give_valid_answers(changes in changes()) {
        assert_sound(&ask(&[("GRAPH_V2_STRATEGY", "hunting")], (HUNT, CLUES), &changes))?;
    }
}
