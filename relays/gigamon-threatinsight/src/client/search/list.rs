//! One query for several observables. Each gets what a query of its own would find, up to the limit:
//! a full page is followed by queries for fewer of them, at last for one.

use std::sync::Arc;

use futures::future::join_all;
use relay_core::{Error, ErrorKind, Response, Result};

use super::{Found, NO_EVENT_SEARCH};
use crate::client::{
    Client, Event, Family, missing_family,
    page::Slice,
    query::{SearchTerm, TermList, Window},
    types::{self, RawEvent},
};

/// The most events that are requested at once for several observables.
const MAX_EVENTS: usize = 2000;

/// Observables that one query is about, by their places.
struct Part {
    places: Vec<usize>,
    /// The most events that are requested at once.
    max_events: usize,
}

/// What a query says about its observables.
#[derive(Default)]
struct Settled {
    found: Vec<(usize, Found)>,
    /// What is searched for next.
    parts: Vec<Part>,
}

impl Client<'_> {
    /// Returns the events about each observable in a window, in order.
    pub(super) async fn search_window(
        &self,
        family: &Family,
        terms: &[&SearchTerm<'_>],
        window: Window,
    ) -> Vec<Found> {
        let mut found: Vec<_> = terms.iter().map(|_| Found::default()).collect();
        let mut parts = vec![Part { places: (0..terms.len()).collect(), max_events: MAX_EVENTS }];
        while !parts.is_empty() {
            let searches =
                parts.into_iter().map(|part| self.search_part(family, terms, part, window));
            let settled = join_all(searches).await;
            parts = Vec::new();
            for Settled { found: some, parts: next } in settled {
                parts.extend(next);
                some.into_iter().for_each(|(place, events)| found[place] = events);
            }
        }
        found
    }

    async fn search_part(
        &self,
        family: &Family,
        terms: &[&SearchTerm<'_>],
        part: Part,
        window: Window,
    ) -> Settled {
        if let [place] = part.places[..] {
            let found = self.search_one(family, terms[place], window).await;
            return Settled::all(vec![(place, found)]);
        }
        let list: Vec<_> = part.places.iter().map(|place| terms[*place]).collect();
        match self.search_list(family, &list, window, part.max_events).await {
            Some(Ok(events)) => settle(part, events),
            Some(Err(error)) => self.settle_failed(family, part, error),
            None => {
                let error = |place: usize| self.call.not_asked(terms[place].observable);
                Settled::all(part.places.into_iter().map(|it| (it, error(it).into())).collect())
            }
        }
    }

    /// Returns the events about each of several observables; no events for one of which there may be
    /// more. `None` if an earlier failure made the request pointless.
    async fn search_list(
        &self,
        family: &Family,
        terms: &[&SearchTerm<'_>],
        window: Window,
        max_events: usize,
    ) -> Option<Result<Vec<Option<Vec<Arc<Event>>>>>> {
        if self.known_missing(family, NO_EVENT_SEARCH).is_some() {
            return Some(Err(missing_family(NO_EVENT_SEARCH)));
        }
        let list = TermList::of(terms);
        let one = self.page_size();
        let limit = (one * terms.len()).min(max_events.max(one));
        let slice = Slice { limit, offset: 0 };
        let response = match self.search_request(family, &list.query(), window, slice) {
            Ok(request) => self.send_list(family, request.about(terms.len())).await?,
            Err(error) => Err(error),
        };
        Some(response.and_then(|response| self.listed(&response, &list, terms.len(), slice)))
    }

    fn listed(
        &self,
        response: &Response,
        list: &TermList,
        terms: usize,
        slice: Slice,
    ) -> Result<Vec<Option<Vec<Arc<Event>>>>> {
        let events = types::raw_events(response, slice.limit)?;
        let mut is_whole = !slice.may_continue(events.len(), response) && !response.is_cut();
        let mut found = vec![Vec::new(); terms];
        for RawEvent { event, raw } in events {
            if !self.is_allowed(event.customer_id.as_deref()) {
                continue;
            }
            let places = list.named_in(raw);
            // A query for each value tells which one it was.
            is_whole &= !places.is_empty();
            let event = Arc::new(event);
            places.into_iter().for_each(|place| found[place].push(event.clone()));
        }
        let is_known = |events: &Vec<_>| is_whole || events.len() >= self.call.limit;
        let found: Vec<_> = found.into_iter().map(|events| Some(events).filter(is_known)).collect();
        if found.iter().all(Option::is_none) {
            response.forget_records();
        }
        Ok(found)
    }

    /// Says what follows a failure: a response that was too large comes in smaller parts, and where
    /// one observable may be the reason, each is searched for alone.
    fn settle_failed(&self, family: &Family, part: Part, error: Error) -> Settled {
        let kind = error.kind();
        let error = self.noting_missing(family, NO_EVENT_SEARCH, error);
        let is_of_all = kind.concerns_all_calls()
            || matches!(kind, ErrorKind::InvalidInput)
            || error.kind() == ErrorKind::NotFound;
        if is_of_all {
            return Settled::all(
                part.places.into_iter().map(|place| (place, error.clone().into())).collect(),
            );
        }
        let parts = match kind {
            ErrorKind::TooLarge => halves(&part.places, part.max_events / 2),
            _ => part.places.chunks(1).map(|one| Part::of(one, part.max_events)).collect(),
        };
        Settled { parts, ..Settled::default() }
    }
}

impl Part {
    fn of(places: &[usize], max_events: usize) -> Self {
        Self { places: places.to_vec(), max_events }
    }
}

impl Settled {
    fn all(found: Vec<(usize, Found)>) -> Self {
        Self { found, ..Self::default() }
    }
}

fn settle(part: Part, events: Vec<Option<Vec<Arc<Event>>>>) -> Settled {
    let mut found = Vec::new();
    let mut open = Vec::new();
    for (place, events) in part.places.into_iter().zip(events) {
        match events {
            Some(events) => found.push((place, Some(events).into())),
            None => open.push(place),
        }
    }
    Settled { found, parts: halves(&open, part.max_events) }
}

fn halves(places: &[usize], max_events: usize) -> Vec<Part> {
    let (one, other) = places.split_at(places.len() / 2);
    let halves = [one, other].into_iter().filter(|half| !half.is_empty());
    halves.map(|half| Part::of(half, max_events)).collect()
}
