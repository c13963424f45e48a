//! What MISP knows about observables: which searches follow on which, docs/relays/misp.md#number-of-requests.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use relay_core::{Error, ErrorKind, Observable, join_bounded};

use crate::{
    client::{
        Client, MAX_BATCH, MAX_CONCURRENT_REQUESTS,
        budget::Budget,
        neighbours::{WantedEvent, WantedNeighbours},
        query::EventTags,
        types::Attribute,
        worth::Worths,
    },
    config::{Config, Verdicts},
    equality::{Index, searched_texts},
    mapping::{ATTRIBUTE_TYPES, MatchedEvent, MatchedObservable, Neighbours},
};

/// Events whose attributes one search asks for, at the most.
const MAX_EVENTS: usize = 500;
/// Relations of all sightings together: more do not fit into an answer.
const MAX_RELATIONS: usize = 10_000;

/// The searches of one call.
pub(crate) struct Investigation<'a> {
    client: &'a Client<'a>,
    config: &'a Config,
    /// The largest number of events for one observable.
    entity_limit: usize,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) matches: Vec<MatchedObservable>,
    pub(crate) neighbours: Neighbours,
    /// The largest number of relations on one sighting.
    pub(crate) relations_limit: usize,
    pub(crate) errors: Vec<Error>,
}

/// Observables that are searched together, and the number of the first among those of the call.
#[derive(Clone, Copy)]
struct Batch<'a> {
    observables: &'a [Observable],
    first: usize,
}

/// What was found for one batch.
struct FoundBatch {
    matches: Vec<MatchedObservable>,
    /// The attributes that name its observables, until they are among the neighbours.
    attributes: Vec<Arc<Attribute>>,
    neighbours: Option<Neighbours>,
    errors: Vec<Error>,
    /// Says that relations are missing.
    without_relations: Option<Error>,
}

impl<'a> Investigation<'a> {
    pub(crate) fn new(client: &'a Client<'a>, config: &'a Config, entity_limit: usize) -> Self {
        Self { client, config, entity_limit }
    }

    /// Returns the events of the observables, their verdicts and the other attributes of the events.
    pub(crate) async fn observed(&self, observables: &[Observable]) -> Found {
        // Made when something is found, while other batches wait for their responses.
        let index = LazyLock::new(|| Arc::new(Index::new(observables)));
        let batches = Batch::all(observables).map(|batch| self.observed_batch(batch, &index));
        let batches = join_bounded(batches.collect::<Vec<_>>(), MAX_CONCURRENT_REQUESTS).await;
        let mut found = merged(batches);
        found.relations_limit = self.relations_limit(&found.matches);
        if found.relations_limit < self.config.relations_limit {
            found.errors.push(few_relations(found.relations_limit));
        }
        found
    }

    /// Returns how many relations each sighting may have, so that all get the same share.
    fn relations_limit(&self, matches: &[MatchedObservable]) -> usize {
        let sightings = matches.iter().map(|one| one.events.len().min(self.entity_limit));
        let share = MAX_RELATIONS / sightings.sum::<usize>().max(1);
        self.config.relations_limit.min(share.max(1))
    }

    /// Returns the events of the observables and their verdicts.
    pub(crate) async fn deliberated(&self, observables: &[Observable]) -> Found {
        let batches = Batch::all(observables).map(|batch| self.deliberated_batch(batch));
        merged(join_bounded(batches.collect::<Vec<_>>(), MAX_CONCURRENT_REQUESTS).await)
    }

    /// Returns all attributes that name the observables, of a batch at the most.
    pub(crate) async fn matched(&self, observables: &[Observable]) -> Found {
        let budget = Budget::default();
        let batch = Batch { observables, first: 0 };
        merged(vec![self.matched_batch(batch, EventTags::Omit, &budget).await])
    }

    async fn observed_batch(
        &self,
        batch: Batch<'_>,
        index: &LazyLock<Arc<Index>, impl FnOnce() -> Arc<Index>>,
    ) -> FoundBatch {
        let budget = Budget::default();
        let mut found = self.matched_batch(batch, EventTags::Include, &budget).await;
        if found.attributes.is_empty() {
            return found;
        }
        let mut neighbours = Neighbours::new(index);
        neighbours.add(std::mem::take(&mut found.attributes));
        let wanted = self.wanted_neighbours(&found.matches, &neighbours);
        let (worths, others) = futures::join!(
            self.worths(&found.matches, &budget),
            self.client.search_by_events(&wanted, ATTRIBUTE_TYPES, &budget),
        );
        self.judge(&mut found, worths);
        neighbours.add(others.attributes.into_iter().map(Arc::new));
        found.neighbours = Some(neighbours);
        found.without_relations = others.errors.into_iter().next();
        found
    }

    async fn deliberated_batch(&self, batch: Batch<'_>) -> FoundBatch {
        let budget = Budget::default();
        let mut found = self.matched_batch(batch, EventTags::Omit, &budget).await;
        let worths = self.worths(&found.matches, &budget).await;
        self.judge(&mut found, worths);
        found
    }

    async fn matched_batch(
        &self,
        Batch { observables, first }: Batch<'_>,
        tags: EventTags,
        budget: &Budget,
    ) -> FoundBatch {
        let found = self.client.search_by_values(observables, tags, budget).await;
        let mut matches = MatchedObservable::all(observables, first, &found.attributes);
        for matched in &mut matches {
            if self.config.verdicts == Verdicts::Careful {
                matched.doubt(&HashMap::new());
            }
            matched.sort();
        }
        FoundBatch {
            matches,
            attributes: found.attributes.into_iter().map(|one| one.attribute).collect(),
            neighbours: None,
            errors: found.errors,
            without_relations: None,
        }
    }

    /// Asks what MISP knows about the attributes that would be called bad.
    async fn worths(&self, matches: &[MatchedObservable], budget: &Budget) -> Worths {
        if self.config.verdicts == Verdicts::ThreatLevel {
            return Worths::default();
        }
        let bad = matches.iter().filter(|one| one.events.iter().any(MatchedEvent::is_bad));
        let values: Vec<String> = bad.flat_map(|one| searched_texts(&one.observable)).collect();
        let events = in_turn(matches, |one| {
            one.events.iter().filter(|event| event.is_bad()).filter_map(MatchedEvent::event_id)
        });
        let ids: Vec<String> = events.into_iter().map(str::to_owned).collect();
        self.client.search_worth(&values, &ids, budget).await
    }

    /// Decides the verdicts and keeps the worst events of each observable.
    fn judge(&self, found: &mut FoundBatch, worths: Worths) {
        found.errors.extend(worths.error);
        for matched in &mut found.matches {
            if !worths.by_id.is_empty() {
                matched.doubt(&worths.by_id);
                matched.sort();
            }
            matched.events.truncate(self.entity_limit);
        }
    }

    /// Returns the events whose other attributes are needed for relations.
    fn wanted_neighbours(
        &self,
        matches: &[MatchedObservable],
        known: &Neighbours,
    ) -> WantedNeighbours {
        let limit = self.relations_limit(matches);
        let is_wanted = |one: &MatchedObservable, event: &MatchedEvent| {
            known.has_fewer_relations(one, event, limit)
        };
        let ids = in_turn(matches, |one| {
            let kept = one.events.iter().take(self.entity_limit);
            kept.filter(|event| is_wanted(one, event)).filter_map(MatchedEvent::event_id)
        });
        // The attributes that name the observables are among those of their events.
        let wanted = |id: &str| WantedEvent { id: id.to_owned(), attributes: limit + 1 };
        let in_objects =
            matches.iter().filter(|one| one.attributes().any(|it| it.object().is_some()));
        WantedNeighbours {
            events: ids.into_iter().map(wanted).collect(),
            values_in_objects: in_objects.flat_map(|one| searched_texts(&one.observable)).collect(),
        }
    }
}

impl<'a> Batch<'a> {
    fn all(observables: &'a [Observable]) -> impl Iterator<Item = Self> {
        let firsts = (0..).step_by(MAX_BATCH);
        let batches = observables.chunks(MAX_BATCH).zip(firsts);
        batches.map(|(observables, first)| Self { observables, first })
    }
}

/// Returns ids of events, each once and in turn from every observable, as many as one search takes.
fn in_turn<'a, I: Iterator<Item = &'a str>>(
    matches: &'a [MatchedObservable],
    ids: impl Fn(&'a MatchedObservable) -> I,
) -> Vec<&'a str> {
    let mut queues: Vec<_> = matches.iter().map(ids).collect();
    let mut seen = std::collections::HashSet::new();
    let mut chosen = Vec::new();
    while !queues.is_empty() && chosen.len() < MAX_EVENTS {
        queues.retain_mut(|queue| match queue.next() {
            Some(id) => {
                if chosen.len() < MAX_EVENTS && seen.insert(id) {
                    chosen.push(id);
                }
                true
            }
            None => false,
        });
    }
    chosen
}

fn few_relations(each: usize) -> Error {
    let message = format!(
        "There are more relations than an answer holds; each sighting has {each} at the most; ask about fewer observables or lower CTR_ENTITIES_LIMIT."
    );
    Error::new(ErrorKind::TooLarge, message).as_warning()
}

fn merged(batches: Vec<FoundBatch>) -> Found {
    let mut found = Found::default();
    let mut neighbours = Vec::new();
    let mut without_relations = None;
    for batch in batches {
        found.matches.extend(batch.matches);
        found.errors.extend(batch.errors);
        // One is enough to say that relations are missing.
        without_relations = without_relations.or(batch.without_relations);
        neighbours.extend(batch.neighbours);
    }
    found.errors.extend(without_relations);
    found.neighbours = neighbours.into_iter().reduce(Neighbours::with).unwrap_or_default();
    found
}
