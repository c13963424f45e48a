//! Sends requests to the API gateway: login, event search, health.
//! Specification: docs/relays/qualys-ioc.md#requests.

mod error;
mod login;
pub mod query;
mod types;

use futures::future::join;
use relay_core::{
    Call, CircuitBreaker, Partial, Request, Result, fewer_after, oauth::TokenCache, url::Address,
};
use tokio::sync::Semaphore;

pub(crate) use types::{Asset, Event, File, Network, Process, Score, Verdict};

use crate::{Credentials, config::Config};
use login::Login;
use query::SearchTerm;

/// Too many requests at the same time; the gateway's second status for an exceeded limit.
const CONCURRENCY_EXCEEDED: u16 = 409;

/// The API gateway as one caller sees it, for one call.
pub(crate) struct Client<'a> {
    call: &'a Call<'a, Credentials>,
    tokens: &'a TokenCache,
    login: Address,
    events: Address,
    permits: Semaphore,
    breaker: CircuitBreaker,
}

/// Which events a search covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EventScope {
    /// Events of objects that exist now.
    Active,
    /// All events ever recorded; may repeat the active ones.
    Historical,
}

/// The events of the two searches for one observable. `None` stands for a search that failed or
/// was not sent.
#[derive(Debug, Default)]
pub(crate) struct FoundEvents {
    /// Events of objects that exist now, in the gateway's order.
    pub(crate) active: Option<Vec<Event>>,
    /// All events ever recorded, in the gateway's order.
    pub(crate) historical: Option<Vec<Event>>,
}

impl<'a> Client<'a> {
    /// Creates the client of one call. Errors: `InvalidInput` without a usable API gateway.
    pub(crate) fn new(
        config: &Config,
        tokens: &'a TokenCache,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let api_url = config.api_url(call)?;
        let events_path: Vec<_> = config.events_path.iter().map(String::as_str).collect();
        Ok(Self {
            call,
            tokens,
            login: api_url.path("/auth"),
            events: api_url.segments(&events_path)?,
            permits: Semaphore::new(config.max_concurrent_requests),
            breaker: CircuitBreaker::default(),
        })
    }

    /// Sends a search for one event of any kind. Errors: whatever a search of this caller meets.
    pub(crate) async fn health(&self) -> Result<()> {
        self.fetch(self.search_request(EventScope::Active, 1), 1).await.map(drop)
    }

    /// Returns the events of both searches for an observable; a search that fails costs the
    /// events of that search only.
    pub(crate) async fn events(&self, term: &SearchTerm<'_>) -> Partial<FoundEvents> {
        let (active, historical) =
            join(self.search(term, EventScope::Active), self.search(term, EventScope::Historical))
                .await;
        let mut errors = Vec::new();
        let mut keep = |found: Option<(Result<_>, usize)>| {
            let Some((outcome, page_size)) = found else {
                errors.push(self.call.not_asked(term.observable));
                return None;
            };
            if outcome.is_ok() && page_size < self.call.limit {
                errors.push(self.call.fewer_records(term.observable, page_size));
            }
            outcome.map_err(|error| errors.push(error.about([&term.observable.value]))).ok()
        };
        let data = FoundEvents { active: keep(active), historical: keep(historical) };
        Partial { data, errors }
    }

    /// Returns one page of events and its size, smaller where a whole one is too large; `None` if an
    /// earlier failure made the search pointless.
    async fn search(
        &self,
        term: &SearchTerm<'_>,
        scope: EventScope,
    ) -> Option<(Result<Vec<Event>>, usize)> {
        // The semaphore is never closed, so there is always a permit in the end.
        let _permit = self.permits.acquire().await.ok()?;
        let mut page_size = self.call.limit;
        loop {
            let request = self.search_request(scope, page_size).query("filter", &term.query);
            let search = self.fetch(request.about(1), page_size);
            let outcome = self.breaker.guard(search).await?;
            match fewer_after(&outcome, page_size) {
                Some(fewer) => page_size = fewer,
                None => return Some((outcome, page_size)),
            }
        }
    }

    fn search_request(&self, scope: EventScope, page_size: usize) -> Request {
        let request = Request::get(self.events.clone())
            .throttled_by(CONCURRENCY_EXCEEDED)
            .query("pageSize", &page_size.to_string());
        match scope {
            EventScope::Active => request.query("state", "true"),
            EventScope::Historical => request,
        }
    }

    async fn fetch(&self, request: Request, page_size: usize) -> Result<Vec<Event>> {
        let login = Login {
            endpoint: &self.login,
            credentials: self.call.credentials,
            breaker: &self.breaker,
        };
        let response = self.tokens.send(self.call, &login, request).await?;
        if !response.is_success() {
            return Err(error::search_error_from(&response));
        }
        types::events(&response, page_size).ok_or_else(|| response.malformed())
    }
}
