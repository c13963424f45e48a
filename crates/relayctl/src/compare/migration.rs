//! The differences that moving from a Python relay brings, docs/migrate.json: the source of the tables
//! in docs/migrate.md too.

use serde::{Deserialize, Serialize};

use super::{
    entity::{Entity, Kind},
    finding::FieldChange,
};
use crate::failure::{Failure, Outcome};

const DATA: &str = include_str!("../../../../docs/migrate.json");
/// The name for what holds for every relay.
const ALL_RELAYS: &str = "all";

/// One row of the page.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Row {
    #[serde(skip_serializing)]
    relay: String,
    /// What the Python relay did; empty where it had nothing like it.
    pub(super) before: String,
    /// What is now.
    pub(super) now: String,
    /// How the row shows in a comparison.
    #[serde(default, skip_serializing)]
    seen_as: Vec<Pattern>,
}

/// A difference between two answers. Texts may have `*` for any part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    kind: Kind,
    /// Where it is found.
    only: Option<Only>,
    /// For an entity that one relay has: what its members must be.
    #[serde(default)]
    with: Vec<Member>,
    /// For an entity that both have: the member that differs.
    field: Option<String>,
    old: Option<String>,
    new: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Only {
    Old,
    New,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    field: String,
    /// What it may be.
    is: Vec<String>,
}

/// The rows that hold for one relay.
pub(super) struct Migration(Vec<Row>);

impl Migration {
    /// Returns the rows for a relay, or the common ones where it is not known which it is.
    pub(super) fn of(relay: Option<&str>) -> Outcome<Self> {
        let rows: Vec<Row> = serde_json::from_str(DATA).map_err(|error| {
            Failure::Usage(format!("the list of differences is damaged: {error}."))
        })?;
        let is_for = |row: &Row| row.relay == ALL_RELAYS || Some(row.relay.as_str()) == relay;
        Ok(Self(rows.into_iter().filter(is_for).collect()))
    }

    /// Returns the row that explains why only one relay has an entity.
    pub(super) fn of_one(&self, only: Only, entity: &Entity) -> Option<Row> {
        self.first(|pattern| {
            pattern.kind == entity.kind
                && pattern.only == Some(only)
                && pattern.with.iter().all(|member| {
                    let value = entity.fields.get(member.field.as_str());
                    value.is_some_and(|value| member.is.iter().any(|one| is_like(one, value)))
                })
        })
    }

    /// Returns the row that explains why a member differs.
    pub(super) fn of_change(&self, kind: Kind, change: &FieldChange) -> Option<Row> {
        let fits = |pattern: &Option<String>, value: &Option<String>| match (pattern, value) {
            (None, _) => true,
            (Some(pattern), Some(value)) => is_like(pattern, value),
            (Some(pattern), None) => pattern.is_empty(),
        };
        self.first(|pattern| {
            pattern.kind == kind
                && pattern.field.as_deref() == Some(change.field)
                && fits(&pattern.old, &change.old)
                && fits(&pattern.new, &change.new)
        })
    }

    fn first(&self, fits: impl Fn(&Pattern) -> bool) -> Option<Row> {
        self.0.iter().find(|row| row.seen_as.iter().any(&fits)).cloned()
    }
}

/// Whether a text is like a pattern, in which `*` stands for any part.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let mut parts = rest.split('*').collect::<Vec<_>>();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        };
        check("Malicious", "Malicious", true);
        check("Malicious", "Malicious event", false);
        check("* event", "Malicious File event", true);
        check("https://*/alerts/*/details", "https://a.example/alerts/7/details", true);
        check("https://*/alerts/*/details", "https://a.example/alerts/7", false);
        check("ab*ba", "aba", false);
        check("*", "", true);
    }

    #[test]
    fn every_row_is_of_a_relay_and_every_pattern_is_whole() {
        let rows: Vec<Row> = serde_json::from_str(DATA).unwrap();
        for row in &rows {
            let is_relay = row.relay == ALL_RELAYS || catalog::find(&row.relay).is_some();
            assert!(is_relay, "{row:?}");
            for pattern in &row.seen_as {
                let of_change = pattern.field.is_some() && pattern.with.is_empty();
                let of_one = pattern.old.is_none() && pattern.new.is_none();
                let is_whole = if pattern.only.is_some() {
                    of_one && pattern.field.is_none()
                } else {
                    of_change
                };
                assert!(is_whole, "{row:?}");
            }
        }
    }
}
