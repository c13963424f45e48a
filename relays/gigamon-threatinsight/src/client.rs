//! Sends requests to the API: detections, their events, event search, device look-up.
//! Specification: docs/relays/gigamon-threatinsight.md#requests.

mod detections;
mod devices;
mod error;
mod page;
pub mod query;
mod search;
mod types;

use std::{sync::Arc, time::Duration};

use futures::{TryFutureExt, future::join};
use http::{HeaderValue, header};
use relay_core::{
    BaseUrl, Call, CircuitBreaker, Error, ErrorKind, Partial, Relay, Request, Response, Result,
    Secret,
    cache::{CacheKey, TtlCache},
    is_unknown_host, join_bounded,
};
use tokio::sync::Semaphore;

pub(crate) use types::{Detection, Event, File, Host, Lease, Rule, Side, Signature};

use crate::{Credentials, GigamonThreatinsight, config::Config};
use query::SearchTerm;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(12);
/// The same for a request about several observables, after which each may have one of its own.
const LIST_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a family that is missing is not asked.
const MISSING_FAMILY_SECONDS: i64 = 600;
/// An address that is well known and in no detection.
const HEALTH_ADDRESS: &str = "8.8.8.8";

/// What is known about the families of each key's API: an entry says that a family is missing, or
/// that its event search accepts single days only.
pub(crate) type FamilyCache = TtlCache<CacheKey, ()>;

/// The API as one caller sees it, for one call.
pub(crate) struct Client<'a> {
    call: &'a Call<'a, Credentials>,
    config: &'a Config,
    cache: &'a FamilyCache,
    authorization: HeaderValue,
    permits: Semaphore,
    allow_test_accounts: bool,
    detections: Family,
    events: Option<Family>,
    entity: Option<Family>,
}

/// A family of requests with a base of its own.
struct Family {
    base: BaseUrl,
    breaker: CircuitBreaker,
    /// The entry of a family that does not serve this key.
    is_missing: CacheKey,
    /// The entry of an event search that accepts single days only.
    accepts_days_only: CacheKey,
}

/// The events of one observable. `None` stands for a source that failed, is off or was not asked.
#[derive(Debug, Default)]
pub(crate) struct FoundEvents {
    pub(crate) detected: Option<Vec<Detected>>,
    pub(crate) searched: Option<Vec<Arc<Event>>>,
}

/// A detection of an observable, and its events about that.
#[derive(Debug)]
pub(crate) struct Detected {
    pub(crate) detection: Detection,
    pub(crate) events: Vec<Arc<Event>>,
}

impl<'a> Client<'a> {
    /// Creates the client of one call. Errors: `InvalidInput` for a key that no header can carry.
    pub(crate) fn new(
        config: &'a Config,
        cache: &'a FamilyCache,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let Credentials { key, region, allow_test_accounts } = call.credentials;
        let bases = config.bases(*region);
        let family = |base: &BaseUrl| Family::new(base, key);
        Ok(Self {
            call,
            config,
            cache,
            authorization: key.header("IBToken ")?,
            permits: Semaphore::new(config.max_concurrent_requests),
            allow_test_accounts: allow_test_accounts.unwrap_or(config.allow_test_accounts),
            detections: family(&bases.detections),
            events: bases.events.as_ref().map(family),
            entity: bases.entity.as_ref().map(family),
        })
    }

    /// Requests one detection, from the family that is still published.
    pub(crate) async fn health(&self) -> Result<()> {
        let request = Request::get(self.detections.base.path("/detections"))
            .query("indicator_value", HEALTH_ADDRESS)
            .query("status", "active")
            .query("limit", "1");
        types::detections(&self.exchange(request).await?, 1).map(drop)
    }

    /// Returns the events of each observable from both sources, in order.
    pub(crate) async fn events(&self, terms: &[SearchTerm<'_>]) -> Vec<Partial<FoundEvents>> {
        // No more wait for a permit than could have one, so that a further search waits for few.
        let detected = terms.iter().map(|term| self.detected(term));
        let detected = join_bounded(detected, self.config.max_concurrent_requests);
        let (searched, detected) = join(self.searched(terms), detected).await;
        let found = terms.iter().zip(detected).zip(searched);
        found.map(|((term, detected), searched)| both(term, detected, searched)).collect()
    }

    /// Returns the warning about a family that is known to be missing.
    fn known_missing(&self, family: &Family, warning: &'static str) -> Option<Error> {
        let is_known = self.cache.contains(&family.is_missing, self.call.now);
        is_known.then(|| missing_family(warning))
    }

    /// Turns the error of a family that is missing into a warning, and remembers that it is.
    fn noting_missing(&self, family: &Family, warning: &'static str, error: Error) -> Error {
        if !is_missing_family(&error) {
            return error;
        }
        family.breaker.open();
        let until = self.call.now.plus_seconds(MISSING_FAMILY_SECONDS);
        self.cache.insert(family.is_missing, (), until);
        missing_family(warning).with_source(error)
    }

    /// Sends a request as soon as there is a permit; `None` if an earlier failure made it pointless.
    async fn send(&self, family: &Family, request: Request) -> Option<Result<Response>> {
        // The semaphore is never closed, so there is always a permit in the end.
        let _permit = self.permits.acquire().await.ok()?;
        family.breaker.guard(self.exchange(request)).await
    }

    /// Sends a request about several observables. That it is forbidden or slow may be the fault of
    /// one, so that it stops no other request and leaves time for those.
    async fn send_list(&self, family: &Family, request: Request) -> Option<Result<Response>> {
        let _permit = self.permits.acquire().await.ok()?;
        let exchange =
            self.exchange_within(LIST_TIMEOUT, request).map_err(|error| match error.kind() {
                ErrorKind::Forbidden => error.with_kind(ErrorKind::Interrupted),
                _ => error,
            });
        family.breaker.guard(exchange).await
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        self.exchange_within(REQUEST_TIMEOUT, request).await
    }

    async fn exchange_within(&self, timeout: Duration, request: Request) -> Result<Response> {
        let request = request.header(header::AUTHORIZATION, self.authorization.clone());
        let response = self.call.send(request.within(timeout)).await?;
        if response.is_success() { Ok(response) } else { Err(error::error_from(&response)) }
    }
}

impl Family {
    fn new(base: &BaseUrl, key: &Secret) -> Self {
        let slug = GigamonThreatinsight::ABOUT.slug;
        let entry = |name| CacheKey::of(&[slug, base.as_str(), key.expose(), name]);
        Self {
            base: base.clone(),
            breaker: CircuitBreaker::default(),
            is_missing: entry("missing"),
            accepts_days_only: entry("days"),
        }
    }
}

/// Puts the events of both sources together. While one source succeeds, errors of the other are
/// warnings.
fn both(
    term: &SearchTerm<'_>,
    detected: Partial<Option<Vec<Detected>>>,
    searched: Partial<Option<Vec<Arc<Event>>>>,
) -> Partial<FoundEvents> {
    let mut errors = downgrade_if(searched.data.is_some(), detected.errors);
    errors.extend(downgrade_if(detected.data.is_some(), searched.errors));
    let about = |error: Error| error.about([&term.observable.value]);
    let data = FoundEvents { detected: detected.data, searched: searched.data };
    Partial { data, errors: errors.into_iter().map(about).collect() }
}

/// Collects the lists of several responses; no data if there was no successful one.
fn collected<T>(responses: Vec<Partial<Option<Vec<T>>>>) -> Partial<Option<Vec<T>>> {
    let mut all = Partial::<Option<Vec<T>>>::default();
    for Partial { data, errors } in responses {
        if let Some(found) = data {
            all.data.get_or_insert_default().extend(found);
        }
        all.errors.extend(errors);
    }
    all
}

fn downgrade_if(is_warning: bool, errors: Vec<Error>) -> Vec<Error> {
    let downgrade = |error: Error| if is_warning { error.as_warning() } else { error };
    errors.into_iter().map(downgrade).collect()
}

fn missing_family(warning: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, warning).as_warning()
}

fn is_missing_family(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound || is_unknown_host(error)
}
