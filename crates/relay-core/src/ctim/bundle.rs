//! The entities of one answer, no more of them than an answer can carry.

mod selection;

use std::collections::BTreeSet;

// Every entity is looked up by its id several times, and the standard library's hash would cost more
// than the search.
use foldhash::{HashMap, HashSet};
use serde::Serialize;

use super::{
    Document, EntityType, Id, Indicator, Judgement, Observable, Relationship, Sighting, Verdict,
};

/// The largest answer in bytes of JSON. Lambda carries 6 MB, with its quotes and backslashes escaped.
pub const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The entities of an answer, in the order in which they were added. An id that is present is not
/// added again.
///
/// Entities are added the newest first. What an answer cannot carry is left out fairly: every
/// observable keeps its newest sighting and judgement before any keeps its second.
#[derive(Debug, Default)]
pub struct Bundle {
    verdicts: Vec<Verdict>,
    entities: Vec<Entity>,
    seen: HashSet<Id>,
    subjects: Subjects,
    /// The size of the entities.
    bytes: usize,
    left_out: LeftOut,
    /// Where each entity is serialised.
    memory: String,
}

/// An entity, serialised.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) collection: EntityType,
    pub(crate) document: Document,
    id: Id,
    /// The observable that a sighting or judgement is about.
    subject: Option<usize>,
    /// The ends of a relationship.
    ends: Option<[Id; 2]>,
}

/// What an answer has no place for.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// How many entities.
    pub(crate) entities: usize,
    /// The observables that they are about, as far as they are about one.
    subjects: BTreeSet<usize>,
}

/// A bundle that fits into an answer.
pub(crate) struct FittedBundle {
    pub(crate) verdicts: Vec<Document>,
    pub(crate) entities: Vec<Entity>,
    /// How many entities were left out.
    pub(crate) left_out: usize,
    /// The observables that they are about, as far as they are about one.
    pub(crate) observables: Vec<Observable>,
}

/// The observables of a bundle, each once, by number.
#[derive(Debug, Default)]
struct Subjects {
    numbers: HashMap<Observable, usize>,
}

impl Bundle {
    /// Adds a verdict.
    pub fn add_verdict(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    /// Adds a judgement.
    pub fn add_judgement(&mut self, judgement: Judgement) {
        let subject = Some(&judgement.observable);
        self.add(EntityType::Judgement, judgement.id(), subject, None, &judgement);
    }

    /// Adds a sighting.
    pub fn add_sighting(&mut self, sighting: Sighting) {
        self.left_out.entities += sighting.relations.left_out();
        let subject = sighting.observables.first();
        self.add(EntityType::Sighting, sighting.id(), subject, None, &sighting);
    }

    /// Adds an indicator. Several observables may have the same one.
    pub fn add_indicator(&mut self, indicator: Indicator) {
        self.add(EntityType::Indicator, indicator.id(), None, None, &indicator);
    }

    /// Adds a relationship, whose two ends must be in the same answer.
    pub fn add_relationship(&mut self, relationship: Relationship) {
        let ends = Some(relationship.ends());
        self.add(EntityType::Relationship, relationship.id(), None, ends, &relationship);
    }

    /// Appends the entities of another bundle.
    pub fn append(&mut self, other: Self) {
        if self.subjects.numbers.is_empty() && self.is_empty() {
            let before = std::mem::replace(self, other);
            self.left_out.entities += before.left_out.entities;
            return;
        }
        let Self { verdicts, entities, subjects, left_out, .. } = other;
        self.verdicts.extend(verdicts);
        let numbers = self.subjects.adopt(subjects);
        let number = |subject: usize| numbers.get(&subject).copied();
        self.seen.reserve(entities.len());
        self.entities.reserve(entities.len());
        for mut entity in entities {
            if self.seen.insert(entity.id) {
                entity.subject = entity.subject.and_then(number);
                self.push(entity);
            }
        }
        self.left_out.entities += left_out.entities;
        self.left_out.subjects.extend(left_out.subjects.into_iter().filter_map(number));
    }

    /// Returns whether an entity with this id was added.
    #[must_use]
    pub fn contains(&self, id: Id) -> bool {
        self.seen.contains(&id)
    }

    /// Returns the number of entities of all types.
    #[must_use]
    pub fn len(&self) -> usize {
        self.verdicts.len() + self.entities.len()
    }

    /// Returns whether the bundle has no entity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(
        &mut self,
        collection: EntityType,
        id: Id,
        subject: Option<&Observable>,
        ends: Option<[Id; 2]>,
        entity: &impl Serialize,
    ) {
        if !self.seen.insert(id) {
            return;
        }
        let subject = subject.map(|observable| self.subjects.number(observable));
        match Document::of_many(&mut self.memory, entity) {
            Some(document) => self.push(Entity { collection, document, id, subject, ends }),
            None => self.left_out.add(subject),
        }
    }

    /// Adds an entity, and leaves others out when there are twice as many as an answer can carry.
    fn push(&mut self, entity: Entity) {
        self.bytes += entity.document.size();
        self.entities.push(entity);
        if self.bytes > 2 * MAX_ANSWER_BYTES {
            // The other end of a relationship may still be added.
            self.cut(MAX_ANSWER_BYTES, |ends, seen| !ends.iter().all(|end| seen.contains(end)));
        }
    }

    /// Leaves out what does not fit, whole entities with their relationships, but for relationships
    /// that are open.
    fn cut(&mut self, max_bytes: usize, is_open: impl Fn([Id; 2], &HashSet<Id>) -> bool) {
        if self.bytes <= max_bytes {
            return;
        }
        let Self { entities, seen, left_out, .. } = self;
        let kept = selection::fair(entities, max_bytes);
        entities.retain(|entity| {
            let is_open = || entity.ends.is_some_and(|ends| is_open(ends, seen));
            let is_kept = kept.contains(&entity.id) || is_open();
            if !is_kept {
                left_out.add(entity.subject);
            }
            is_kept
        });
        self.bytes = entities.iter().map(|entity| entity.document.size()).sum();
    }

    /// Returns the entities that fit into `max_bytes`, in their order.
    pub(crate) fn fitted(mut self, max_bytes: usize) -> FittedBundle {
        let mut bytes_left = max_bytes;
        let mut verdicts = std::mem::take(&mut self.verdicts);
        verdicts.retain(|verdict| {
            // Without its judgement a verdict only gets smaller.
            let size = Document::of(verdict).map(|document| document.size());
            let left = size.and_then(|size| bytes_left.checked_sub(size));
            bytes_left = left.unwrap_or(bytes_left);
            if left.is_none() {
                let subject = self.subjects.number(verdict.observable());
                self.left_out.add(Some(subject));
            }
            left.is_some()
        });
        self.cut(bytes_left, |_, _| false);
        if !verdicts.is_empty() {
            let kept = self.entities.iter().map(|entity| entity.id).collect();
            verdicts =
                verdicts.into_iter().map(|verdict| with_kept_judgement(verdict, &kept)).collect();
        }
        FittedBundle {
            verdicts: verdicts.iter().filter_map(Document::of).collect(),
            entities: self.entities,
            left_out: self.left_out.entities,
            observables: self.subjects.only(&self.left_out.subjects),
        }
    }
}

/// Returns the verdict, without its judgement where that was left out.
fn with_kept_judgement(verdict: Verdict, kept: &HashSet<Id>) -> Verdict {
    let is_left_out = verdict.judgement_id().is_some_and(|id| !kept.contains(&id));
    if is_left_out { verdict.without_judgement() } else { verdict }
}

impl LeftOut {
    fn add(&mut self, subject: Option<usize>) {
        self.entities += 1;
        self.subjects.extend(subject);
    }
}

impl Subjects {
    fn number(&mut self, observable: &Observable) -> usize {
        let next = self.numbers.len();
        match self.numbers.get(observable) {
            Some(number) => *number,
            None => *self.numbers.entry(observable.clone()).or_insert(next),
        }
    }

    /// Adds others; returns their numbers here by their numbers there.
    fn adopt(&mut self, others: Self) -> HashMap<usize, usize> {
        let mut others: Vec<_> = others.numbers.into_iter().collect();
        others.sort_unstable_by_key(|(_, number)| *number);
        others.into_iter().map(|(observable, there)| (there, self.number(&observable))).collect()
    }

    /// Returns those with these numbers, in order.
    fn only(self, numbers: &BTreeSet<usize>) -> Vec<Observable> {
        let mut subjects: Vec<_> = self.numbers.into_iter().collect();
        subjects.retain(|(_, number)| numbers.contains(number));
        subjects.sort_unstable_by_key(|(_, number)| *number);
        subjects.into_iter().map(|(observable, _)| observable).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctim::{Namespace, ObservableType, ObservedTime, RelationshipType, Time};

    const PRODUCT: Namespace = Namespace::X500;

    fn add(bundle: &mut Bundle, value: &str, number: usize, padding: usize) {
        let number = number.to_string();
        let observable = Observable::new(ObservableType::Domain, value);
        let id = PRODUCT.sighting(&[&number], "domain", value);
        let at = ObservedTime::at(Time::from_unix_milliseconds(1_790_000_000_000).unwrap());
        let mut sighting = Sighting::of(id, "Product", observable, at);
        sighting.description = Some("x".repeat(padding).into());
        sighting.external_ids = vec![number.into()];
        let indicator = Indicator::of(PRODUCT.indicator(&["rule"]), "Product");
        let (from, to) = (sighting.id(), indicator.id());
        let kind = RelationshipType::SightingOf;
        bundle.add_relationship(Relationship::of(PRODUCT, "Product", from, kind, to));
        bundle.add_indicator(indicator);
        bundle.add_sighting(sighting);
    }

    /// Returns the sightings by observable, as the numbers that they were added with, and the other
    /// entities.
    fn kept(bundle: FittedBundle) -> (HashMap<String, Vec<usize>>, usize) {
        let (mut kept, mut others): (HashMap<String, Vec<usize>>, _) = (HashMap::default(), 0);
        for entity in bundle.entities {
            let doc: serde_json::Value = serde_json::from_str(&entity.document.json()).unwrap();
            match doc["observables"][0]["value"].as_str() {
                Some(value) => {
                    let number = doc["external_ids"][0].as_str().unwrap().parse().unwrap();
                    kept.entry(value.to_owned()).or_default().push(number);
                }
                None => others += 1,
            }
        }
        (kept, others)
    }

    #[test]
    fn l03_every_observable_keeps_its_newest_before_any_keeps_all() {
        for is_apart in [false, true] {
            let mut bundle = Bundle::default();
            for value in ["a.test", "b.test", "c.test"] {
                let mut of_one = Bundle::default();
                let sightings = if value == "c.test" { 3 } else { 100 };
                for number in 0..sightings {
                    add(if is_apart { &mut of_one } else { &mut bundle }, value, number, 1000);
                }
                bundle.append(of_one);
            }
            let fitted = bundle.fitted(50_000);
            let left_out = fitted.left_out;
            assert_eq!(fitted.observables.len(), 2, "all three of c.test are there");
            let (kept, others) = kept(fitted);
            assert_eq!(kept["c.test"], [0, 1, 2]);
            let (a, b) = (&kept["a.test"], &kept["b.test"]);
            assert!(a.len() > 5 && a.len() - b.len() <= 1, "{} {}", a.len(), b.len());
            assert!(a.iter().copied().eq(0..a.len()) && b.iter().copied().eq(0..b.len()));
            let sightings = a.len() + b.len() + 3;
            assert_eq!(others, sightings + 1, "each with its relationship, and the indicator");
            assert_eq!(left_out, 2 * (203 - sightings));
        }
    }

    #[test]
    fn l08_a_bundle_never_holds_more_than_twice_what_an_answer_can() {
        let mut bundle = Bundle::default();
        for number in 0..4000 {
            add(&mut bundle, &format!("{}.test", number % 200), number, 5000);
            assert!(bundle.bytes <= 2 * MAX_ANSWER_BYTES);
        }
        let (kept, _) = kept(bundle.fitted(MAX_ANSWER_BYTES));
        assert_eq!(kept.len(), 200);
        assert!(kept.values().all(|numbers| numbers[0] < 200));
    }
}
