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

/// What a query says about its observables, by their places.
#[derive(Default)]
struct Settled {
    found: Vec<(usize, Found)>,
    /// What is searched for next.
    parts: Vec<Vec<usize>>,
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
        let mut parts = vec![(0..terms.len()).collect::<Vec<_>>()];
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
        part: Vec<usize>,
        window: Window,
    ) -> Settled {
        if let [place] = part[..] {
            let found = self.search_one(family, terms[place], window).await;
            return Settled { found: vec![(place, found)], ..Settled::default() };
        }
        let list: Vec<_> = part.iter().map(|place| terms[*place]).collect();
        match self.search_list(family, &list, window).await {
            Some(Ok(events)) => settle(part, events),
            Some(Err(error)) => self.settle_failed(family, part, error),
            None => {
                let error = |place: &usize| self.call.not_asked(terms[*place].observable);
                let found = part.iter().map(|place| (*place, error(place).into())).collect();
                Settled { found, ..Settled::default() }
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
    ) -> Option<Result<Vec<Option<Vec<Arc<Event>>>>>> {
        if self.known_missing(family, NO_EVENT_SEARCH).is_some() {
            return Some(Err(missing_family(NO_EVENT_SEARCH)));
        }
        let list = TermList::of(terms);
        let slice = Slice { limit: self.list_size(terms.len()), offset: 0 };
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
        let mut is_whole = events.len() < slice.limit && !response.is_cut();
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
    fn settle_failed(&self, family: &Family, part: Vec<usize>, error: Error) -> Settled {
        let kind = error.kind();
        let error = self.noting_missing(family, NO_EVENT_SEARCH, error);
        let is_of_all = kind.concerns_all_calls()
            || matches!(kind, ErrorKind::InvalidInput)
            || error.kind() == ErrorKind::NotFound;
        if is_of_all {
            let found = part.into_iter().map(|place| (place, error.clone().into())).collect();
            return Settled { found, ..Settled::default() };
        }
        let parts = if kind == ErrorKind::TooLarge { halves(&part) } else { singles(&part) };
        Settled { parts, ..Settled::default() }
    }

    fn list_size(&self, terms: usize) -> usize {
        let one = self.page_size();
        (one * terms).min(one.max(MAX_EVENTS))
    }
}

fn settle(part: Vec<usize>, events: Vec<Option<Vec<Arc<Event>>>>) -> Settled {
    let mut settled = Settled::default();
    let mut open = Vec::new();
    for (place, events) in part.into_iter().zip(events) {
        match events {
            Some(events) => settled.found.push((place, Some(events).into())),
            None => open.push(place),
        }
    }
    settled.parts = halves(&open);
    settled
}

fn halves(places: &[usize]) -> Vec<Vec<usize>> {
    let (one, other) = places.split_at(places.len() / 2);
    [one, other].into_iter().filter(|half| !half.is_empty()).map(<[_]>::to_vec).collect()
}

fn singles(places: &[usize]) -> Vec<Vec<usize>> {
    places.iter().map(|place| vec![*place]).collect()
}
