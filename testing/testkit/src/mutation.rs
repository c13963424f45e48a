//! Responses of a product with parts replaced and removed at random.

use std::ops::Range;

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::ctim::{self, Expectation, Route, Severity};

/// A place in a document and its new value; without one the place is removed.
pub type Change = (Index, Option<Value>);

/// So many random changes; `own` are values that this product might send in a wrong place.
pub fn changes(own: &[Value], count: Range<usize>) -> impl Strategy<Value = Vec<Change>> + use<> {
    prop::collection::vec((any::<Index>(), replacement(own)), count)
}

/// A value for a place where another one is expected.
fn replacement(own: &[Value]) -> impl Strategy<Value = Option<Value>> + use<> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let anywhere = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\u{202e}\n"),
        json!("9999-12-31T23:59:59Z"),
        json!([]),
        json!({}),
        json!([null, 1, "x", [], {}]),
        json!("long \u{1F600} ".repeat(2000)),
        deep,
    ];
    let fixed: Vec<_> =
        anywhere.into_iter().chain(own.iter().cloned()).map(Some).chain([None]).collect();
    let text = any::<String>().prop_map(|text| Some(text.into()));
    prop_oneof![4 => prop::sample::select(fixed), 1 => text]
}

/// The JSON pointers of everything inside the value at `at`, outer ones first.
pub fn places(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(name, it)| (escaped(name), it)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, it)| (n.to_string(), it)).collect()
        }
        _ => Vec::new(),
    };
    let each = inner.into_iter().flat_map(|(name, value)| {
        let place = format!("{at}/{name}");
        let within = places(value, &place);
        [place].into_iter().chain(within)
    });
    each.collect()
}

/// The value with these changes, one after the other.
pub fn mutate(mut value: Value, changes: &[Change]) -> Value {
    for (index, new) in changes {
        let all = places(&value, "");
        if all.is_empty() {
            break;
        }
        let place = index.get(&all);
        match new {
            None => remove(&mut value, place),
            Some(new) => {
                *value.pointer_mut(place).expect("a place of this value") = new.clone();
            }
        }
    }
    value
}

/// Removes a place, if there is one.
pub fn remove(value: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&unescaped(name))),
        Some(Value::Array(items)) => match name.parse::<usize>() {
            Ok(at) if at < items.len() => drop(items.remove(at)),
            _ => {}
        },
        _ => {}
    }
}

/// Fails unless the answer is CTIM about the observables of the body, and no panic.
pub fn assert_valid(route: Route, body: &Value, answer: &Value) -> Result<(), TestCaseError> {
    let mut findings = ctim::check(route, answer, &Expectation::about(body));
    findings.retain(|finding| finding.severity == Severity::Error);
    prop_assert_eq!(findings, []);
    prop_assert!(!answer.to_string().contains("failed unexpectedly"), "{}", answer);
    Ok(())
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_can_be_reached() {
        let value = json!({"a": [1, {"b/c": 2}], "~": {}});
        let all = places(&value, "");
        assert_eq!(all, ["/a", "/a/0", "/a/1", "/a/1/b~1c", "/~0"]);
        assert!(all.iter().all(|place| value.pointer(place).is_some()));
    }

    #[test]
    fn members_and_items_are_removed() {
        let value = json!({"a": [1, {"b/c": 2}], "~": {}});
        for (place, expected) in [
            ("/a", json!({"~": {}})),
            ("/a/0", json!({"a": [{"b/c": 2}], "~": {}})),
            ("/a/1/b~1c", json!({"a": [1, {}], "~": {}})),
            ("/~0", json!({"a": [1, {"b/c": 2}]})),
            ("/a/7", value.clone()),
            ("/none/0", value.clone()),
        ] {
            let mut rest = value.clone();
            remove(&mut rest, place);
            assert_eq!(rest, expected, "{place}");
        }
    }

    #[test]
    fn changes_follow_each_other_until_nothing_is_left() {
        proptest!(|(at in any::<Index>())| {
            let value = json!({"a": 1});
            prop_assert_eq!(mutate(value.clone(), &[(at, Some(json!(2)))]), json!({"a": 2}));
            prop_assert_eq!(mutate(value, &[(at, None), (at, Some(json!(2)))]), json!({}));
        });
    }
}
