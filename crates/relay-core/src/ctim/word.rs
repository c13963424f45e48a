//! The constant members of entities.

use serde::{Serialize, Serializer};

use super::document::PLAIN;

/// The CTIM version every entity is written for.
pub const SCHEMA_VERSION: Word = Word("1.3.29");

/// A member that the constructor of its entity sets and nobody else, because it belongs to another one:
/// an id to its type, a disposition to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Fixed<T>(pub(super) T);

/// A word of CTIM, which holds nothing to escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word(pub(super) &'static str);

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PLAIN, self.0)
    }
}
