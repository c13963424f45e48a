//! Relationships between two entities of one answer.

use serde::Serialize;

use super::{Head, Id, MediumText, Namespace};

/// How two entities hang together; the words of CTIM's list that relays use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationshipType {
    /// A judgement rests on an indicator, a sighting on a judgement.
    BasedOn,
    /// A judgement belongs to a feed's or list's indicator.
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

/// From one entity of the answer to another.
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
    /// `from` is `kind` `to`, says the product called `source`.
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
