//! The part of OData's filter language that the documentation shows: comparisons, `in`, `and`, `or`,
//! `not`, brackets and the three text functions.

mod parse;
mod words;

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use self::words::Word;
use super::{Entity, Problem};

/// A condition on one entity.
#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Compare(&'static str, Comparison, Literal),
    OneOf(&'static str, Vec<Literal>),
    Text(TextTest, &'static str, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    Moment(Timestamp),
}

impl Filter {
    /// Reads a filter over these properties, whose names are not case-sensitive.
    pub(super) fn parse(text: &str, properties: &'static [&'static str]) -> Result<Self, Problem> {
        parse::filter(text, properties)
    }

    pub(super) fn accepts(&self, entity: &Entity) -> bool {
        match self {
            Self::Any(filters) => filters.iter().any(|filter| filter.accepts(entity)),
            Self::All(filters) => filters.iter().all(|filter| filter.accepts(entity)),
            Self::Not(filter) => !filter.accepts(entity),
            Self::Compare(property, comparison, literal) => {
                comparison.holds(literal.order(entity.get(*property).unwrap_or(&Value::Null)))
            }
            Self::OneOf(property, literals) => {
                let value = entity.get(*property).unwrap_or(&Value::Null);
                literals.iter().any(|literal| literal.order(value) == Some(Ordering::Equal))
            }
            Self::Text(test, property, part) => entity
                .get(*property)
                .and_then(Value::as_str)
                .is_some_and(|text| test.holds(text, part)),
        }
    }
}

impl Comparison {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// `None` stands for values that have no order, such as null and a text.
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order.is_some_and(Ordering::is_lt),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order.is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl TextTest {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "contains" => Self::Contains,
            "startswith" => Self::StartsWith,
            "endswith" => Self::EndsWith,
            _ => return None,
        })
    }

    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Contains => text.contains(part),
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
        }
    }
}

impl Literal {
    fn of(word: Word) -> Option<Self> {
        match word {
            Word::Text(text) => Some(Self::Text(text)),
            Word::Bare(bare) => Some(match bare.as_str() {
                "null" => Self::Null,
                "true" => Self::Flag(true),
                "false" => Self::Flag(false),
                number if number.parse::<f64>().is_ok() => Self::Number(number.parse().ok()?),
                moment => Self::Moment(moment_of(moment)?),
            }),
            _ => None,
        }
    }

    /// How an entity's value stands to this literal.
    fn order(&self, value: &Value) -> Option<Ordering> {
        match (value, self) {
            (Value::Null, Self::Null) => Some(Ordering::Equal),
            (Value::Bool(value), Self::Flag(flag)) => Some(value.cmp(flag)),
            (Value::Number(value), Self::Number(number)) => value.as_f64()?.partial_cmp(number),
            (Value::String(value), Self::Text(text)) => Some(value.as_str().cmp(text)),
            (Value::String(value), Self::Moment(moment)) => Some(moment_of(value)?.cmp(moment)),
            (Value::Array(values), _) => {
                values.iter().find_map(|value| self.order(value).filter(|order| order.is_eq()))
            }
            _ => None,
        }
    }
}

/// A moment, also in the documented short form `2018-08-01Z`.
fn moment_of(text: &str) -> Option<Timestamp> {
    let day_only = || format!("{}T00:00:00Z", text.strip_suffix('Z').unwrap_or(text)).parse();
    text.parse().or_else(|_| day_only()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PROPERTIES: &[&str] = &["id", "count", "open", "seen", "tags", "name"];

    fn accepts(filter: &str) -> bool {
        let entity = json!({
            "id": "a'b", "count": 4711, "open": true, "seen": "2026-10-30T06:12:01.5Z",
            "tags": ["red", "blue"], "name": null,
        });
        let entity = entity.as_object().expect("an object");
        Filter::parse(filter, PROPERTIES).expect(filter).accepts(entity)
    }

    #[test]
    fn conditions_hold() {
        for filter in [
            "id eq 'a''b'",
            "ID eq 'a''b'",
            "id eq 'x' or id eq 'y' or id eq 'a''b'",
            "count gt 4710 and count le 4711",
            "open eq true",
            "not (open eq false)",
            "seen ge 2026-10-30T06:12:01.5Z",
            "seen gt 2018-08-01Z",
            "id in ('x', 'a''b')",
            "startswith(id,'a') and contains( id , '''' ) and endswith(id,'b')",
            "name eq null and id ne null",
            "name ne 'x'",
            "tags eq 'blue'",
            "(id eq 'x' or open eq true) and count eq 4711",
        ] {
            assert!(accepts(filter), "{filter}");
        }
    }

    #[test]
    fn conditions_fail() {
        for filter in [
            "id eq 'A''B'",
            "id eq 'x' or id eq 'y' and open eq true",
            "count lt 4711",
            "seen lt 2018-08-01Z",
            "name eq 'x'",
            "name gt 'x'",
            "id in ('x')",
            "tags eq 'green'",
        ] {
            assert!(!accepts(filter), "{filter}");
        }
    }

    #[test]
    fn broken_filters_are_refused() {
        let long = vec!["id eq 'x'"; 51].join(" or ");
        for filter in [
            "",
            "id",
            "id eq",
            "id eq 'x",
            "id eq x",
            "id like 'x'",
            "title eq 'x'",
            "id eq 'x' or",
            "(id eq 'x'",
            "id eq 'x')",
            "id in ()",
            "id eq 'x' id eq 'y'",
            "contains(id)",
            &long,
        ] {
            assert!(Filter::parse(filter, PROPERTIES).is_err(), "{filter}");
        }
    }

    #[test]
    fn twenty_terms_are_fine() {
        assert!(!accepts(&vec!["id eq 'x'"; 20].join(" or ")));
    }
}
