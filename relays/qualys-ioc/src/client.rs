//! Sends requests to the API gateway: login, event search, health.
//! Specification: docs/relays/qualys-ioc.md#requests.

mod attribution;
mod error;
mod login;
mod paths;
pub mod query;
mod quota;
mod search;
mod time_text;
mod types;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use relay_core::{
    Call, CircuitBreaker, Request, Response, Result, oauth::TokenCache, url::Address,
};
use tokio::sync::Semaphore;

pub(crate) use types::{Asset, Event, File, Network, Process, Score, Verdict};

use crate::{Credentials, config::Config};
use login::Login;
pub(crate) use paths::PathCache;
use paths::{Paths, is_unknown_path};
use quota::QuotaReserve;

/// The longest that a search may take, whatever the deadline.
const LONGEST_SEARCH: Duration = Duration::from_secs(15);
/// Too many requests at the same time; the gateway's second status for an exceeded limit.
const CONCURRENCY_EXCEEDED: u16 = 409;

/// The API gateway as one caller sees it, for one call.
pub(crate) struct Client<'a> {
    call: &'a Call<'a, Credentials>,
    tokens: &'a TokenCache,
    login: Address,
    paths: Paths<'a>,
    /// How many observables one query may be about.
    batch_size: usize,
    permits: Semaphore,
    breaker: CircuitBreaker,
    quota: QuotaReserve,
    has_answered: AtomicBool,
    /// Whether a search about several observables took too long.
    was_late: AtomicBool,
    /// The searches about several observables that did not find all there is.
    groups_to_divide: AtomicUsize,
}

/// Which events a search covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EventScope {
    /// Events of objects that exist now.
    Active,
    /// All events ever recorded; may repeat the active ones.
    Historical,
}

/// One request for events.
struct Search<'a> {
    scope: EventScope,
    /// The query; without one every event is found.
    query: Option<&'a str>,
    page_size: usize,
    /// How many observables it is about.
    about: usize,
    timeout: Duration,
}

/// The events of one response.
struct Page {
    events: Vec<Event>,
    /// Whether more events may exist than it holds.
    is_full: bool,
}

/// The events of the two searches for one observable, as far as they succeeded.
#[derive(Debug, Default)]
pub(crate) struct FoundEvents {
    /// Events of objects that exist now, in the gateway's order.
    pub(crate) active: Vec<Arc<Event>>,
    /// Whether all active events are known, up to the entity limit.
    pub(crate) is_active_known: bool,
    /// All events ever recorded, in the gateway's order.
    pub(crate) historical: Vec<Arc<Event>>,
}

impl<'a> Client<'a> {
    /// Creates the client of one call. Errors: `InvalidInput` without a usable API gateway.
    pub(crate) fn new(
        config: &Config,
        tokens: &'a TokenCache,
        paths: &'a PathCache,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let api_url = config.api_url(call)?;
        Ok(Self {
            call,
            tokens,
            login: api_url.path("/auth"),
            paths: Paths::new(&api_url, &config.events_paths, paths, call.now)?,
            permits: Semaphore::new(config.max_concurrent_requests),
            batch_size: config.batch_size,
            breaker: CircuitBreaker::default(),
            quota: QuotaReserve::new(config.quota_reserve),
            has_answered: AtomicBool::new(false),
            was_late: AtomicBool::new(false),
            groups_to_divide: AtomicUsize::new(0),
        })
    }

    /// Sends a search for one event of any kind. Errors: whatever a search of this caller meets.
    pub(crate) async fn health(&self) -> Result<()> {
        let search = Search {
            scope: EventScope::Active,
            query: None,
            page_size: 1,
            about: 1,
            timeout: LONGEST_SEARCH,
        };
        self.fetch(&search).await.map(drop)
    }

    /// Sends a search, unless an earlier failure made it pointless, or the requests that are left are
    /// kept back.
    async fn send(&self, search: &Search<'_>) -> Option<Result<Page>> {
        if self.quota.is_low() {
            return None;
        }
        self.breaker.guard(self.fetch(search)).await
    }

    async fn fetch(&self, search: &Search<'_>) -> Result<Page> {
        let response = self.response(search).await?;
        if !response.is_success() {
            return Err(error::search_error_from(&response));
        }
        // Of a refusal its own error says that the quota is used up.
        if let Some(quota) = self.quota.note(&response) {
            self.call.report_quota("requests", quota);
        }
        let page_size = search.page_size;
        let events = types::events(&response, page_size).ok_or_else(|| response.malformed())?;
        let is_full = events.len() >= page_size || response.is_cut();
        Ok(Page { events, is_full })
    }

    /// Sends a search to the path that the gateway served last, and to the others where it does not
    /// know that one.
    async fn response(&self, search: &Search<'_>) -> Result<Response> {
        let mut unknown = None;
        for number in self.paths.in_order() {
            let response = self.request(search.request(self.paths.address(number))).await?;
            if !is_unknown_path(&response) {
                self.paths.note_known(number, &response);
                return Ok(response);
            }
            unknown = unknown.or(Some(response));
        }
        self.paths.note_unknown();
        unknown.ok_or_else(error::no_path)
    }

    async fn request(&self, request: Request) -> Result<Response> {
        let login = Login {
            endpoint: &self.login,
            credentials: self.call.credentials,
            breaker: &self.breaker,
        };
        let response = self.tokens.send(self.call, &login, request).await?;
        self.has_answered.store(true, Ordering::Relaxed);
        Ok(response)
    }
}

impl Search<'_> {
    fn request(&self, events: &Address) -> Request {
        let mut request = Request::get(events.clone())
            .throttled_by(CONCURRENCY_EXCEEDED)
            .within(self.timeout)
            .about(self.about)
            .query("pageSize", &self.page_size.to_string());
        if self.scope == EventScope::Active {
            request = request.query("state", "true");
        }
        match self.query {
            Some(query) => request.query("filter", query),
            None => request,
        }
    }
}
