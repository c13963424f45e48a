//! From a request's body to what is asked: shape, supported types, first of each pair.

use std::{collections::HashSet, fmt::Write};

use serde_json::Value;

use crate::{
    ctim::{Observable, ObservableType},
    error::{Error, ErrorKind, Result},
    relay::{Partial, Trigger},
};

/// More observables than this are not asked in one request; a warning says so.
pub const MOST_OBSERVABLES: usize = 1000;
/// At most this many faulty items are listed in the sentence about them.
const MOST_PROBLEMS: usize = 50;

/// Reads a body of observables: a JSON list of objects with the texts `type` and `value`.
///
/// Kept are the types that `supports` wants, in lower case, with values exactly as sent; of
/// several with the same type and normal form the first.
///
/// Errors: `InvalidBody`, with the problems by index and member.
pub(crate) fn observables(
    body: &[u8],
    supports: impl Fn(ObservableType) -> bool,
) -> Result<Partial<Vec<Observable>>> {
    let Ok(Value::Array(items)) = serde_json::from_slice(body) else {
        return Err(invalid(r#"{"_schema": ["Invalid input type."]}"#));
    };
    let mut problems = Problems::default();
    let mut kept = Kept::default();
    for (index, item) in items.into_iter().enumerate() {
        match pair(item) {
            Err(found) => problems.add(index, &found),
            Ok((kind, value)) => {
                if let Some(kind) = kind.parse().ok().filter(|kind| supports(*kind)) {
                    kept.add(Observable::new(kind, value));
                }
            }
        }
    }
    problems.none_or_error()?;
    Ok(kept.within_bounds())
}

/// Reads the body of a trigger: an object with the texts `action-id`, `observable_type` and
/// `observable_value`, and sometimes `indicator_id`, a text or a number.
///
/// Errors: `InvalidBody`.
pub(crate) fn trigger(body: &[u8]) -> Result<Trigger> {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else {
        return Err(invalid(r#"{"_schema": ["Invalid input type."]}"#));
    };
    let mut problems = Vec::new();
    let mut take = |name: &'static str| match text(members.remove(name)) {
        Ok(text) => text,
        Err(problem) => {
            problems.push(format!(r#""{name}": ["{problem}"]"#));
            String::new()
        }
    };
    let trigger = Trigger {
        action_id: take("action-id"),
        observable_type: take("observable_type"),
        observable_value: take("observable_value"),
        indicator_id: None,
    };
    if !problems.is_empty() {
        return Err(invalid(&format!("{{{}}}", problems.join(", "))));
    }
    let indicator_id = match members.remove("indicator_id") {
        Some(Value::String(id)) => Some(id),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    Ok(Trigger { indicator_id, ..trigger })
}

#[derive(Default)]
struct Kept {
    observables: Vec<Observable>,
    seen: HashSet<(ObservableType, String)>,
}

impl Kept {
    fn add(&mut self, observable: Observable) {
        let form = observable.normal_form().unwrap_or_else(|| observable.value.clone());
        if self.seen.insert((observable.kind, form)) {
            self.observables.push(observable);
        }
    }

    fn within_bounds(mut self) -> Partial<Vec<Observable>> {
        let left_out = self.observables.len().saturating_sub(MOST_OBSERVABLES);
        self.observables.truncate(MOST_OBSERVABLES);
        let warning = (left_out > 0).then(|| {
            let text = format!(
                "Only the first {MOST_OBSERVABLES} observables were asked about, {left_out} were left out; ask about fewer at a time."
            );
            Error::new(ErrorKind::InvalidInput, text).as_warning()
        });
        Partial { data: self.observables, errors: warning.into_iter().collect() }
    }
}

/// The members of one item, or its problems as JSON.
fn pair(item: Value) -> Result<(String, String), String> {
    let Value::Object(mut members) = item else {
        return Err(r#"{"_schema": ["Invalid input type."]}"#.to_owned());
    };
    match (text(members.remove("type")), text(members.remove("value"))) {
        (Ok(kind), Ok(value)) => Ok((kind, value)),
        (kind, value) => {
            let problems: Vec<_> = [("type", kind.err()), ("value", value.err())]
                .into_iter()
                .filter_map(|(name, problem)| Some(format!(r#""{name}": ["{}"]"#, problem?)))
                .collect();
            Err(format!("{{{}}}", problems.join(", ")))
        }
    }
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

#[derive(Default)]
struct Problems {
    text: String,
    count: usize,
}

impl Problems {
    fn add(&mut self, index: usize, found: &str) {
        self.count += 1;
        if self.count <= MOST_PROBLEMS {
            let comma = if self.text.is_empty() { "" } else { ", " };
            // Writing to a text cannot fail.
            let _ = write!(self.text, r#"{comma}"{index}": {found}"#);
        }
    }

    fn none_or_error(self) -> Result<()> {
        if self.count == 0 { Ok(()) } else { Err(invalid(&format!("{{{}}}", self.text))) }
    }
}

fn invalid(problems: &str) -> Error {
    Error::new(ErrorKind::InvalidBody, format!("Invalid JSON payload received. {problems}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Partial<Vec<Observable>>> {
        observables(body.as_bytes(), |kind| kind != ObservableType::Mutex)
    }

    #[test]
    fn faulty_bodies_are_described_by_index_and_member() {
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
    fn a_long_list_of_faults_is_cut() {
        let error = read(&format!("[{}1]", "1,".repeat(9_999))).unwrap_err();
        assert!(error.message().len() < 4_000);
    }

    #[test]
    fn kept_are_supported_types_once_as_first_spelled() {
        let asked = r#"[
            {"type":"DOMAIN","value":"Bad.Example","extra":1},
            {"type":"domain","value":"bad.example."},
            {"type":"unknown_type","value":"x"},
            {"type":"mutex","value":"x"},
            {"type":"hostname","value":"bad.example"},
            {"type":"ip","value":"  "}
        ]"#;
        let kept = read(asked).unwrap().data;
        let values: Vec<_> = kept.iter().map(|o| (o.kind.as_str(), o.value.as_str())).collect();
        assert_eq!(values, [("domain", "Bad.Example"), ("hostname", "bad.example"), ("ip", "  ")]);
    }

    #[test]
    fn l05_more_than_a_thousand_are_cut_with_a_warning() {
        let items: Vec<_> =
            (0..10_000).map(|n| format!(r#"{{"type":"domain","value":"d{n}.example"}}"#)).collect();
        let kept = read(&format!("[{}]", items.join(","))).unwrap();
        assert_eq!(kept.data.len(), MOST_OBSERVABLES);
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
