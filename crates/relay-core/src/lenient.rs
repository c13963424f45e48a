//! Reads products' JSON as it comes: null, missing and oddly typed members cost themselves only,
//! never their siblings.
//!
//! Each function serves `#[serde(default, deserialize_with = "…")]`. They read from bytes or text
//! ([`Response::json`](crate::Response::json) does), not from a `serde_json::Value`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A text, or a number as its digits; none for anything else and for the empty text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match deserializer.deserialize_any(Scalar)? {
        Loose::Text(text) if !text.is_empty() => Some(text),
        Loose::Integer(number) => Some(number.to_string()),
        Loose::Float(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number, or its digits as text; none for anything else.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match deserializer.deserialize_any(Scalar)? {
        Loose::Integer(number) => Some(number),
        Loose::Text(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// A number, or its text; none for anything else.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match deserializer.deserialize_any(Scalar)? {
        Loose::Integer(number) => Some(number as f64),
        Loose::Float(number) => Some(number),
        Loose::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    })
}

/// `true`, `1`, `"1"`, `"true"` and their opposites; none for anything else.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match deserializer.deserialize_any(Scalar)? {
        Loose::Flag(flag) => Some(flag),
        Loose::Integer(number @ (0 | 1)) => Some(number == 1),
        Loose::Text(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    })
}

/// An object of a known shape; none for anything else.
pub fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(shaped(<&RawValue>::deserialize(deserializer)?))
}

/// The objects of a list that have the known shape; an empty list for anything else.
pub fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(items.into_iter().filter_map(shaped).collect())
}

/// The texts of a list, numbers as their digits; an empty list for anything else.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    let text = |raw: &RawValue| text(&mut serde_json::Deserializer::from_str(raw.get())).ok()?;
    Ok(items.into_iter().filter_map(text).collect())
}

/// Only an object fills a struct: serde would also take a list for one, member by member.
fn shaped<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

enum Loose {
    Text(String),
    Integer(i64),
    Float(f64),
    Flag(bool),
    Other,
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Loose, E> {
        Ok(Loose::Text(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(i64::try_from(number).map_or(Loose::Other, Loose::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::Float(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Loose, E> {
        Ok(Loose::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_none<E>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Loose, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Record {
        #[serde(deserialize_with = "text")]
        name: Option<String>,
        #[serde(deserialize_with = "integer")]
        count: Option<i64>,
        #[serde(deserialize_with = "number")]
        score: Option<f64>,
        #[serde(deserialize_with = "flag")]
        open: Option<bool>,
        #[serde(deserialize_with = "object")]
        parent: Option<Box<Record>>,
        #[serde(deserialize_with = "objects")]
        parts: Vec<Record>,
        #[serde(deserialize_with = "texts")]
        tags: Vec<String>,
    }

    #[test]
    fn n09_odd_members_cost_only_themselves() {
        let check = |member: &str, value: &str| {
            let json = format!(r#"{{"before":1,"{member}":{value},"name":"kept"}}"#);
            let read: Record = serde_json::from_str(&json).unwrap();
            let expected = Record { name: Some("kept".to_owned()), ..Record::default() };
            assert_eq!(read, expected, "{json}");
        };
        for odd in
            ["null", "[[1,{\"a\":[2]}]]", "18446744073709551615", "\"\"", "\"x\"", "-7.5e300"]
        {
            for member in ["count", "open", "parent", "parts"] {
                check(member, odd);
            }
        }
        check("count", "{}");
        check("score", "\"inf\"");
        check("tags", "[[1],null,{},true,\"\"]");
        check("parts", "{\"name\":1}");
    }

    #[test]
    fn usual_and_loose_forms_are_read() {
        let json = r#"{"name":1483,"count":"12","score":"7.5","open":"1",
            "parent":{"name":"p"},"parts":[{"name":"a"},null,3,{"name":null}],"tags":["x",null,7]}"#;
        let read: Record = serde_json::from_str(json).unwrap();
        assert_eq!(
            (read.name.as_deref(), read.count, read.score),
            (Some("1483"), Some(12), Some(7.5))
        );
        assert_eq!((read.open, read.parts.len()), (Some(true), 2));
        assert_eq!(read.parent.unwrap().name.as_deref(), Some("p"));
        assert_eq!(read.tags, ["x", "7"]);
    }
}
