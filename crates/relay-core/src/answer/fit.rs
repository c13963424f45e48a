//! Cuts an answer to the size that Lambda carries: whole entities, with their relationships.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::ctim::{Bundle, Id, Verdict};

/// What the braces, names, counts and error entries around the entities may take.
const FRAME: usize = 16 * 1024;

/// A document as it goes out, serialised once.
pub(super) type Doc = Box<RawValue>;

/// The collections of an answer; those without documents are left out.
#[derive(Default, Serialize)]
pub(super) struct Collections {
    #[serde(skip_serializing_if = "Collection::is_empty")]
    verdicts: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    judgements: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    sightings: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    indicators: Collection,
    #[serde(skip_serializing_if = "Collection::is_empty")]
    relationships: Collection,
}

impl Collections {
    pub(super) fn len(&self) -> usize {
        let Self { verdicts, judgements, sightings, indicators, relationships } = self;
        [verdicts, judgements, sightings, indicators, relationships]
            .iter()
            .map(|all| all.count)
            .sum()
    }
}

#[derive(Default, Serialize)]
struct Collection {
    count: usize,
    docs: Vec<Doc>,
}

impl Collection {
    fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl FromIterator<Doc> for Collection {
    fn from_iter<I: IntoIterator<Item = Doc>>(docs: I) -> Self {
        let docs: Vec<_> = docs.into_iter().collect();
        Self { count: docs.len(), docs }
    }
}

/// The entities that fit into `largest` bytes, in their order, and how many did not.
pub(super) fn collections(bundle: Bundle, largest: usize) -> (Collections, usize) {
    let asked = bundle.len();
    let entities = Entities::of(&bundle);
    let mut room = largest.saturating_sub(FRAME);
    let mut verdicts = bundle.verdicts;
    // Without its judgement a verdict only gets smaller.
    verdicts.retain(|verdict| doc(verdict).is_some_and(|doc| takes_its_room(&mut room, &doc)));
    let kept = if entities.size() <= room { entities.all() } else { entities.chosen(room) };
    let verdicts = verdicts.into_iter().filter_map(|one| doc(&standing_on(one, &kept)));
    let verdicts = verdicts.collect();
    let collections = Collections { verdicts, ..entities.only(&kept) };
    let left_out = asked - collections.len();
    (collections, left_out)
}

/// The items that fit into `largest` bytes, and how many did not.
pub(super) fn list<T: Serialize>(items: Vec<T>, largest: usize) -> (Vec<Doc>, usize) {
    let asked = items.len();
    let mut room = largest.saturating_sub(FRAME);
    let docs = items.iter().filter_map(doc);
    let kept: Vec<_> = docs.take_while(|doc| takes_its_room(&mut room, doc)).collect();
    let left_out = asked - kept.len();
    (kept, left_out)
}

/// Whether there was room for it, which is then taken.
fn takes_its_room(room: &mut usize, doc: &RawValue) -> bool {
    let left = room.checked_sub(size(doc));
    *room = left.unwrap_or(*room);
    left.is_some()
}

/// A verdict whose judgement was left out stands alone.
fn standing_on(verdict: Verdict, kept: &HashSet<Id>) -> Verdict {
    let gone = verdict.judgement_id().is_some_and(|id| !kept.contains(&id));
    if gone { verdict.without_judgement() } else { verdict }
}

/// A relationship: its id, its two ends, and itself as it goes out.
type Edge = (Id, [Id; 2], Doc);

/// Everything but the verdicts, serialised.
struct Entities {
    judgements: Vec<(Id, Doc)>,
    sightings: Vec<(Id, Doc)>,
    indicators: Vec<(Id, Doc)>,
    relationships: Vec<Edge>,
}

impl Entities {
    fn of(bundle: &Bundle) -> Self {
        let relationships = bundle.relationships.iter();
        Self {
            judgements: bundle.judgements.iter().filter_map(|e| Some((e.id(), doc(e)?))).collect(),
            sightings: bundle.sightings.iter().filter_map(|e| Some((e.id(), doc(e)?))).collect(),
            indicators: bundle.indicators.iter().filter_map(|e| Some((e.id(), doc(e)?))).collect(),
            relationships: relationships
                .filter_map(|e| Some((e.id(), e.ends(), doc(e)?)))
                .collect(),
        }
    }

    fn size(&self) -> usize {
        let entities = self.judgements.iter().chain(&self.sightings).chain(&self.indicators);
        let relationships = self.relationships.iter().map(|(_, _, doc)| size(doc));
        entities.map(|(_, doc)| size(doc)).chain(relationships).sum()
    }

    fn all(&self) -> HashSet<Id> {
        let entities = self.judgements.iter().chain(&self.sightings).chain(&self.indicators);
        let relationships = self.relationships.iter().map(|(id, _, _)| *id);
        entities.map(|(id, _)| *id).chain(relationships).collect()
    }

    /// Sightings and judgements in turn, so that neither crowds the other out, each with the
    /// indicators and relationships it brings; one that does not fit is left out whole. Indicators
    /// that nothing leads to come last.
    fn chosen(&self, room: usize) -> HashSet<Id> {
        let mut choice = Choice::new(self, room);
        for turn in 0..self.sightings.len().max(self.judgements.len()) {
            let pair = [self.sightings.get(turn), self.judgements.get(turn)];
            for (id, doc) in pair.into_iter().flatten() {
                choice.consider(*id, doc);
            }
        }
        for (id, doc) in &self.indicators {
            if !choice.touching.contains_key(id) {
                choice.consider(*id, doc);
            }
        }
        choice.kept
    }

    fn only(self, kept: &HashSet<Id>) -> Collections {
        let these = |all: Vec<(Id, Doc)>| -> Collection {
            all.into_iter().filter(|(id, _)| kept.contains(id)).map(|(_, doc)| doc).collect()
        };
        let relationships = self.relationships.into_iter().filter(|(id, ..)| kept.contains(id));
        Collections {
            verdicts: Collection::default(),
            judgements: these(self.judgements),
            sightings: these(self.sightings),
            indicators: these(self.indicators),
            relationships: relationships.map(|(_, _, doc)| doc).collect(),
        }
    }
}

/// What is kept so far, and the room that is left.
struct Choice<'a> {
    room: usize,
    kept: HashSet<Id>,
    indicators: HashMap<Id, &'a Doc>,
    /// The relationships that begin or end at an entity.
    touching: HashMap<Id, Vec<&'a Edge>>,
}

impl<'a> Choice<'a> {
    fn new(entities: &'a Entities, room: usize) -> Self {
        let mut touching: HashMap<Id, Vec<_>> = HashMap::new();
        for relationship in &entities.relationships {
            for end in relationship.1 {
                touching.entry(end).or_default().push(relationship);
            }
        }
        let indicators = entities.indicators.iter().map(|(id, doc)| (*id, doc)).collect();
        Self { room, kept: HashSet::new(), indicators, touching }
    }

    fn consider(&mut self, id: Id, doc: &Doc) {
        let mut brought = vec![id];
        let mut takes = size(doc);
        for (relationship, ends, doc) in self.touching.get(&id).into_iter().flatten() {
            let other = if ends[0] == id { ends[1] } else { ends[0] };
            let is_there = self.kept.contains(&other) || brought.contains(&other);
            match self.indicators.get(&other) {
                _ if is_there => {}
                Some(indicator) => {
                    brought.push(other);
                    takes += size(indicator);
                }
                None => continue,
            }
            brought.push(*relationship);
            takes += size(doc);
        }
        if let Some(room) = self.room.checked_sub(takes) {
            self.room = room;
            self.kept.extend(brought);
        }
    }
}

/// Entities always serialise; one that did not would be left out and counted.
pub(super) fn doc(entity: &impl Serialize) -> Option<Doc> {
    to_raw_value(entity).ok()
}

/// With the comma behind it. Lambda carries an answer as a text inside JSON, where quotes and
/// backslashes are escaped once more: two thirds of that length count where they are more, so that
/// 4 MiB here are never more than the 6 MiB there.
pub(super) fn size(doc: &RawValue) -> usize {
    let text = doc.get();
    let escaped = text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    text.len().max(escaped * 2 / 3 + 1) + 1
}
