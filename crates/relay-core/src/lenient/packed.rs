//! Values that may come as JSON inside a text.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor, value::SeqAccessDeserializer,
    },
};
use serde_json::value::RawValue;

use super::reading;

/// Reads a list, or one that stands as JSON inside a text; an empty one for anything else.
///
/// # Errors
///
/// Those of the deserializer.
pub fn packed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    if reading::is_careful() {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        let inside: Option<String> = serde_json::from_str(json).ok();
        return Ok(serde_json::from_str(inside.as_deref().unwrap_or(json)).unwrap_or_default());
    }
    deserializer.deserialize_any(PackedVisitor(PhantomData))
}

struct PackedVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned + Default> Visitor<'de> for PackedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(serde_json::from_str(text).unwrap_or_default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        IgnoredAny.visit_map(members).map(|_| T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::lenient::{ReadLimits, Texts, read};

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Row {
        #[serde(deserialize_with = "packed")]
        answers: Texts,
    }

    #[test]
    fn a_list_is_read_alone_and_inside_a_text() {
        let check = |answers: &str, expected: &[&str]| {
            let json = format!(r#"{{"answers": {answers}}}"#);
            let row = read::<Row>(&json, ReadLimits::NONE, None).unwrap().value;
            assert_eq!(*row.answers, expected, "{answers}");
        };
        check(r#"["a", 7]"#, &["a", "7"]);
        check(r#""[\"a\", 7, null]""#, &["a", "7"]);
        for other in ["null", "true", "7", "-7", "7.5", "{}", r#""""#, r#""[""#, r#""\ud800""#] {
            check(other, &[]);
        }
        // What cannot be read costs itself only.
        check(r#"["\ud800", "a"]"#, &["a"]);
    }
}
