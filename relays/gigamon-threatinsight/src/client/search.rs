//! The event search: a few queries for all observables of a call.
//! Specification: docs/relays/gigamon-threatinsight.md#event-search.

mod list;

use std::{iter, slice, sync::Arc};

use futures::future::join_all;
use relay_core::{ErrorKind, Partial, Request, Response, Result, Time};

use super::{
    Client, Event, Family, collected,
    page::{Listing, Page, Slice},
    query::{self, SearchTerm, Window},
    types,
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

    /// Searches for the values of a list. Where the product rejects the query, one value may be
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
    /// in later calls with this key. If it rejects the newest day too, the reason is another one.
    async fn search_days(&self, family: &Family, list: &[&SearchTerm<'_>]) -> Vec<Found> {
        let days = self.config.event_days;
        let day = |day| self.search_window(family, list, Window { from: day + 1, until: day });
        if self.cache.contains(&family.accepts_days_only, self.call.now) {
            return by_observable(join_all((0..days).map(day)).await);
        }
        let whole = self.search_window(family, list, Window { from: days, until: 0 }).await;
        if days == 1 || !whole.iter().any(is_rejected) {
            return whole;
        }
        let newest = day(0).await;
        if newest.iter().all(is_rejected) {
            return newest;
        }
        let older = join_all((1..days).map(day)).await;
        let found = by_observable(iter::once(newest).chain(older));
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
        let kept =
            events.into_iter().filter(|event| self.client.is_allowed(event.customer_id.as_deref()));
        Ok(Page { kept: kept.map(Arc::new).collect(), received })
    }
}

/// Returns the places of the terms that one query searches for: hashes of files, of which there are
/// few events, apart from addresses and names, of which there may be many.
fn lists(terms: &[SearchTerm<'_>]) -> Vec<Vec<usize>> {
    let (hashes, others): (Vec<_>, Vec<_>) =
        (0..terms.len()).partition(|place| terms[*place].is_hash());
    let lists = others.chunks(MAX_VALUES).chain(hashes.chunks(MAX_VALUES));
    lists.map(<[_]>::to_vec).collect()
}

/// Turns what was found in each window into what was found of each observable.
fn by_observable(windows: impl IntoIterator<Item = Vec<Found>>) -> Vec<Found> {
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
