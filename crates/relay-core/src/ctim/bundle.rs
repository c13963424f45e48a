//! The entities of one answer.

use std::collections::HashSet;

use super::{Id, Indicator, Judgement, Relationship, Sighting, Verdict};

/// The entities of an answer, in the order in which they were added. An id that is present is not
/// added again.
#[derive(Debug, Default)]
pub struct Bundle {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) sightings: Vec<Sighting>,
    pub(crate) indicators: Vec<Indicator>,
    pub(crate) relationships: Vec<Relationship>,
    seen: HashSet<Id>,
}

impl Bundle {
    /// Adds a verdict.
    pub fn add_verdict(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    /// Adds a judgement.
    pub fn add_judgement(&mut self, judgement: Judgement) {
        if self.seen.insert(judgement.id()) {
            self.judgements.push(judgement);
        }
    }

    /// Adds a sighting.
    pub fn add_sighting(&mut self, sighting: Sighting) {
        if self.seen.insert(sighting.id()) {
            self.sightings.push(sighting);
        }
    }

    /// Adds an indicator. Several observables may have the same one.
    pub fn add_indicator(&mut self, indicator: Indicator) {
        if self.seen.insert(indicator.id()) {
            self.indicators.push(indicator);
        }
    }

    /// Adds a relationship, whose two ends must be in the same answer.
    pub fn add_relationship(&mut self, relationship: Relationship) {
        if self.seen.insert(relationship.id()) {
            self.relationships.push(relationship);
        }
    }

    /// Appends the entities of another bundle.
    pub fn append(&mut self, other: Self) {
        other.verdicts.into_iter().for_each(|verdict| self.add_verdict(verdict));
        other.judgements.into_iter().for_each(|judgement| self.add_judgement(judgement));
        other.sightings.into_iter().for_each(|sighting| self.add_sighting(sighting));
        other.indicators.into_iter().for_each(|indicator| self.add_indicator(indicator));
        other.relationships.into_iter().for_each(|it| self.add_relationship(it));
    }

    /// Returns whether the bundle has an entity with this id.
    #[must_use]
    pub fn contains(&self, id: Id) -> bool {
        self.seen.contains(&id)
    }

    /// Returns the number of entities of all types.
    #[must_use]
    pub fn len(&self) -> usize {
        self.verdicts.len() + self.seen.len()
    }

    /// Returns whether the bundle has no entity.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
