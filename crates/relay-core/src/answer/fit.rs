//! Cuts an answer to the size that Lambda carries: whole entities, with their relationships.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::ctim::{Bundle, Id, Indicator, Relationship, Verdict};

/// What the braces, names and counts around the entities may take.
const FRAME: usize = 4096;

/// A document as it goes out, serialised once.
type Doc = Box<RawValue>;

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
            .map(|all| all.count)
            .iter()
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

    fn push(&mut self, doc: Doc) {
        self.count += 1;
        self.docs.push(doc);
    }
}

/// The entities that fit into `largest` bytes, and how many did not.
///
/// Verdicts come first, then judgements and sightings in their order, each with the indicators
/// and relationships it brings; one that does not fit is left out whole.
pub(super) fn collections(bundle: Bundle, largest: usize) -> (Collections, usize) {
    let asked = bundle.len();
    let Bundle { verdicts, judgements, sightings, indicators, relationships, .. } = bundle;
    let mut fit = Fit::new(largest, indicators, relationships);
    let judgements: Vec<_> = judgements.iter().map(|one| (one.id(), doc(one))).collect();
    let judged: HashSet<Id> = judgements.iter().map(|(id, _)| *id).collect();
    let verdicts_take: usize = verdicts.iter().filter_map(doc).map(|doc| size(&doc)).sum();
    fit.left = fit.left.saturating_sub(verdicts_take);
    for (id, judgement) in judgements {
        fit.add(id, judgement, |into| &mut into.judgements);
    }
    for sighting in sightings {
        fit.add(sighting.id(), doc(&sighting), |into| &mut into.sightings);
    }
    fit.add_lone_indicators();
    for verdict in verdicts {
        fit.add_verdict(verdict, &judged);
    }
    let left_out = asked - fit.kept.len();
    (fit.kept, left_out)
}

/// The items that fit into `largest` bytes, and how many did not.
pub(super) fn list<T: Serialize>(items: Vec<T>, largest: usize) -> (Vec<Doc>, usize) {
    let asked = items.len();
    let mut left = largest.saturating_sub(FRAME);
    let mut kept = Vec::with_capacity(asked);
    for item in items.iter().filter_map(doc) {
        let Some(rest) = left.checked_sub(size(&item)) else { break };
        left = rest;
        kept.push(item);
    }
    let left_out = asked - kept.len();
    (kept, left_out)
}

struct Fit {
    left: usize,
    kept: Collections,
    kept_ids: HashSet<Id>,
    indicators: Vec<(Id, Doc)>,
    indicator_places: HashMap<Id, usize>,
    relationships: Vec<([Id; 2], Doc)>,
    touching: HashMap<Id, Vec<usize>>,
}

impl Fit {
    fn new(largest: usize, indicators: Vec<Indicator>, relationships: Vec<Relationship>) -> Self {
        let indicators: Vec<_> =
            indicators.iter().filter_map(|one| Some((one.id(), doc(one)?))).collect();
        let relationships: Vec<_> =
            relationships.iter().filter_map(|one| Some((one.ends(), doc(one)?))).collect();
        let mut touching: HashMap<Id, Vec<usize>> = HashMap::new();
        for (place, (ends, _)) in relationships.iter().enumerate() {
            ends.iter().for_each(|end| touching.entry(*end).or_default().push(place));
        }
        let places = indicators.iter().enumerate().map(|(place, (id, _))| (*id, place));
        Self {
            left: largest.saturating_sub(FRAME),
            kept: Collections::default(),
            kept_ids: HashSet::new(),
            indicator_places: places.collect(),
            indicators,
            relationships,
            touching,
        }
    }

    /// Adds an entity with what it brings, if all of it fits.
    fn add(&mut self, id: Id, entity: Option<Doc>, into: fn(&mut Collections) -> &mut Collection) {
        let Some(entity) = entity else { return };
        let (relationships, indicators) = self.brought_by(id);
        let takes = size(&entity)
            + relationships.iter().map(|at| size(&self.relationships[*at].1)).sum::<usize>()
            + indicators.iter().map(|at| size(&self.indicators[*at].1)).sum::<usize>();
        let Some(left) = self.left.checked_sub(takes) else { return };
        self.left = left;
        self.kept_ids.insert(id);
        into(&mut self.kept).push(entity);
        for at in indicators {
            self.keep_indicator(at);
        }
        for at in relationships {
            self.kept.relationships.push(self.relationships[at].1.clone());
        }
    }

    /// The relationships that would have both ends kept, and the indicators among those ends
    /// that are not kept yet.
    fn brought_by(&self, id: Id) -> (Vec<usize>, Vec<usize>) {
        let mut relationships = Vec::new();
        let mut indicators = Vec::new();
        for at in self.touching.get(&id).into_iter().flatten() {
            let [source, target] = self.relationships[*at].0;
            let other = if source == id { target } else { source };
            let place = self.indicator_places.get(&other);
            if self.kept_ids.contains(&other) {
                relationships.push(*at);
            } else if let Some(place) = place {
                relationships.push(*at);
                if !indicators.contains(place) {
                    indicators.push(*place);
                }
            }
        }
        (relationships, indicators)
    }

    fn keep_indicator(&mut self, at: usize) {
        let (id, doc) = &self.indicators[at];
        self.kept_ids.insert(*id);
        self.kept.indicators.push(doc.clone());
    }

    /// Indicators that no relationship leads to; the others come with their sightings.
    fn add_lone_indicators(&mut self) {
        for at in 0..self.indicators.len() {
            let (id, doc) = &self.indicators[at];
            let lone = !self.touching.contains_key(id) && !self.kept_ids.contains(id);
            if let (true, Some(left)) = (lone, self.left.checked_sub(size(doc))) {
                self.left = left;
                self.keep_indicator(at);
            }
        }
    }

    /// Room for verdicts was set aside. One whose judgement was left out stands alone.
    fn add_verdict(&mut self, verdict: Verdict, judged: &HashSet<Id>) {
        let cut = verdict
            .judgement_id()
            .is_some_and(|id| judged.contains(&id) && !self.kept_ids.contains(&id));
        let verdict = if cut { verdict.without_judgement() } else { verdict };
        if let Some(doc) = doc(&verdict) {
            self.kept.verdicts.push(doc);
        }
    }
}

/// Entities always serialise; one that did not would be left out and counted.
fn doc(entity: &impl Serialize) -> Option<Doc> {
    to_raw_value(entity).ok()
}

/// With the comma behind it.
fn size(doc: &RawValue) -> usize {
    doc.get().len() + 1
}
