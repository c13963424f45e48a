//! What an answer tells of one observable, in a form that can be compared: ids are left out, because
//! the Python relays made new ones each time, and members without a value count as missing.

mod reading;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) use reading::{listed, observed};

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Verdict,
    Judgement,
    Sighting,
    Indicator,
    /// A device, user or mailbox that was hit.
    Target,
    /// One edge of the graph.
    Relation,
    Link,
    Action,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Judgement => "judgement",
            Self::Sighting => "sighting",
            Self::Indicator => "indicator",
            Self::Target => "target",
            Self::Relation => "relation",
            Self::Link => "link",
            Self::Action => "action",
        }
    }

    /// Returns the name for a number of them.
    pub(super) fn counted(self, count: usize) -> String {
        format!("{count} {}{}", self.name(), if count == 1 { "" } else { "s" })
    }
}

/// One entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) kind: Kind,
    /// What the output calls it.
    pub(super) label: String,
    /// The members that are compared, as far as they have a value.
    pub(super) fields: BTreeMap<&'static str, String>,
    /// The product's own ids of it; two entities with other ids are not the same.
    pub(super) ids: Vec<String>,
    /// What finds it among the other relay's entities of its kind, the surest first; all entities of
    /// a kind have the same keys.
    pub(super) keys: Vec<Option<String>>,
}
