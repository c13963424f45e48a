//! Which entities are kept where there is no place for all.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::Entity;
use crate::ctim::{EntityType, Id};

/// Chooses in rounds: of every observable the first sighting and judgement, then the second, and so
/// on, each with its indicators and relationships. One that does not fit is left out whole.
/// Indicators without relationships come last.
pub(super) fn fair(entities: &[Entity], max_bytes: usize) -> HashSet<Id> {
    let mut selection = Selection::new(entities, max_bytes);
    for entity in in_rounds(entities) {
        selection.consider(entity);
    }
    for indicator in of_type(entities, EntityType::Indicator) {
        if !selection.touching.contains_key(&indicator.id) {
            selection.consider(indicator);
        }
    }
    selection.kept
}

fn of_type(entities: &[Entity], collection: EntityType) -> impl Iterator<Item = &Entity> {
    entities.iter().filter(move |entity| entity.collection == collection)
}

/// Returns the sightings and judgements: the first of each observable, then the second of each.
fn in_rounds(entities: &[Entity]) -> impl Iterator<Item = &Entity> {
    let mut rounds: HashMap<(Option<usize>, EntityType), usize> = HashMap::new();
    let is_chosen =
        |it: &&Entity| matches!(it.collection, EntityType::Sighting | EntityType::Judgement);
    let mut ordered: Vec<_> = entities
        .iter()
        .filter(is_chosen)
        .map(|entity| {
            let round = rounds.entry((entity.subject, entity.collection)).or_default();
            *round += 1;
            (*round, entity)
        })
        .collect();
    // Stable: within a round the order is that in which they were added.
    ordered.sort_by_key(|(round, _)| *round);
    ordered.into_iter().map(|(_, entity)| entity)
}

/// The entities that are kept so far, and the bytes that are left.
struct Selection<'a> {
    bytes_left: usize,
    kept: HashSet<Id>,
    indicators: HashMap<Id, &'a Entity>,
    /// The relationships that begin or end at an entity.
    touching: HashMap<Id, Vec<&'a Entity>>,
    /// What the entity that is considered brings with it.
    added: Vec<Id>,
}

impl<'a> Selection<'a> {
    fn new(entities: &'a [Entity], bytes_left: usize) -> Self {
        let mut touching: HashMap<Id, Vec<_>> = HashMap::with_capacity(entities.len());
        for relationship in entities {
            for end in relationship.ends.into_iter().flatten() {
                touching.entry(end).or_default().push(relationship);
            }
        }
        let indicators = of_type(entities, EntityType::Indicator);
        let indicators = indicators.map(|indicator| (indicator.id, indicator)).collect();
        let kept = HashSet::with_capacity(entities.len());
        Self { bytes_left, kept, indicators, touching, added: Vec::new() }
    }

    fn consider(&mut self, entity: &Entity) {
        let Self { added, .. } = self;
        added.clear();
        added.push(entity.id);
        let mut needed = entity.document.size();
        for relationship in self.touching.get(&entity.id).into_iter().flatten() {
            let [source, target] = relationship.ends.unwrap_or([entity.id; 2]);
            let other = if source == entity.id { target } else { source };
            let is_there = self.kept.contains(&other) || added.contains(&other);
            match self.indicators.get(&other) {
                _ if is_there => {}
                Some(indicator) => {
                    added.push(other);
                    needed += indicator.document.size();
                }
                None => continue,
            }
            added.push(relationship.id);
            needed += relationship.document.size();
        }
        if let Some(left) = self.bytes_left.checked_sub(needed) {
            self.bytes_left = left;
            self.kept.extend(added.iter().copied());
        }
    }
}
