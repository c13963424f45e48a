//! What two relays say of one observable on one route: the same, something else, or one of them alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    entity::{Entity, Kind},
    matching::matched,
    migration::{Migration, Only, Row},
};
use crate::answer::Answer;

/// The comparison for one observable on one route.
#[derive(Serialize)]
pub(super) struct Findings {
    /// How many entities of each kind are the same.
    pub(super) same: BTreeMap<Kind, usize>,
    pub(super) only_old: Vec<OneSided>,
    pub(super) only_new: Vec<OneSided>,
    pub(super) differs: Vec<Change>,
}

/// An entity that only one relay has.
#[derive(Serialize)]
pub(super) struct OneSided {
    pub(super) kind: Kind,
    pub(super) entity: String,
    /// Whether something is missing, and nothing explains it.
    pub(super) is_lost: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<Row>,
}

/// A member of an entity that differs.
#[derive(Serialize)]
pub(super) struct Change {
    pub(super) kind: Kind,
    pub(super) entity: String,
    #[serde(flatten)]
    pub(super) change: FieldChange,
    pub(super) is_lost: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<Row>,
}

/// Both values of a member.
#[derive(Serialize)]
pub(super) struct FieldChange {
    pub(super) field: &'static str,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

impl Findings {
    /// Compares the entities of both relays.
    pub(super) fn of(old: Vec<Entity>, new: Vec<Entity>, migration: &Migration) -> Self {
        let matched = matched(old, new);
        let mut findings = Self {
            same: BTreeMap::new(),
            only_old: one_sided(Only::Old, matched.only_old, migration),
            only_new: one_sided(Only::New, matched.only_new, migration),
            differs: Vec::new(),
        };
        for (old, new) in matched.pairs {
            let changes = changes(&old, &new);
            if changes.is_empty() {
                *findings.same.entry(old.kind).or_default() += 1;
            }
            findings.differs.extend(changes.into_iter().map(|change| {
                let expected = migration.of_change(old.kind, &change);
                let is_lost = expected.is_none() && change.is_loss();
                Change { kind: old.kind, entity: old.label.clone(), change, is_lost, expected }
            }));
        }
        findings
            .differs
            .sort_by(|one, other| (one.kind, &one.entity).cmp(&(other.kind, &other.entity)));
        findings
    }

    /// Counts what only the old relay says, without a reason that is known.
    pub(super) fn lost(&self) -> usize {
        let missing = self.only_old.iter().filter(|one| one.is_lost).count();
        missing + self.differs.iter().filter(|one| one.is_lost).count()
    }

    /// Whether there is nothing to tell.
    pub(super) fn are_equal(&self) -> bool {
        self.only_old.is_empty() && self.only_new.is_empty() && self.differs.is_empty()
    }
}

fn one_sided(only: Only, entities: Vec<Entity>, migration: &Migration) -> Vec<OneSided> {
    let explained = entities.into_iter().map(|entity| {
        let expected = migration.of_one(only, &entity);
        let is_lost = only == Only::Old && expected.is_none();
        OneSided { kind: entity.kind, entity: entity.label, is_lost, expected }
    });
    explained.collect()
}

/// Returns the members that differ. Capitals in values of the graph do not count.
fn changes(old: &Entity, new: &Entity) -> Vec<FieldChange> {
    let mut names: Vec<_> = old.fields.keys().chain(new.fields.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let is_graph = matches!(old.kind, Kind::Target | Kind::Relation);
    let is_same = |one: Option<&String>, other: Option<&String>| match (one, other) {
        (Some(one), Some(other)) if is_graph => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    };
    let differs =
        names.into_iter().filter(|name| !is_same(old.fields.get(name), new.fields.get(name)));
    let change = |field| FieldChange {
        field,
        old: old.fields.get(field).cloned(),
        new: new.fields.get(field).cloned(),
    };
    differs.map(change).collect()
}

impl FieldChange {
    /// Whether the new relay says less: nothing, or a disposition that is less grave.
    fn is_loss(&self) -> bool {
        let Some(new) = &self.new else { return true };
        let gravity = |name: &String| Answer::DISPOSITIONS.iter().position(|known| known == name);
        let graver = self.old.as_ref().and_then(gravity).zip(gravity(new));
        self.field == "disposition" && graver.is_some_and(|(old, new)| new > old)
    }
}
