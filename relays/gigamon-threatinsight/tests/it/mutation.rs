//! Whatever ThreatINSIGHT sends: answers with parts replaced and removed at random give valid CTIM
//! or a clear error.

use proptest::{prelude::*, sample::Index};
use relay_sandbox::{
    Fault, Times,
    gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE},
};
use relay_testkit::ctim::{self, Asked, Route, Severity};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::desk::{Desk, OBSERVE, SERVER, one};

/// Each answer of the product to the question about [`SERVER`], by what its path begins with.
const ANSWERS: [(&str, &str, &str); 4] = [
    (DETECTIONS_BASE, "/detections", include_str!("../golden/product/detections.json")),
    (DETECTIONS_BASE, "/events", include_str!("../golden/product/detection_events.json")),
    (EVENTS_BASE, "/query", include_str!("../golden/product/events.json")),
    (ENTITY_BASE, "/entity", include_str!("../golden/product/leases.json")),
];

/// What may stand where something else is expected; none removes the member.
fn odd() -> impl Strategy<Value = Option<Value>> {
    let long = "long \u{1F600} ".repeat(2000);
    let list: Vec<_> = (0..2000).map(|n| json!({"ip": n.to_string(), "md5": "m"})).collect();
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let fixed: Vec<_> = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{202e}\n"),
        json!("high"),
        json!("dns"),
        json!("http"),
        json!("`:`://[x"),
        json!("2026-03-01T12:19:31.000+0200"),
        json!("9999-12-31T23:59:59Z"),
        json!([]),
        json!({}),
        json!([null, 1, "x", [], {}]),
        json!(long),
        json!(list),
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
        let place = format!("{at}/{name}");
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn n09_f6_mutated_answers_give_valid_answers(
        changes in prop::collection::vec((any::<Index>(), odd()), 1..8),
        mutated in 0..ANSWERS.len(),
        asked in prop::sample::select(vec![("ip", SERVER), ("domain", "c2.bad.example")]),
    ) {
        let wanted = one(asked.0, asked.1);
        let answer = Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let desk = Desk::open().await;
            for (at, (base, path, answer)) in ANSWERS.into_iter().enumerate() {
                let answer: Value = serde_json::from_str(answer).unwrap();
                let answer = if at == mutated { mutate(answer, &changes) } else { answer };
                let path = format!("{base}{path}");
                desk.sandbox.fault(path.as_str(), Fault::json(200, &answer), Times::Always);
            }
            desk.ask(OBSERVE, &wanted).await
        });
        let wrong: Vec<_> = ctim::check(Route::Observe, &answer, &Asked::about(&wanted))
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        prop_assert_eq!(wrong, []);
        prop_assert!(!answer.to_string().contains("failed unexpectedly"), "{}", answer);
    }
}
