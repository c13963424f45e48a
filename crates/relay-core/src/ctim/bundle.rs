//! The entities of one answer.

use std::collections::HashSet;

use super::{Id, Indicator, Judgement, Relationship, Sighting, Verdict};

/// Everything found, in the order it was added; an id that is there already is not added again.
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

    /// Adds an indicator; several observables may meet the same one.
    pub fn add_indicator(&mut self, indicator: Indicator) {
        if self.seen.insert(indicator.id()) {
            self.indicators.push(indicator);
        }
    }

    /// Adds a relationship; both its ends must be in the same answer.
    pub fn add_relationship(&mut self, relationship: Relationship) {
        if self.seen.insert(relationship.id()) {
            self.relationships.push(relationship);
        }
    }

    /// Adds all of another bundle after this one's.
    pub fn append(&mut self, other: Self) {
        other.verdicts.into_iter().for_each(|verdict| self.add_verdict(verdict));
        other.judgements.into_iter().for_each(|judgement| self.add_judgement(judgement));
        other.sightings.into_iter().for_each(|sighting| self.add_sighting(sighting));
        other.indicators.into_iter().for_each(|indicator| self.add_indicator(indicator));
        other.relationships.into_iter().for_each(|it| self.add_relationship(it));
    }

    /// Whether an entity of this id is there already.
    #[must_use]
    pub fn contains(&self, id: Id) -> bool {
        self.seen.contains(&id)
    }

    /// How many entities there are, of all types together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.verdicts.len() + self.seen.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
