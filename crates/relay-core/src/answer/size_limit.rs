//! Limits an answer to the size that Lambda carries: whole entities, with their relationships.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::ctim::{Bundle, Id, Verdict};

/// The bytes kept for the braces, names and counts around the entities, and for the warning.
const ENVELOPE_RESERVE_BYTES: usize = 16 * 1024;

/// A document as it is written, serialised once.
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

/// Returns the entities that fit into `max_bytes`, in their order, and how many did not.
pub(super) fn collections(bundle: Bundle, max_bytes: usize) -> (Collections, usize) {
    let total = bundle.len();
    let entities = Entities::of(&bundle);
    let mut bytes_left = max_bytes.saturating_sub(ENVELOPE_RESERVE_BYTES);
    let mut verdicts = bundle.verdicts;
    // Without its judgement a verdict only gets smaller.
    verdicts.retain(|verdict| doc(verdict).is_some_and(|doc| reserve(&mut bytes_left, &doc)));
    let kept =
        if entities.size() <= bytes_left { entities.all() } else { entities.chosen(bytes_left) };
    let verdicts = verdicts.into_iter().filter_map(|one| doc(&with_kept_judgement(one, &kept)));
    let verdicts = verdicts.collect();
    let collections = Collections { verdicts, ..entities.only(&kept) };
    let left_out = total - collections.len();
    (collections, left_out)
}

/// Returns the items that fit into `max_bytes`, and how many did not.
pub(super) fn list<T: Serialize>(items: Vec<T>, max_bytes: usize) -> (Vec<Doc>, usize) {
    let total = items.len();
    let mut bytes_left = max_bytes.saturating_sub(ENVELOPE_RESERVE_BYTES);
    let docs = items.iter().filter_map(doc);
    let kept: Vec<_> = docs.take_while(|doc| reserve(&mut bytes_left, doc)).collect();
    let left_out = total - kept.len();
    (kept, left_out)
}

/// Takes the size of a document from the bytes that are left; false when it does not fit.
fn reserve(bytes_left: &mut usize, doc: &RawValue) -> bool {
    let left = bytes_left.checked_sub(size(doc));
    *bytes_left = left.unwrap_or(*bytes_left);
    left.is_some()
}

/// Returns the verdict, without its judgement where that was left out.
fn with_kept_judgement(verdict: Verdict, kept: &HashSet<Id>) -> Verdict {
    let is_left_out = verdict.judgement_id().is_some_and(|id| !kept.contains(&id));
    if is_left_out { verdict.without_judgement() } else { verdict }
}

/// A relationship: its id, its two ends, and its document.
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

    /// Chooses sightings and judgements alternately, so that neither displaces the other, each with
    /// its indicators and relationships; one that does not fit is left out whole. Indicators without
    /// relationships come last.
    fn chosen(&self, max_bytes: usize) -> HashSet<Id> {
        let mut selection = Selection::new(self, max_bytes);
        for index in 0..self.sightings.len().max(self.judgements.len()) {
            let pair = [self.sightings.get(index), self.judgements.get(index)];
            for (id, doc) in pair.into_iter().flatten() {
                selection.consider(*id, doc);
            }
        }
        for (id, doc) in &self.indicators {
            if !selection.touching.contains_key(id) {
                selection.consider(*id, doc);
            }
        }
        selection.kept
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

/// The entities that are kept so far, and the bytes that are left.
struct Selection<'a> {
    bytes_left: usize,
    kept: HashSet<Id>,
    indicators: HashMap<Id, &'a Doc>,
    /// The relationships that begin or end at an entity.
    touching: HashMap<Id, Vec<&'a Edge>>,
}

impl<'a> Selection<'a> {
    fn new(entities: &'a Entities, bytes_left: usize) -> Self {
        let mut touching: HashMap<Id, Vec<_>> = HashMap::new();
        for relationship in &entities.relationships {
            for end in relationship.1 {
                touching.entry(end).or_default().push(relationship);
            }
        }
        let indicators = entities.indicators.iter().map(|(id, doc)| (*id, doc)).collect();
        Self { bytes_left, kept: HashSet::new(), indicators, touching }
    }

    fn consider(&mut self, id: Id, doc: &Doc) {
        let mut added = vec![id];
        let mut needed = size(doc);
        for (relationship, ends, doc) in self.touching.get(&id).into_iter().flatten() {
            let other = if ends[0] == id { ends[1] } else { ends[0] };
            let is_there = self.kept.contains(&other) || added.contains(&other);
            match self.indicators.get(&other) {
                _ if is_there => {}
                Some(indicator) => {
                    added.push(other);
                    needed += size(indicator);
                }
                None => continue,
            }
            added.push(*relationship);
            needed += size(doc);
        }
        if let Some(left) = self.bytes_left.checked_sub(needed) {
            self.bytes_left = left;
            self.kept.extend(added);
        }
    }
}

/// Serialises an entity. All do; one that did not would be left out and counted.
pub(super) fn doc(entity: &impl Serialize) -> Option<Doc> {
    to_raw_value(entity).ok()
}

/// Returns the bytes of a document and the comma after it. Lambda carries an answer as a text inside
/// JSON, where quotes and backslashes are escaped once more: two thirds of that length count where
/// they are more, so that 4 MiB here are never more than the 6 MiB there.
pub(super) fn size(doc: &RawValue) -> usize {
    let text = doc.get();
    let escaped = text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    text.len().max(escaped * 2 / 3 + 1) + 1
}
