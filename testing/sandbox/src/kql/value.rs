//! Values of the language, their kinds, and how they compare and print.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;

/// The scalar types of the language that the hunting tables use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Long,
    Real,
    Text,
    Time,
    Span,
    Dynamic,
}

impl Kind {
    /// The name used in queries, such as `string`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Long => "long",
            Self::Real => "real",
            Self::Text => "string",
            Self::Time => "datetime",
            Self::Span => "timespan",
            Self::Dynamic => "dynamic",
        }
    }

    /// The kind behind a name used in queries, as in `typeof(string)`.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all =
            [Self::Bool, Self::Long, Self::Real, Self::Text, Self::Time, Self::Span, Self::Dynamic];
        let name = if name == "int" { "long" } else { name };
        all.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in the schema of an answer, such as `String`.
    pub(crate) fn schema_name(self) -> &'static str {
        match self {
            Self::Bool => "SByte",
            Self::Long => "Int64",
            Self::Real => "Double",
            Self::Text => "String",
            Self::Time => "DateTime",
            Self::Span => "TimeSpan",
            Self::Dynamic => "Object",
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Long | Self::Real)
    }
}

/// One value. Text has no null of its own: [`Datum::Null`] in a text column reads as empty text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    Text(String),
    Time(Timestamp),
    Span(SignedDuration),
    /// An array, an object, or a scalar that was taken out of one.
    Dynamic(Value),
}

impl Datum {
    /// A JSON value as a value of this kind; `Null` when it does not fit.
    pub(super) fn from_json(value: &Value, kind: Kind) -> Self {
        match (kind, value) {
            (_, Value::Null) => Self::Null,
            (Kind::Dynamic, other) => Self::Dynamic(other.clone()),
            (kind, other) => Self::Dynamic(other.clone()).cast(kind),
        }
    }

    /// As it stands in an answer.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(yes) => Value::from(*yes),
            Self::Long(number) => Value::from(*number),
            Self::Real(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Time(time) => Value::from(time.to_string()),
            Self::Span(span) => Value::from(span_text(*span)),
            Self::Dynamic(value) => value.clone(),
        }
    }

    /// Converted as `tostring`, `tolong`, … do; what cannot be converted is null.
    pub(super) fn cast(&self, kind: Kind) -> Self {
        let plain = self.plain();
        let cast = match kind {
            Kind::Text => return Self::Text(plain.text()),
            Kind::Dynamic => return Self::Dynamic(self.to_json()),
            Kind::Bool => plain.as_bool().map(Self::Bool),
            Kind::Long => plain.as_real().map(|number| Self::Long(number as i64)),
            Kind::Real => plain.as_real().map(Self::Real),
            Kind::Time => plain.as_time().map(Self::Time),
            Kind::Span => match plain {
                Self::Span(span) => Some(Self::Span(span)),
                _ => None,
            },
        };
        cast.unwrap_or(Self::Null)
    }

    /// The scalar inside a dynamic value, if it is one.
    pub(super) fn plain(&self) -> Self {
        match self {
            Self::Dynamic(Value::Null) => Self::Null,
            Self::Dynamic(Value::Bool(yes)) => Self::Bool(*yes),
            Self::Dynamic(Value::String(text)) => Self::Text(text.clone()),
            Self::Dynamic(Value::Number(number)) => number
                .as_i64()
                .map(Self::Long)
                .or_else(|| number.as_f64().map(Self::Real))
                .unwrap_or(Self::Null),
            other => other.clone(),
        }
    }

    /// As `tostring` prints it; null is empty.
    pub(super) fn text(&self) -> String {
        match self.plain() {
            Self::Null => String::new(),
            Self::Bool(yes) => yes.to_string(),
            Self::Long(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Text(text) => text,
            Self::Time(time) => format!("{time:.7}"),
            Self::Span(span) => span_text(span),
            Self::Dynamic(value) => value.to_string(),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        self.plain() == Self::Bool(true)
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self.plain() {
            Self::Bool(yes) => Some(yes),
            Self::Long(number) => Some(number != 0),
            Self::Text(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn as_real(&self) -> Option<f64> {
        match self.plain() {
            Self::Bool(yes) => Some(f64::from(u8::from(yes))),
            Self::Long(number) => Some(number as f64),
            Self::Real(number) => Some(number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn as_time(&self) -> Option<Timestamp> {
        match self.plain() {
            Self::Time(time) => Some(time),
            Self::Text(text) => time(&text),
            _ => None,
        }
    }

    /// The elements of an array; anything else is one element, null is none.
    pub(super) fn elements(&self) -> Vec<Self> {
        match self {
            Self::Dynamic(Value::Array(elements)) => {
                elements.iter().map(|element| Self::Dynamic(element.clone())).collect()
            }
            other if other.plain() == Self::Null => Vec::new(),
            other => vec![other.clone()],
        }
    }

    /// How two values compare; `None` when one of them is null or they have nothing in common.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self.plain(), other.plain()) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(&right)),
            (Self::Text(left), Self::Null) => Some(left.as_str().cmp("")),
            (Self::Null, Self::Text(right)) => Some("".cmp(&right)),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(&right)),
            (Self::Long(left), Self::Long(right)) => Some(left.cmp(&right)),
            (Self::Time(left), Self::Time(right)) => Some(left.cmp(&right)),
            (Self::Span(left), Self::Span(right)) => Some(left.cmp(&right)),
            (Self::Dynamic(left), Self::Dynamic(right)) => {
                Some(left.to_string().cmp(&right.to_string()))
            }
            (left, right) => left.number()?.partial_cmp(&right.number()?),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Long(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// Equal values of one column have equal keys.
    pub(super) fn key(&self) -> String {
        match self.plain() {
            Self::Null => Value::from("").to_string(),
            other => other.to_json().to_string(),
        }
    }
}

/// A point in time as a query or a table writes it; without an offset it is UTC.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// `[-][days.]hours:minutes:seconds[.fraction]`
fn span_text(span: SignedDuration) -> String {
    let sign = if span.is_negative() { "-" } else { "" };
    let span = span.abs();
    let (seconds, days) = (span.as_secs(), span.as_secs() / 86_400);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let ticks = span.subsec_nanos() / 100;
    let fraction = if ticks > 0 { format!(".{ticks:07}") } else { String::new() };
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}
