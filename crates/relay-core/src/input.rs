//! Reads the body of a call: observables or a trigger.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value, ser::Formatter};

use crate::{
    ctim::{Observable, ObservableType},
    error::{Error, ErrorKind, Result},
    relay::{Partial, Trigger},
};

/// The most observables of one call; a warning says how many are left out.
pub const MAX_OBSERVABLES: usize = 1000;
/// The most invalid items that the message lists.
const MAX_INVALID_ITEMS: usize = 50;

/// Reads a list of objects with the texts `type` and `value`.
///
/// Keeps the types that `supports` accepts, with values exactly as sent; of several with the same
/// type and normal form the first.
///
/// Errors: `InvalidBody`, with the problems by index and member.
pub(crate) fn observables(
    body: &[u8],
    supports: impl Fn(ObservableType) -> bool,
) -> Result<Partial<Vec<Observable>>> {
    let Ok(Value::Array(items)) = serde_json::from_slice(body) else {
        return Err(invalid_body(&wrong_type()));
    };
    let mut invalid = BTreeMap::new();
    let mut kept = UniqueObservables::default();
    for (index, item) in items.into_iter().enumerate() {
        match type_and_value(item) {
            Ok((kind, value)) => {
                if let Some(kind) = kind.parse().ok().filter(|kind| supports(*kind)) {
                    kept.add(Observable::new(kind, value));
                }
            }
            Err(problems) if invalid.len() < MAX_INVALID_ITEMS => {
                invalid.insert(index, problems);
            }
            Err(_) => {}
        }
    }
    if invalid.is_empty() { Ok(kept.truncated()) } else { Err(invalid_body(&invalid)) }
}

/// Reads an object with the texts `action-id`, `observable_type` and `observable_value`, and
/// sometimes `indicator_id`, a text or a number.
///
/// Errors: `InvalidBody`, with the problems by member.
pub(crate) fn trigger(body: &[u8]) -> Result<Trigger> {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else {
        return Err(invalid_body(&wrong_type()));
    };
    let [action_id, observable_type, observable_value] =
        take_texts(&mut members, ["action-id", "observable_type", "observable_value"])
            .map_err(|problems| invalid_body(&problems))?;
    let indicator_id = match members.remove("indicator_id") {
        Some(Value::String(id)) => Some(id),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    Ok(Trigger { action_id, observable_type, observable_value, indicator_id })
}

/// The problems of one object by member, each a list of one, as callers know it from earlier relays.
type Problems = BTreeMap<&'static str, [&'static str; 1]>;

/// The problem of a value that has another type than a list or an object.
fn wrong_type() -> Problems {
    Problems::from([("_schema", ["Invalid input type."])])
}

fn type_and_value(item: Value) -> Result<(String, String), Problems> {
    let Value::Object(mut members) = item else { return Err(wrong_type()) };
    let [kind, value] = take_texts(&mut members, ["type", "value"])?;
    Ok((kind, value))
}

/// Takes the texts out of an object, or says what is wrong with each that is none.
fn take_texts<const COUNT: usize>(
    members: &mut Map<String, Value>,
    names: [&'static str; COUNT],
) -> Result<[String; COUNT], Problems> {
    let mut problems = Problems::new();
    let texts = names.map(|name| match text(members.remove(name)) {
        Ok(text) => text,
        Err(problem) => {
            problems.insert(name, [problem]);
            String::new()
        }
    });
    if problems.is_empty() { Ok(texts) } else { Err(problems) }
}

fn text(member: Option<Value>) -> Result<String, &'static str> {
    match member {
        None => Err("Missing data for required field."),
        Some(Value::Null) => Err("Field may not be null."),
        Some(Value::String(text)) if text.is_empty() => Err("Field may not be blank."),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err("Not a valid string."),
    }
}

fn invalid_body(problems: &impl Serialize) -> Error {
    let problems = spaced_json(problems);
    Error::new(ErrorKind::InvalidBody, format!("Invalid JSON payload received. {problems}"))
}

/// Writes JSON with a space after the commas and colons of objects, as the message always had it.
fn spaced_json(value: &impl Serialize) -> String {
    let mut json = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, SpacedFormatter);
    // Maps with text or number keys, lists and texts always serialise, and JSON is always Unicode.
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(json).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct SpacedFormatter;

impl Formatter for SpacedFormatter {
    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// Observables, each pair of type and normal form once.
#[derive(Default)]
struct UniqueObservables {
    observables: Vec<Observable>,
    seen: HashSet<(ObservableType, String)>,
}

impl UniqueObservables {
    fn add(&mut self, observable: Observable) {
        let form = observable.normal_form().unwrap_or_else(|| observable.value.clone());
        if self.seen.insert((observable.kind, form)) {
            self.observables.push(observable);
        }
    }

    fn truncated(mut self) -> Partial<Vec<Observable>> {
        let left_out = self.observables.len().saturating_sub(MAX_OBSERVABLES);
        self.observables.truncate(MAX_OBSERVABLES);
        let warning = (left_out > 0).then(|| {
            let text = format!(
                "Only the first {MAX_OBSERVABLES} observables were asked about, {left_out} were left out; ask about fewer at a time."
            );
            Error::new(ErrorKind::InvalidInput, text).as_warning()
        });
        Partial { data: self.observables, errors: warning.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Partial<Vec<Observable>>> {
        observables(body.as_bytes(), |kind| kind != ObservableType::Mutex)
    }

    #[test]
    fn invalid_bodies_are_described_by_index_and_member() {
        let check = |body: &str, problems: &str| {
            let error = read(body).unwrap_err();
            assert_eq!(error.message(), format!("Invalid JSON payload received. {problems}"));
            assert_eq!(error.code(), "invalid argument");
        };
        for body in ["", "nonsense", "{}", "null", "\u{feff}[]"] {
            check(body, r#"{"_schema": ["Invalid input type."]}"#);
        }
        check("[1]", r#"{"0": {"_schema": ["Invalid input type."]}}"#);
        check(
            r#"[{"type":"ip","value":"203.0.113.7"},{"type":null},{"value":"","type":1}]"#,
            r#"{"1": {"type": ["Field may not be null."], "value": ["Missing data for required field."]}, "2": {"type": ["Not a valid string."], "value": ["Field may not be blank."]}}"#,
        );
        assert!(observables(b"[\xff]", |_| true).is_err());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_err());
    }

    #[test]
    fn a_long_list_of_invalid_items_is_cut() {
        let error = read(&format!("[{}1]", "1,".repeat(9_999))).unwrap_err();
        assert!(error.message().len() < 4_000);
    }

    #[test]
    fn supported_types_are_kept_once_as_first_spelled() {
        let body = r#"[
            {"type":"DOMAIN","value":"Bad.Example","extra":1},
            {"type":"domain","value":"bad.example."},
            {"type":"unknown_type","value":"x"},
            {"type":"mutex","value":"x"},
            {"type":"hostname","value":"bad.example"},
            {"type":"ip","value":"  "}
        ]"#;
        let kept = read(body).unwrap().data;
        let values: Vec<_> = kept.iter().map(|o| (o.kind.as_str(), o.value.as_str())).collect();
        assert_eq!(values, [("domain", "Bad.Example"), ("hostname", "bad.example"), ("ip", "  ")]);
    }

    #[test]
    fn l05_more_than_a_thousand_observables_are_cut_with_a_warning() {
        let items: Vec<_> =
            (0..10_000).map(|n| format!(r#"{{"type":"domain","value":"d{n}.example"}}"#)).collect();
        let kept = read(&format!("[{}]", items.join(","))).unwrap();
        assert_eq!(kept.data.len(), MAX_OBSERVABLES);
        assert!(kept.errors[0].is_warning() && kept.errors[0].message().contains("9000"));
    }

    #[test]
    fn triggers_need_three_texts() {
        let good = r#"{"action-id":"a","observable_type":"ip","observable_value":"v","indicator_id":7,"more":[]}"#;
        let trigger = super::trigger(good.as_bytes()).unwrap();
        assert_eq!((trigger.action_id.as_str(), trigger.indicator_id.as_deref()), ("a", Some("7")));
        let error = super::trigger(br#"{"action-id":"","observable_value":1}"#).unwrap_err();
        assert_eq!(
            error.message(),
            r#"Invalid JSON payload received. {"action-id": ["Field may not be blank."], "observable_type": ["Missing data for required field."], "observable_value": ["Not a valid string."]}"#
        );
    }
}
