//! Finds the entities of one relay among those of the other.

use std::collections::BTreeMap;

use super::entity::{Entity, Kind};

/// Entities of both relays, and what only one of them has.
#[derive(Default)]
pub(super) struct Matched {
    pub(super) pairs: Vec<(Entity, Entity)>,
    pub(super) only_old: Vec<Entity>,
    pub(super) only_new: Vec<Entity>,
}

/// Pairs entities of the same kind, first by the surest key of each, then by the next.
pub(super) fn matched(old: Vec<Entity>, new: Vec<Entity>) -> Matched {
    let mut matched = Matched { only_old: old, only_new: new, ..Matched::default() };
    let keys = |all: &[Entity]| all.iter().map(|one| one.keys.len()).max().unwrap_or_default();
    for rank in 0..keys(&matched.only_old) {
        pair_by(rank, &mut matched);
    }
    matched
}

fn pair_by(rank: usize, matched: &mut Matched) {
    let mut by_key: BTreeMap<(Kind, String), Vec<Entity>> = BTreeMap::new();
    let mut rest = Vec::new();
    for new in std::mem::take(&mut matched.only_new) {
        match key(&new, rank) {
            Some(key) => by_key.entry(key).or_default().push(new),
            None => rest.push(new),
        }
    }
    for old in std::mem::take(&mut matched.only_old) {
        let found = key(&old, rank).and_then(|key| taken(&old, by_key.get_mut(&key)?));
        match found {
            Some(new) => matched.pairs.push((old, new)),
            None => matched.only_old.push(old),
        }
    }
    rest.extend(by_key.into_values().flatten());
    rest.sort_by(|one, other| (one.kind, &one.label).cmp(&(other.kind, &other.label)));
    matched.only_new = rest;
}

/// Takes the first entity out of a list that may be the same as another.
fn taken(old: &Entity, list: &mut Vec<Entity>) -> Option<Entity> {
    let is_other = |new: &Entity| {
        let knows_both = !old.ids.is_empty() && !new.ids.is_empty();
        knows_both && old.ids.iter().all(|id| !new.ids.contains(id))
    };
    let place = list.iter().position(|new| !is_other(new))?;
    Some(list.remove(place))
}

fn key(entity: &Entity, rank: usize) -> Option<(Kind, String)> {
    Some((entity.kind, entity.keys.get(rank)?.clone()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(label: &str, keys: &[&str]) -> Entity {
        let keys = keys.iter().map(|key| Some((*key).to_owned()).filter(|key| !key.is_empty()));
        Entity {
            kind: Kind::Sighting,
            label: label.to_owned(),
            fields: BTreeMap::new(),
            ids: Vec::new(),
            keys: keys.collect(),
        }
    }

    #[track_caller]
    fn check(old: &[Entity], new: &[Entity], pairs: &[(&str, &str)], only: (&[&str], &[&str])) {
        let found = matched(old.to_vec(), new.to_vec());
        let labels = |all: &[Entity]| all.iter().map(|one| one.label.clone()).collect::<Vec<_>>();
        let found_pairs: Vec<_> =
            found.pairs.iter().map(|(old, new)| (old.label.as_str(), new.label.as_str())).collect();
        assert_eq!(found_pairs, pairs);
        assert_eq!(
            (labels(&found.only_old), labels(&found.only_new)),
            (owned(only.0), owned(only.1))
        );
    }

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    #[test]
    fn the_surest_key_counts_first() {
        let old = [entity("a", &["id-1", "noon"]), entity("b", &["", "noon"])];
        let new = [entity("c", &["id-9", "noon"]), entity("d", &["id-1", "noon"])];
        check(&old, &new, &[("a", "d"), ("b", "c")], (&[], &[]));
    }

    #[test]
    fn entities_with_other_ids_are_not_the_same() {
        let with =
            |label, id: &str| Entity { ids: vec![id.to_owned()], ..entity(label, &["noon"]) };
        check(&[with("a", "1")], &[with("b", "2"), with("c", "1")], &[("a", "c")], (&[], &["b"]));
        check(&[with("a", "1")], &[entity("b", &["noon"])], &[("a", "b")], (&[], &[]));
    }

    #[test]
    fn every_entity_is_found_once() {
        let old = [entity("a", &["id"]), entity("b", &["id"]), entity("c", &["other"])];
        let new = [entity("d", &["id"]), entity("e", &["new"]), entity("f", &[""])];
        check(&old, &new, &[("a", "d")], (&["b", "c"], &["e", "f"]));
    }
}
