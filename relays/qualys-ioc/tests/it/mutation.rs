//! Whatever Qualys sends: events with parts replaced and removed at random give valid CTIM or a
//! clear error.

use proptest::{prelude::*, sample::Index};
use relay_sandbox::{Fault, Times, qualys_ioc::EVENTS_PATH};
use relay_testkit::ctim::{self, Asked, Route, Severity};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::desk::{DROPPED, Desk, one};

const EVENTS: &str = include_str!("../golden/events.json");

/// What may stand where something else is expected; none removes the member.
fn odd() -> impl Strategy<Value = Option<Value>> {
    let long = "long \u{1F600} ".repeat(2000);
    let list: Vec<_> =
        (0..2000).map(|n| json!({"verdict": n, "ipAddress": n.to_string()})).collect();
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let fixed: Vec<_> = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(8),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{202e}\n"),
        json!("8"),
        json!("MALICIOUS"),
        json!(":"),
        json!("2026-03-01T12:19:31.000+0000"),
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
    fn n09_f6_mutated_events_give_valid_answers(
        changes in prop::collection::vec((any::<Index>(), odd()), 1..8),
        asked in prop::sample::select(vec![("sha256", DROPPED), ("ip", "203.0.113.77"), ("mutex", "m")]),
    ) {
        let events = mutate(serde_json::from_str(EVENTS).unwrap(), &changes);
        let wanted = one(asked.0, asked.1);
        let answer = Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let desk = Desk::open().await;
            desk.sandbox.fault(EVENTS_PATH, Fault::json(200, &events), Times::Always);
            desk.ask("/observe/observables", &wanted).await
        });
        let about = Asked::about(&wanted);
        let wrong: Vec<_> = ctim::check(Route::Observe, &answer, &about)
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error)
            .collect();
        prop_assert_eq!(wrong, []);
        prop_assert!(!answer.to_string().contains("failed unexpectedly"), "{}", answer);
    }
}
