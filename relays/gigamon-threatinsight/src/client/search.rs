//! The event search.
//! Specification: docs/relays/gigamon-threatinsight.md#event-search.

use futures::future::join_all;
use relay_core::{Error, ErrorKind, Partial, Request, Time};

use super::{
    Client, Event, Family, collected,
    query::{self, SearchTerm},
    types,
};

const NO_EVENT_SEARCH: &str = "The event search of Gigamon ThreatINSIGHT does not answer at its address; only detections are shown.";

impl Client<'_> {
    pub(super) async fn searched(&self, term: &SearchTerm<'_>) -> Partial<Option<Vec<Event>>> {
        let Partial { data, errors } = self.search(term).await;
        Partial { data: data.map(|events| self.allowed_events(events)), errors }
    }

    /// Returns the events of the last days; no data if no part of the time was searched.
    ///
    /// One request covers all days. Where the product rejects that, each day has a request, also
    /// in later calls with this key.
    async fn search(&self, term: &SearchTerm<'_>) -> Partial<Option<Vec<Event>>> {
        let Some(family) = &self.events else { return Partial::default() };
        let days = self.config.event_days;
        if !self.cache.contains(&family.accepts_days_only, self.call.now) {
            let whole = self.search_window(family, term, days, 0).await;
            if days == 1 || !whole.errors.iter().any(is_rejection) {
                return whole;
            }
        }
        let windows = (0..days).map(|day| self.search_window(family, term, day + 1, day));
        let found = collected(join_all(windows).await);
        if found.data.is_some() {
            self.cache.insert(family.accepts_days_only, (), Time::never());
        }
        found
    }

    /// Returns the events between two days, counted back from now; no data if they failed.
    async fn search_window(
        &self,
        family: &Family,
        term: &SearchTerm<'_>,
        from: usize,
        until: usize,
    ) -> Partial<Option<Vec<Event>>> {
        if let Some(missing) = self.known_missing(family, NO_EVENT_SEARCH) {
            return missing.into();
        }
        let request = |limit: usize| {
            let body = query::search_body(term, self.call, limit, from, until);
            // A search changes nothing, so it may be sent again.
            Request::post(family.base.path("/query")).repeatable().json(&body)
        };
        let Partial { data, errors } =
            self.fewer(family, term, request, types::searched_events).await;
        let known = |error| self.noting_missing(family, NO_EVENT_SEARCH, error);
        Partial { data, errors: errors.into_iter().map(known).collect() }
    }
}

/// Returns whether the product rejected a request, such as one with a window that is too long.
fn is_rejection(error: &Error) -> bool {
    error.kind() == ErrorKind::InvalidInput
}
