//! Arrays and property bags.

use serde_json::{Map, Value};

use super::{Function, MANY, dynamic, long, truth};
use crate::kql::value::Datum;

pub(super) fn find(name: &str) -> Option<Function> {
    match name {
        "[]" => Function::new(2..=2, dynamic, |given| element(&given[0], &given[1])),
        "array_concat" => Function::new(1..=MANY, dynamic, |given| {
            let arrays = given.iter().filter_map(as_array).flatten();
            Datum::Dynamic(arrays.cloned().collect())
        }),
        "pack_array" => Function::new(1..=MANY, dynamic, |given| {
            Datum::Dynamic(given.iter().map(Datum::to_json).collect())
        }),
        "bag_pack" | "pack" => Function::new(2..=MANY, dynamic, |given| {
            let members = given.chunks_exact(2).map(|pair| (pair[0].text(), pair[1].to_json()));
            Datum::Dynamic(Value::Object(Map::from_iter(members)))
        }),
        "array_length" => Function::new(1..=1, long, |given| {
            as_array(&given[0]).map_or(Datum::Null, |array| Datum::Long(array.len() as i64))
        }),
        "set_has_element" => Function::new(2..=2, truth, |given| {
            let wanted = given[1].to_json();
            Datum::Bool(as_array(&given[0]).is_some_and(|array| array.contains(&wanted)))
        }),
        "parse_json" | "todynamic" => Function::new(1..=1, dynamic, |given| {
            let text = given[0].text();
            Datum::Dynamic(serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text)))
        }),
        _ => None,
    }
}

fn as_array(datum: &Datum) -> Option<&Vec<Value>> {
    match datum {
        Datum::Dynamic(Value::Array(array)) => Some(array),
        _ => None,
    }
}

/// A member by name, or an element by position; a negative position counts from the end.
fn element(of: &Datum, index: &Datum) -> Datum {
    let found = match (of, index.plain()) {
        (Datum::Dynamic(Value::Object(members)), Datum::Text(name)) => members.get(&name),
        (Datum::Dynamic(Value::Array(elements)), Datum::Long(at)) => {
            let end = elements.len() as i64;
            usize::try_from(if at < 0 { end + at } else { at }).ok().and_then(|at| elements.get(at))
        }
        _ => None,
    };
    found.cloned().map_or(Datum::Null, Datum::Dynamic)
}
