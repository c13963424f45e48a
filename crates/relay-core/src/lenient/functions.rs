//! The lenient types as functions for `#[serde(deserialize_with = "…")]`.

use serde::{Deserialize, Deserializer};

use super::{Flag, Integer, List, Number, Object, Text, Texts};

/// See [`Text`].
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Text::deserialize(deserializer).map(Text::into_inner)
}

/// See [`Integer`].
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Integer::deserialize(deserializer).map(Integer::into_inner)
}

/// See [`Number`].
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Number::deserialize(deserializer).map(Number::into_inner)
}

/// See [`Flag`].
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Flag::deserialize(deserializer).map(Flag::into_inner)
}

/// See [`Object`].
pub fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Object::deserialize(deserializer).map(Object::into_inner)
}

/// See [`List`].
pub fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    List::deserialize(deserializer).map(List::into_inner)
}

/// See [`Texts`].
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Texts::deserialize(deserializer).map(Texts::into_inner)
}
