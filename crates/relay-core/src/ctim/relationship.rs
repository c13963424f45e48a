//! Relationships between two entities of one answer.

use serde::Serialize;

use super::{Id, MediumText, Namespace, SCHEMA_VERSION, Word};

/// The type of a relationship: the values of CTIM's list that relays use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationshipType {
    /// A judgement is based on an indicator, or a sighting on a judgement.
    BasedOn,
    /// A judgement is an element of the indicator of a feed or list.
    ElementOf,
    /// A sighting is of an indicator.
    SightingOf,
}

impl RelationshipType {
    fn as_str(self) -> &'static str {
        match self {
            Self::BasedOn => "based-on",
            Self::ElementOf => "element-of",
            Self::SightingOf => "sighting-of",
        }
    }
}

/// A CTIM relationship between two entities of one answer.
#[derive(Debug, Clone, Serialize)]
pub struct Relationship {
    id: Id,
    #[serde(rename = "type")]
    kind: Word,
    schema_version: Word,
    source: MediumText,
    relationship_type: Word,
    source_ref: Id,
    target_ref: Id,
}

impl Relationship {
    /// Returns the relationship of type `kind` from `from` to `to`, as reported by the product
    /// `source`.
    #[must_use]
    pub fn of(
        namespace: Namespace,
        source: &str,
        from: Id,
        kind: RelationshipType,
        to: Id,
    ) -> Self {
        let id = namespace.relationship(kind.as_str(), from, to);
        Self {
            id,
            kind: Word(id.kind()),
            schema_version: SCHEMA_VERSION,
            source: source.into(),
            relationship_type: Word(kind.as_str()),
            source_ref: from,
            target_ref: to,
        }
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn ends(&self) -> [Id; 2] {
        [self.source_ref, self.target_ref]
    }
}
