//! Values and their kinds. A value is JSON; a time or a timespan is its number of nanoseconds, and the kind
//! tells them apart. Text has no null of its own: null in a text column reads as empty text.

use std::cmp::Ordering;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

/// The scalar types of the language that the hunting tables use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Long,
    Text,
    Time,
    Span,
    Dynamic,
}

/// Each kind, its name in queries, and its name in the schema of a response.
const KINDS: [(Kind, &str, &str); 6] = [
    (Kind::Bool, "bool", "SByte"),
    (Kind::Long, "long", "Int64"),
    (Kind::Text, "string", "String"),
    (Kind::Time, "datetime", "DateTime"),
    (Kind::Span, "timespan", "TimeSpan"),
    (Kind::Dynamic, "dynamic", "Object"),
];

impl Kind {
    fn names(self) -> (&'static str, &'static str) {
        let known = KINDS.into_iter().find(|(kind, ..)| *kind == self);
        known.map_or(("", ""), |(_, name, schema_name)| (name, schema_name))
    }

    /// The name in queries, such as `string`.
    pub(super) fn name(self) -> &'static str {
        self.names().0
    }

    /// The name in the schema of a response, such as `String`.
    pub(crate) fn schema_name(self) -> &'static str {
        self.names().1
    }

    /// The kind of this name in queries, as in `typeof(string)`.
    pub(super) fn named(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| kind)
    }
}

/// A JSON value as a value of this kind; null when it cannot be converted.
pub(super) fn cast(value: &Value, kind: Kind) -> Value {
    let number = || value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    match kind {
        Kind::Dynamic => value.clone(),
        _ if value.is_null() => Value::Null,
        Kind::Text => text(value).into(),
        Kind::Bool => value.as_bool().into(),
        Kind::Long => number().into(),
        Kind::Time => value.as_str().and_then(nanoseconds).into(),
        Kind::Span => Value::Null,
    }
}

/// A value as it stands in a response.
pub(super) fn shown(value: &Value, kind: Kind) -> Value {
    match (kind, value.as_i64()) {
        (Kind::Time, Some(at)) => time(at).map(|time| time.to_string()).into(),
        (Kind::Span, Some(length)) => span_text(length).into(),
        _ => value.clone(),
    }
}

/// A value as `tostring` prints it: times with seven decimals.
pub(super) fn printed(value: &Value, kind: Kind) -> Value {
    match (kind, value.as_i64()) {
        (Kind::Time, Some(at)) => time(at).map(|time| format!("{time:.7}")).into(),
        _ => shown(value, kind),
    }
}

/// The text of a value; null is empty.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Null, or empty text.
pub(super) fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// The elements of an array; anything else is one element, null is none.
pub(super) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
}

/// How two values compare; `None` when they have nothing in common or both are null.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::Null) => Some(left.as_str().cmp("")),
        (Value::Null, Value::String(right)) => Some("".cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => Some(left.as_i64()?.cmp(&right.as_i64()?)),
    }
}

/// Equal values of one column have equal keys.
pub(super) fn key(value: &Value) -> String {
    if value.is_null() { "\"\"".to_owned() } else { value.to_string() }
}

/// The nanoseconds of a time as a query or a table writes it; without an offset it is UTC.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let time: Timestamp = text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })?;
    i64::try_from(time.as_nanosecond()).ok()
}

fn time(nanoseconds: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.into()).ok()
}

/// `[-][days.]hours:minutes:seconds`
fn span_text(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let seconds = nanoseconds.unsigned_abs() / 1_000_000_000;
    let days = seconds / 86_400;
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}")
}
