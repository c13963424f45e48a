//! Documents inside a document, such as the responses of a batch.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::reading;

/// A document inside the one that is read, which
/// [`Response::json_of_many`](crate::Response::json_of_many) limits by itself.
#[derive(Debug)]
pub enum Inner<'a, T> {
    /// Was read in the same pass.
    Record(T),
    /// Was not read: it has not the expected shape, or stands beside one that has not.
    Text(&'a RawValue),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Inner<'de, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if reading::is_careful() {
            return <&RawValue>::deserialize(deserializer).map(Self::Text);
        }
        reading::read_inner(|| T::deserialize(deserializer)).map(Self::Record)
    }
}
