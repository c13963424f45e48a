//! Sends requests to the API gateway: login, event search, health.
//! Specification: docs/relays/qualys-ioc.md#requests.

mod error;
pub mod query;
mod types;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join;
use relay_core::{
    Call, CircuitBreaker, Error, ErrorKind, Partial, Relay, Request, Result, Secret,
    cache::CacheKey,
    fewer_after, lenient,
    oauth::{AccessToken, TokenCache, TokenSource},
    url::Address,
};
use serde::Deserialize;
use tokio::sync::Semaphore;

pub(crate) use types::{Asset, Event, File, Network, Process, Score, Verdict};

use crate::{Credentials, QualysIoc, config::Config};
use query::SearchTerm;

/// How long an access token is documented to live, in seconds; for one that does not say.
const TOKEN_LIFETIME_SECONDS: i64 = 4 * 60 * 60;
const LOGIN_TIMEOUT: Duration = Duration::from_secs(8);
/// The largest response of the login that is read; access tokens are a few hundred bytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;
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

/// The login of one caller: a form with user and password, answered by the bare access token.
/// Specification: docs/relays/qualys-ioc.md#login.
struct Login<'a> {
    endpoint: &'a Address,
    credentials: &'a Credentials,
    /// Opened when the login fails, because every search needs it.
    breaker: &'a CircuitBreaker,
}

impl TokenSource for Login<'_> {
    fn key(&self) -> CacheKey {
        let Credentials { user, password, .. } = self.credentials;
        let slug = QualysIoc::ABOUT.slug;
        CacheKey::of(&[slug, self.endpoint.url().as_str(), user, password.expose()])
    }

    async fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> Result<AccessToken> {
        let outcome = self.log_in(call).await;
        if outcome.is_err() {
            self.breaker.open();
        }
        outcome
    }
}

impl Login<'_> {
    async fn log_in<C: Sync>(&self, call: &Call<'_, C>) -> Result<AccessToken> {
        let Credentials { user, password, .. } = self.credentials;
        let form =
            [("username", user.as_str()), ("password", password.expose()), ("token", "true")];
        // A login changes nothing, so it may be sent again after a failed connection.
        let request = Request::post(self.endpoint.clone())
            .form(&form)
            .repeatable()
            .throttled_by(CONCURRENCY_EXCEEDED)
            .within(LOGIN_TIMEOUT)
            .at_most(MAX_TOKEN_BYTES);
        let response = call.send(request).await?;
        if !response.is_success() {
            return Err(error::error_from(&response));
        }
        let text = bare_token(response.body()).ok_or_else(missing_token)?;
        let now = call.now.as_unix_milliseconds() / 1000;
        let lifetime = expiry(text).map_or(TOKEN_LIFETIME_SECONDS, |end| end.saturating_sub(now));
        let secret = Secret::new(text).ok_or_else(missing_token)?;
        Ok(AccessToken::lasting(secret, Some(lifetime), now))
    }
}

/// Returns the body if it is one word of printable ASCII.
fn bare_token(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(text)
}

// The body is not quoted, because it may hold a token.
fn missing_token() -> Error {
    let text = "Qualys IOC answered the login with something that is no token; check API_URL.";
    Error::new(ErrorKind::Malformed, text)
}

/// Returns `exp` of a JWT, in seconds since 1970. The signature is not checked: the relay only
/// passes the token on, and `exp` only says when to log in again.
fn expiry(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Payload {
        exp: lenient::Number,
    }
    let payload = token.split('.').nth(1)?.trim_end_matches('=');
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    // The cast truncates fractions and saturates at the bounds.
    serde_json::from_slice::<Payload>(&payload).ok()?.exp.into_inner().map(|seconds| seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(bare_token(b" e.y.J \r\n"), Some("e.y.J"));
        for body in ["", "  ", "two words", "<html> </html>", "e.y.J\u{e9}"] {
            assert_eq!(bare_token(body.as_bytes()), None, "{body}");
        }
        assert_eq!(bare_token(&[0xff]), None);
    }

    #[test]
    fn s04_the_expiry_is_read_from_the_payload_or_not_known() {
        let token = |payload: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
        let check = |payload: &str, expected: Option<i64>| {
            assert_eq!(expiry(&token(payload)), expected, "{payload}");
        };
        check(r#"{"sub":"relay_api","exp":1763672000}"#, Some(1_763_672_000));
        check(r#"{"exp":"1763672000"}"#, Some(1_763_672_000));
        check(r#"{"exp":1763672000.9}"#, Some(1_763_672_000));
        check(r#"{"exp":1e300}"#, Some(i64::MAX));
        check(r#"{"exp":-1}"#, Some(-1));
        for payload in ["{}", r#"{"exp":null}"#, r#"{"exp":"soon"}"#, "[]", "", "nonsense"] {
            check(payload, None);
        }
        for token in ["opaque", "a.b", "..", "a.!.c"] {
            assert_eq!(expiry(token), None, "{token}");
        }
        let specified = "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJyZWxheV9hcGkiLCJleHAiOjE3NjM2NzIwMDB9.c2lnbmF0dXJl";
        assert_eq!(expiry(specified), Some(1_763_672_000));
    }
}
