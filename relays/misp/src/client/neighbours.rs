//! The searches for the other attributes of events, docs/relays/misp.md#search-for-neighbours.

use std::collections::HashMap;

use relay_core::{Error, ErrorKind};

use super::{
    Client,
    budget::Budget,
    query::{ObjectSearch, PAGE_SIZES, Search},
    types::Attribute,
};

/// An event whose other attributes are wanted, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedEvent {
    pub(crate) id: String,
    pub(crate) attributes: usize,
}

/// What the relations of a batch need.
#[derive(Debug, Default)]
pub(crate) struct WantedNeighbours {
    pub(crate) events: Vec<WantedEvent>,
    /// The values that stand in MISP objects, whose other attributes come first.
    pub(crate) values_in_objects: Vec<String>,
}

/// The other attributes of events, some more than once.
#[derive(Default)]
pub(crate) struct FoundNeighbours {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) errors: Vec<Error>,
}

impl Client<'_> {
    /// Returns the newest attributes of these types in these events, shared between the events.
    pub(crate) async fn search_by_events(
        &self,
        wanted: &WantedNeighbours,
        attribute_types: &[&str],
        budget: &Budget,
    ) -> FoundNeighbours {
        let mut found = FoundNeighbours::default();
        let mut missing = wanted.events.clone();
        let mut has_siblings = wanted.values_in_objects.is_empty();
        while !missing.is_empty() {
            if !budget.has_left(1) {
                found.errors.push(cut_warning());
                break;
            }
            let ids: Vec<_> = missing.iter().map(|event| event.id.clone()).collect();
            let attributes = missing.iter().map(|event| event.attributes).sum::<usize>();
            let limit = attributes.clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end());
            budget.spend();
            let page = match self.search(&Search::by_events(&ids, attribute_types, limit)).await {
                None => break,
                Some(Ok(page)) => page,
                Some(Err(error)) if error.kind() == ErrorKind::TooLarge && missing.len() > 1 => {
                    missing.truncate(missing.len() / 4 + 1);
                    found.errors.push(cut_warning());
                    continue;
                }
                Some(Err(error)) => {
                    found.errors.push(without_relations(error));
                    break;
                }
            };
            if page.is_full && !has_siblings && budget.has_left(1) {
                has_siblings = true;
                let siblings = self.siblings(&wanted.values_in_objects, &ids, budget).await;
                found.attributes.extend(siblings);
            }
            missing =
                if page.is_full { still_missing(missing, &page.attributes) } else { Vec::new() };
            found.attributes.extend(page.attributes);
        }
        found
    }

    /// Returns the attributes of the MISP objects that hold one of the values. Without them the
    /// relations are those of the page.
    async fn siblings(
        &self,
        values: &[String],
        event_ids: &[String],
        budget: &Budget,
    ) -> Vec<Attribute> {
        budget.spend();
        let _permit = self.permits.acquire().await;
        let search = ObjectSearch::by_values(values, event_ids);
        let found = self.circuit_breaker.guard(self.objects(&search)).await;
        found.and_then(Result::ok).unwrap_or_default()
    }
}

/// Returns the events that a full page gave less than they want. Those that took the page are left
/// out of the next one.
fn still_missing(mut events: Vec<WantedEvent>, attributes: &[Attribute]) -> Vec<WantedEvent> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for event in attributes.iter().filter_map(|one| one.event_id.as_deref()) {
        *counts.entry(event).or_default() += 1;
    }
    let asked = events.len();
    events.retain(|event| counts.get(event.id.as_str()).copied().unwrap_or(0) < event.attributes);
    // A server that sends other events than it was asked for would be asked for ever.
    if events.len() < asked { events } else { Vec::new() }
}

fn cut_warning() -> Error {
    let message = "The events hold more attributes than are read; some relations are missing from the answer.";
    Error::new(ErrorKind::TooLarge, message).as_warning()
}

fn without_relations(error: Error) -> Error {
    error.with_preface("Relations are missing from the answer.").as_warning()
}
