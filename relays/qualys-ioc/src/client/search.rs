//! Searches for all observables of a call: as many as possible in one query, and in ever smaller
//! groups where a page is full, fails, or holds rows that are about none of them.
//! Specification: docs/relays/qualys-ioc.md#one-query-for-many-values.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::future::{join, join_all};
use relay_core::{Error, ErrorKind, Partial, Result, fewer_after};
use tokio::time::Instant;

use super::{
    Client, Event, EventScope, FoundEvents, LONGEST_SEARCH, Page, Search,
    attribution::{Shares, shares},
    query::{self, SearchTerm},
};

/// The groups that are searched for before it is decided whether groups help at all.
const FIRST_GROUPS: usize = 3;
/// Their searches, in both scopes.
const FIRST_SEARCHES: usize = 2 * FIRST_GROUPS;
/// The largest page that the gateway serves.
const MAX_PAGE_SIZE: usize = 1000;
/// The parts of the time left of which a search may take one. What is slow about one observable must
/// leave time for those that were searched for with it.
const HALF: u32 = 2;
const WHOLE: u32 = 1;

/// What the searches of one scope say of one observable.
struct Found {
    /// In the gateway's order; `None` if no search succeeded.
    events: Option<Vec<Arc<Event>>>,
    state: State,
    error: Option<Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Every event is there, up to the entity limit.
    Whole,
    /// Events are missing; a search for fewer observables may find them.
    Open,
    /// Events are missing, because the search for this observable alone failed, or the account may
    /// not search.
    Failed,
    /// Nothing was sent, and nothing would be.
    NotSent,
}

/// The number of an observable and its events.
type Numbered = (usize, Partial<FoundEvents>);

impl Client<'_> {
    /// Returns the events of each observable, in order. A search that fails costs the events of that
    /// search only, and of the observables that no smaller one finds.
    pub(crate) async fn find(&self, terms: &[SearchTerm<'_>]) -> Vec<Partial<FoundEvents>> {
        let groups = query::groups(terms, self.batch_size);
        let (joint, alone): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.len() > 1);
        let (mut found, others) =
            join(self.find_joint(terms, &joint), self.find_groups(terms, &alone, false)).await;
        found.extend(others);
        found.sort_unstable_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// Where none of the first groups was found at once, the observables of the later ones are searched
    /// for alone.
    async fn find_joint(&self, terms: &[SearchTerm<'_>], groups: &[Vec<usize>]) -> Vec<Numbered> {
        let (first, later) = groups.split_at(groups.len().min(FIRST_GROUPS));
        let mut found = self.find_groups(terms, first, groups.len() == 1).await;
        let later = match self.groups_to_divide.load(Ordering::Relaxed) {
            FIRST_SEARCHES => later.iter().flatten().map(|number| vec![*number]).collect(),
            _ => later.to_vec(),
        };
        found.extend(self.find_groups(terms, &later, false).await);
        found
    }

    async fn find_groups(
        &self,
        terms: &[SearchTerm<'_>],
        groups: &[Vec<usize>],
        is_only: bool,
    ) -> Vec<Numbered> {
        let found = join_all(groups.iter().map(|group| self.find_group(terms, group, is_only)));
        let found = found.await.into_iter().flatten();
        groups.iter().flatten().copied().zip(found).collect()
    }

    async fn find_group(
        &self,
        terms: &[SearchTerm<'_>],
        numbers: &[usize],
        is_only: bool,
    ) -> Vec<Partial<FoundEvents>> {
        let terms: Vec<_> = numbers.iter().map(|number| &terms[*number]).collect();
        let (active, historical) = join(
            self.search(&terms, EventScope::Active, is_only),
            self.search(&terms, EventScope::Historical, is_only),
        )
        .await;
        let found = active.into_iter().zip(historical);
        found.map(|(active, historical)| both(active, historical)).collect()
    }

    /// Searches for several observables at once, and again for those whose events are not all there:
    /// in halves, then for each alone. Where there are several groups, those are parts already, and
    /// halves show only whether the gateway answers at all.
    async fn search(
        &self,
        terms: &[&SearchTerm<'_>],
        scope: EventScope,
        is_only: bool,
    ) -> Vec<Found> {
        if let [term] = terms {
            return vec![self.alone(term, scope, WHOLE).await];
        }
        let mut found = self.together(terms, scope).await;
        if found.iter().any(|one| one.state == State::Open) {
            self.groups_to_divide.fetch_add(1, Ordering::Relaxed);
        }
        if may_halve(&found) && (is_only || self.is_silent()) {
            self.search_again(terms, scope, &mut found, 2).await;
        }
        if !self.is_silent() {
            self.search_again(terms, scope, &mut found, usize::MAX).await;
        }
        found
    }

    /// Searches again in so many parts.
    async fn search_again(
        &self,
        terms: &[&SearchTerm<'_>],
        scope: EventScope,
        found: &mut [Found],
        parts: usize,
    ) {
        let open: Vec<_> =
            (0..found.len()).filter(|number| found[*number].state == State::Open).collect();
        let size = open.len().div_ceil(parts).max(1);
        let again = open.chunks(size).map(|numbers| {
            let terms: Vec<_> = numbers.iter().map(|number| terms[*number]).collect();
            self.part(terms, scope)
        });
        let again = join_all(again).await.into_iter().flatten();
        for (number, again) in open.into_iter().zip(again) {
            found[number].improve(again);
        }
    }

    async fn part(&self, terms: Vec<&SearchTerm<'_>>, scope: EventScope) -> Vec<Found> {
        match terms[..] {
            [term] => vec![self.alone(term, scope, HALF).await],
            _ => self.together(&terms, scope).await,
        }
    }

    /// Sends one search for several observables.
    async fn together(&self, terms: &[&SearchTerm<'_>], scope: EventScope) -> Vec<Found> {
        // The semaphore is never closed, so there is always a permit in the end.
        let _permit = self.permits.acquire().await.ok();
        let query = query::joined(terms);
        let search = Search {
            scope,
            query: Some(&query),
            page_size: self.call.limit.saturating_mul(terms.len()).min(MAX_PAGE_SIZE),
            about: terms.len(),
            timeout: self.part_of_time(HALF),
        };
        let end = Instant::now() + search.timeout;
        match self.send(&search).await {
            Some(Ok(page)) => self.attributed(terms, page),
            Some(Err(error)) => {
                let is_late = error.kind() == ErrorKind::Interrupted && Instant::now() >= end;
                self.was_late.fetch_or(is_late, Ordering::Relaxed);
                let is_forbidden = error.kind() == ErrorKind::Forbidden;
                let state = if is_forbidden { State::Failed } else { State::Open };
                terms.iter().map(|term| Found::failed(error.clone(), state, term)).collect()
            }
            None => terms.iter().map(|term| self.not_sent(term)).collect(),
        }
    }

    fn attributed(&self, terms: &[&SearchTerm<'_>], page: Page) -> Vec<Found> {
        let limit = self.call.limit;
        let is_full = page.is_full;
        let Shares { events, are_all_attributed } = shares(terms, page, limit);
        let found = events.into_iter().map(|events| {
            let is_whole = events.len() >= limit || (!is_full && are_all_attributed);
            let state = if is_whole { State::Whole } else { State::Open };
            Found { events: Some(events), state, error: None }
        });
        found.collect()
    }

    /// Searches for one observable, with a smaller page where a whole one is too large.
    async fn alone(&self, term: &SearchTerm<'_>, scope: EventScope, parts: u32) -> Found {
        let _permit = self.permits.acquire().await.ok();
        let mut page_size = self.call.limit;
        loop {
            let timeout = self.part_of_time(parts);
            let search = Search { scope, query: Some(&term.query), page_size, about: 1, timeout };
            let Some(outcome) = self.send(&search).await else { return self.not_sent(term) };
            match fewer_after(&outcome, page_size) {
                Some(fewer) => page_size = fewer,
                None => return self.found(term, outcome, page_size),
            }
        }
    }

    fn found(&self, term: &SearchTerm<'_>, outcome: Result<Page>, page_size: usize) -> Found {
        let fewer = || self.call.fewer_records(term.observable, page_size);
        match outcome {
            Ok(page) => Found {
                events: Some(page.events.into_iter().map(Arc::new).collect()),
                state: State::Whole,
                error: (page_size < self.call.limit).then(fewer),
            },
            Err(error) => Found::failed(error, State::Failed, term),
        }
    }

    /// Returns whether the gateway took too long and has not answered any search of this call.
    fn is_silent(&self) -> bool {
        self.was_late.load(Ordering::Relaxed) && !self.has_answered.load(Ordering::Relaxed)
    }

    fn part_of_time(&self, parts: u32) -> Duration {
        LONGEST_SEARCH.min(self.call.time_left() / parts)
    }

    fn not_sent(&self, term: &SearchTerm<'_>) -> Found {
        let observable = term.observable;
        let error = match self.quota.warning(self.call.product()) {
            Some(warning) => warning.about([&observable.value]),
            None => self.call.not_asked(observable),
        };
        Found { events: None, state: State::NotSent, error: Some(error) }
    }
}

impl Found {
    fn failed(error: Error, state: State, term: &SearchTerm<'_>) -> Self {
        Self { events: None, state, error: Some(error.about([&term.observable.value])) }
    }

    /// Takes what a search for fewer observables found. What was found before stays where that one
    /// failed, and so does the error where nothing more was sent.
    fn improve(&mut self, again: Self) {
        let is_reason_known = again.state == State::NotSent && self.error.is_some();
        self.events = again.events.or_else(|| self.events.take());
        self.state = again.state;
        if !is_reason_known {
            self.error = again.error;
        }
    }
}

fn both(active: Found, historical: Found) -> Partial<FoundEvents> {
    let data = FoundEvents {
        is_active_known: active.state == State::Whole && active.events.is_some(),
        active: active.events.unwrap_or_default(),
        historical: historical.events.unwrap_or_default(),
    };
    Partial { data, errors: active.error.into_iter().chain(historical.error).collect() }
}

/// Returns whether halves may find more than the whole: an address that is not known is so for every
/// part of a query.
fn may_halve(found: &[Found]) -> bool {
    let is_not_found = |error: &Error| error.kind() == ErrorKind::NotFound;
    !found.iter().any(|one| one.error.as_ref().is_some_and(is_not_found))
}
