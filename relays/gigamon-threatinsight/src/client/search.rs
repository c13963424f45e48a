//! The event search: a few queries for all observables of a call.
//! Specification: docs/relays/gigamon-threatinsight.md#event-search.

mod list;

use std::{net::IpAddr, slice, sync::Arc};

use futures::future::join_all;
use relay_core::{ErrorKind, Partial, Request, Response, Result, Time};

use super::{
    Client, Event, Family, collected,
    page::{Listing, Page, Slice},
    query::{self, SearchTerm, Window},
    types::{self, SearchedEvent},
};

const NO_EVENT_SEARCH: &str = "The event search of Gigamon ThreatINSIGHT does not answer at its address; only detections are shown.";
/// The most values in one query.
const MAX_VALUES: usize = 50;

/// The events of one observable; no data if the search failed.
type Found = Partial<Option<Vec<Arc<Event>>>>;

impl Client<'_> {
    /// Returns the events of the last days about each observable, in order. No data for an
    /// observable if no part of the time was searched for it.
    pub(super) async fn searched(&self, terms: &[SearchTerm<'_>]) -> Vec<Found> {
        let mut found: Vec<_> = terms.iter().map(|_| Found::default()).collect();
        let Some(family) = &self.events else { return found };
        let lists = lists(terms);
        let searches = lists.iter().map(|places| async {
            let list: Vec<_> = places.iter().map(|place| &terms[*place]).collect();
            self.search(family, &list).await
        });
        for (places, list) in lists.iter().zip(join_all(searches).await) {
            for (place, events) in places.iter().zip(list) {
                found[*place] = events;
            }
        }
        found
    }

    /// Searches for the values of one field. Where the product rejects the query, one value may be
    /// the reason, so that each is searched for alone.
    async fn search(&self, family: &Family, list: &[&SearchTerm<'_>]) -> Vec<Found> {
        let found = self.search_days(family, list).await;
        if list.len() == 1 || !found.iter().all(is_rejected) {
            return found;
        }
        let alone = list.iter().map(|term| self.search_days(family, slice::from_ref(term)));
        join_all(alone).await.into_iter().flatten().collect()
    }

    /// Searches the last days.
    ///
    /// One request covers all days. Where the product rejects that, each day has a request, also
    /// in later calls with this key.
    async fn search_days(&self, family: &Family, list: &[&SearchTerm<'_>]) -> Vec<Found> {
        let days = self.config.event_days;
        if !self.cache.contains(&family.accepts_days_only, self.call.now) {
            let window = Window { from: days, until: 0 };
            let whole = self.search_window(family, list, window).await;
            if days == 1 || !whole.iter().any(is_rejected) {
                return whole;
            }
        }
        let windows = (0..days).map(|day| Window { from: day + 1, until: day });
        let found = windows.map(|window| self.search_window(family, list, window));
        let found = by_observable(join_all(found).await);
        if found.iter().any(|one| one.data.is_some()) {
            self.cache.insert(family.accepts_days_only, (), Time::never());
        }
        found
    }

    /// Returns the events about one observable.
    async fn search_one(&self, family: &Family, term: &SearchTerm<'_>, window: Window) -> Found {
        if let Some(missing) = self.known_missing(family, NO_EVENT_SEARCH) {
            return missing.into();
        }
        let listing = OfQuery { client: self, family, query: term.query(), window };
        let Partial { data, errors } = self.records(family, term, &listing).await;
        let known = |error| self.noting_missing(family, NO_EVENT_SEARCH, error);
        Partial { data, errors: errors.into_iter().map(known).collect() }
    }

    fn search_request(
        &self,
        family: &Family,
        query: &str,
        window: Window,
        slice: Slice,
    ) -> Result<Request> {
        let body = query::search_body(query, window, slice, self.call);
        // A search changes nothing, so it may be sent again.
        Request::post(family.base.path("/query")).repeatable().json(&body)
    }
}

/// The events that a query finds.
struct OfQuery<'a> {
    client: &'a Client<'a>,
    family: &'a Family,
    query: String,
    window: Window,
}

impl Listing for OfQuery<'_> {
    type Record = Arc<Event>;
    const MAX_RECORDS: usize = 10_000;

    fn request(&self, slice: Slice) -> Result<Request> {
        self.client.search_request(self.family, &self.query, self.window, slice)
    }

    fn read(&self, response: &Response, limit: usize) -> Result<Page<Arc<Event>>> {
        let events = types::searched_events(response, limit)?;
        let received = events.len();
        let events = events.into_iter().map(|SearchedEvent { event, .. }| event);
        let kept = events.filter(|event| self.client.is_allowed(event.customer_id.as_deref()));
        Ok(Page { kept: kept.map(Arc::new).collect(), received })
    }
}

/// Returns the places of the terms that one query can search for: values of one field and, because
/// a list may not mix types, no address among names.
fn lists(terms: &[SearchTerm<'_>]) -> Vec<Vec<usize>> {
    let kind = |term: &SearchTerm<'_>| (term.field(), term.value().parse::<IpAddr>().is_ok());
    let mut lists: Vec<Vec<usize>> = Vec::new();
    for (place, term) in terms.iter().enumerate() {
        let has_room = |list: &&mut Vec<usize>| {
            list.len() < MAX_VALUES
                && list.first().is_some_and(|one| kind(&terms[*one]) == kind(term))
        };
        match lists.iter_mut().find(has_room) {
            Some(list) => list.push(place),
            None => lists.push(vec![place]),
        }
    }
    lists
}

/// Turns what was found in each window into what was found of each observable.
fn by_observable(windows: Vec<Vec<Found>>) -> Vec<Found> {
    let mut all: Vec<Vec<Found>> = Vec::new();
    for (place, found) in windows.into_iter().flat_map(|found| found.into_iter().enumerate()) {
        match all.get_mut(place) {
            Some(windows) => windows.push(found),
            None => all.push(vec![found]),
        }
    }
    all.into_iter().map(collected).collect()
}

/// Returns whether the product rejected the request, such as one with a window that is too long.
fn is_rejected(found: &Found) -> bool {
    found.errors.iter().any(|error| error.kind() == ErrorKind::InvalidInput)
}
