//! Relationships between two entities of one answer.

use serde::Serialize;

use super::{Head, Id, MediumText, Namespace};

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
    #[serde(flatten)]
    head: Head,
    source: MediumText,
    relationship_type: &'static str,
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
        Self {
            head: Head::of(namespace.relationship(kind.as_str(), from, to)),
            source: source.into(),
            relationship_type: kind.as_str(),
            source_ref: from,
            target_ref: to,
        }
    }

    pub(crate) fn id(&self) -> Id {
        self.head.id()
    }

    pub(crate) fn ends(&self) -> [Id; 2] {
        [self.source_ref, self.target_ref]
    }
}
