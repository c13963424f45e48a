//! Reads products' JSON as it comes: a member that is null, missing or of another type costs itself
//! only, never its siblings.
//!
//! Each type stands in a struct that derives [`Deserialize`] with `#[serde(default)]` and
//! dereferences to the [`Option`] or [`Vec`] that it holds. They read from bytes or text, as
//! [`Response::json`](crate::Response::json) does, not from a [`serde_json::Value`].
//!
//! Everything is read in one pass, and what is not kept is not built: unknown members, items of
//! another shape, items beyond those that [`Response::json_of`](crate::Response::json_of) asks for,
//! and of a list inside a record those beyond a thousand.
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

mod inner;
mod members;
mod packed;
mod reading;
mod scalar;
mod shape;

use std::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
    str::FromStr,
};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub use inner::Inner;
pub use packed::packed;
pub(crate) use reading::{InnerLimits, ReadLimits, ReadOutcome, Share, read};
use scalar::Scalar;
use shape::{ObjectOf, ObjectOrListVisitor, RawObjectOf, SlotOf};

/// The longest text that is kept, in bytes; what is beyond is cut. No text of an answer is longer,
/// and no value of an observable half as long.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

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
    /// A text; `None` for anything else, numbers included, and for the empty text.
    #[derive(Eq, Hash)]
    StrictText => Option<String>
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
    /// What a text says, such as an address; `None` for a text that says something else and for
    /// anything but a text.
    #[derive(Copy, Eq, Hash)]
    Parsed<T> => Option<T>
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
    /// The objects of a list, for shapes that depend on a member, so that each is looked at as text
    /// before it is read; an empty list for anything else.
    #[derive(Eq, Hash)]
    RawList<T> => Vec<T>
}

lenient! {
    /// The items of a list by their places, `None` for one that has not the known shape; an empty
    /// list for anything else.
    #[derive(Eq, Hash)]
    Slots<T> => Vec<Option<T>>
}

lenient! {
    /// The texts of a list, numbers as their digits; an empty list for anything else.
    #[derive(Eq, Hash)]
    Texts => Vec<String>
}

lenient! {
    /// What the texts of a list say, as far as each can be [`Parsed`]; an empty list for anything
    /// else.
    #[derive(Eq, Hash)]
    ParsedList<T> => Vec<T>
}

/// An object, or a list in its place, for what a server sends in one of two shapes. Anything else
/// cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectOrList<T, L> {
    /// The object.
    Object(T),
    /// The list.
    List(L),
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

impl<'de> Deserialize<'de> for StrictText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.into_strict_text()))
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|scalar| Self(scalar.parsed()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shape::read(deserializer).map(|object| Self(object.map(|ObjectOf(object)| object)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        objects(deserializer, Some).map(|objects| Self(objects.unwrap_or_default()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for RawList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let objects = shape::items(deserializer, |RawObjectOf(object)| Some(object))?;
        Ok(Self(objects.unwrap_or_default()))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slots<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let slots = shape::items(deserializer, |SlotOf(slot)| Some(slot))?;
        Ok(Self(slots.unwrap_or_default()))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = shape::items(deserializer, Scalar::into_text)?;
        Ok(Self(texts.unwrap_or_default()))
    }
}

impl<'de, T: FromStr> Deserialize<'de> for ParsedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = shape::items(deserializer, Scalar::parsed)?;
        Ok(Self(values.unwrap_or_default()))
    }
}

impl<'de, T: Deserialize<'de>, L: Deserialize<'de>> Deserialize<'de> for ObjectOrList<T, L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectOrListVisitor(PhantomData))
    }
}

/// Reads the items of a list as they stand in the text, to be read when more is known; `None` for
/// anything but a list.
///
/// # Errors
///
/// Those of the deserializer.
pub fn raw_items<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<&'de RawValue>>, D::Error> {
    shape::items(deserializer, Some)
}

/// Reads what `keep` makes of the objects of a list that have a known shape; `None` for anything but
/// a list.
///
/// # Errors
///
/// Those of the deserializer.
pub fn objects<'de, T, U, D>(
    deserializer: D,
    keep: impl Fn(T) -> Option<U>,
) -> Result<Option<Vec<U>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    shape::items(deserializer, |ObjectOf(object)| keep(object))
}

/// Defines that a list is walked as the [`Vec`] in it.
macro_rules! walked {
    ($($name:ident $(<$item:ident>)? of $of:ty),*) => {
        $(
            impl$(<$item>)? IntoIterator for $name$(<$item>)? {
                type Item = $of;
                type IntoIter = std::vec::IntoIter<$of>;

                fn into_iter(self) -> Self::IntoIter {
                    self.0.into_iter()
                }
            }

            impl<'a, $($item)?> IntoIterator for &'a $name$(<$item>)? {
                type Item = &'a $of;
                type IntoIter = std::slice::Iter<'a, $of>;

                fn into_iter(self) -> Self::IntoIter {
                    self.0.iter()
                }
            }
        )*
    };
}

walked!(List<T> of T, ParsedList<T> of T, RawList<T> of T, Texts of String);

#[cfg(test)]
mod tests;
