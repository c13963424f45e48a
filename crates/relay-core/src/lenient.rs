//! Reads products' JSON as it comes: a member that is null, missing or of another type costs itself
//! only, never its siblings.
//!
//! Each type stands in a struct that derives [`Deserialize`] with `#[serde(default)]` and
//! dereferences to the [`Option`] or [`Vec`] that it holds. [`Object`], [`List`] and [`Texts`] read
//! from bytes or text, as [`Response::json`](crate::Response::json) does, not from a
//! [`serde_json::Value`].
//!
//! ```
//! use relay_core::lenient::{Integer, List, Object, Text};
//!
//! #[derive(Default, serde::Deserialize)]
//! #[serde(default)]
//! struct Alert {
//!     title: Text,
//!     score: Integer,
//!     device: Object<Device>,
//!     users: List<User>,
//! }
//!
//! #[derive(Default, serde::Deserialize)]
//! #[serde(default)]
//! struct Device {
//!     name: Text,
//! }
//!
//! #[derive(Default, serde::Deserialize)]
//! #[serde(default)]
//! struct User {
//!     name: Text,
//! }
//!
//! let json = r#"{"title": "Beacon", "score": "7", "device": "none", "users": [{"name": 4}, null]}"#;
//! let alert: Alert = serde_json::from_str(json)?;
//! assert_eq!(alert.title.as_deref(), Some("Beacon"));
//! assert_eq!(*alert.score, Some(7));
//! assert!(alert.device.is_none());
//! assert_eq!(alert.users[0].name.as_deref(), Some("4"));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod scalar;

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use scalar::Scalar;

/// Defines what every lenient type offers beside reading itself.
macro_rules! lenient {
    ($(#[$doc:meta])* $name:ident $(<$item:ident>)? => $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name$(<$item>)?($inner);

        impl$(<$item>)? $name$(<$item>)? {
            /// Returns what was read.
            pub fn into_inner(self) -> $inner {
                self.0
            }
        }

        // By hand, because a derive would ask the same of the items.
        impl$(<$item>)? Default for $name$(<$item>)? {
            fn default() -> Self {
                Self(Default::default())
            }
        }

        impl$(<$item>)? Deref for $name$(<$item>)? {
            type Target = $inner;

            fn deref(&self) -> &$inner {
                &self.0
            }
        }

        impl$(<$item>)? DerefMut for $name$(<$item>)? {
            fn deref_mut(&mut self) -> &mut $inner {
                &mut self.0
            }
        }

        impl$(<$item>)? From<$inner> for $name$(<$item>)? {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    };
}

lenient! {
    /// A text, or a number as its digits; `None` for anything else and for the empty text.
    #[derive(Eq, Hash)]
    Text => Option<String>
}

lenient! {
    /// A whole number, or its digits as a text; `None` for anything else.
    #[derive(Copy, Eq, Hash)]
    Integer => Option<i64>
}

lenient! {
    /// A number, or its text; `None` for anything else.
    #[derive(Copy)]
    Number => Option<f64>
}

lenient! {
    /// `true`, `1`, `"1"`, `"true"` and their opposites; `None` for anything else.
    #[derive(Copy, Eq, Hash)]
    Flag => Option<bool>
}

lenient! {
    /// An object of a known shape; `None` for anything else.
    #[derive(Eq, Hash)]
    Object<T> => Option<T>
}

lenient! {
    /// The objects of a list that have the known shape; an empty list for anything else.
    #[derive(Eq, Hash)]
    List<T> => Vec<T>
}

lenient! {
    /// The texts of a list, numbers as their digits; an empty list for anything else.
    #[derive(Eq, Hash)]
    Texts => Vec<String>
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_text()))
    }
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_integer()))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_number()))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_flag()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(shaped(raw)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        items(deserializer).map(|items| Self(items.into_iter().filter_map(shaped).collect()))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |raw: &RawValue| serde_json::from_str::<Scalar>(raw.get()).ok()?.into_text();
        items(deserializer).map(|items| Self(items.into_iter().filter_map(text).collect()))
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Texts {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Texts {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// The items of a list, not yet read; none for anything else.
fn items<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<&'de RawValue>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// Only an object fills a struct: serde would also take a list for one, member by member.
fn shaped<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Record {
        name: Text,
        count: Integer,
        score: Number,
        open: Flag,
        parent: Object<Box<Record>>,
        parts: List<Record>,
        tags: Texts,
    }

    #[test]
    fn n09_malformed_members_cost_only_themselves() {
        let check = |member: &str, value: &str| {
            let json = format!(r#"{{"before":1,"{member}":{value},"name":"kept"}}"#);
            let read: Record = serde_json::from_str(&json).unwrap();
            let expected = Record { name: "kept".into(), ..Record::default() };
            assert_eq!(read, expected, "{json}");
        };
        for malformed in
            ["null", "[[1,{\"a\":[2]}]]", "18446744073709551615", "\"\"", "\"x\"", "-7.5e300"]
        {
            for member in ["count", "open", "parent", "parts"] {
                check(member, malformed);
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
            (read.name.as_deref(), *read.count, *read.score),
            (Some("1483"), Some(12), Some(7.5))
        );
        assert_eq!((*read.open, read.parts.len()), (Some(true), 2));
        let parent = read.parent.into_inner().unwrap();
        assert_eq!(parent.name.as_deref(), Some("p"));
        assert_eq!(*read.tags, ["x", "7"]);
        assert_eq!(read.parts.into_iter().filter(|part| part.name.is_none()).count(), 1);
    }
}
