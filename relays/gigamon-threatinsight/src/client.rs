//! Sends requests to the API: detections, their events, event search, device look-up.
//! Specification: docs/relays/gigamon-threatinsight.md#requests.

mod error;
pub mod query;
mod types;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use futures::future::{join, join_all};
use http::{HeaderValue, header};
use relay_core::{
    BaseUrl, Call, CircuitBreaker, Error, ErrorKind, Partial, Relay, Request, Response, Result,
    Secret, Time,
    cache::{CacheKey, TtlCache},
    fewer_after, is_unknown_host,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(crate) use types::{Detection, Detections, Event, File, Host, Lease, Rule, Side};

use crate::{Credentials, GigamonThreatinsight, config::Config};
use query::SearchTerm;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a family that is missing is not asked.
const MISSING_FAMILY_SECONDS: i64 = 600;
/// How many addresses one device look-up may have.
const MAX_ADDRESSES: usize = 500;
/// The time that a device look-up needs.
const MIN_LOOK_UP_TIME: Duration = Duration::from_secs(2);
/// An address that is well known and in no detection.
const HEALTH_ADDRESS: &str = "8.8.8.8";
const NO_EVENT_SEARCH: &str = "The event search of Gigamon ThreatINSIGHT does not answer at its address; only detections are shown.";
const NO_DEVICE_LOOK_UP: &str = "The device look-up of Gigamon ThreatINSIGHT does not answer at its address; names of devices are missing.";

/// The demo and training accounts, by code and by uuid.
/// Specification: docs/relays/gigamon-threatinsight.md#test-accounts.
const TEST_ACCOUNTS: [&str; 4] =
    ["dmo", "chg", "6bc3d2f1-af77-4236-a9db-17dacd06e4d9", "f6f6f836-8bcd-4f5d-bd61-68d303c4f634"];

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
    pub(crate) detected: Option<DetectedEvents>,
    pub(crate) searched: Option<Vec<Event>>,
}

/// Detections, and the events of each in the same order.
#[derive(Debug)]
pub(crate) struct DetectedEvents {
    pub(crate) found: Detections,
    pub(crate) events: Vec<Vec<Event>>,
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
        self.exchange(request).await?.json::<Detections>().map(drop)
    }

    /// Returns the events of an observable from both sources. While one source succeeds, errors of
    /// the other are warnings.
    pub(crate) async fn events(&self, term: &SearchTerm<'_>) -> Partial<FoundEvents> {
        let (detected, searched) = join(self.detected(term), self.searched(term)).await;
        let mut errors = downgrade_if(searched.data.is_some(), detected.errors);
        errors.extend(downgrade_if(detected.data.is_some(), searched.errors));
        let about = |error: Error| error.about([&term.observable.value]);
        let data = FoundEvents { detected: detected.data, searched: searched.data };
        Partial { data, errors: errors.into_iter().map(about).collect() }
    }

    async fn searched(&self, term: &SearchTerm<'_>) -> Partial<Option<Vec<Event>>> {
        let Partial { data, errors } = self.search(term).await;
        Partial { data: data.map(|events| self.allowed_events(events)), errors }
    }

    /// Returns the events of all detections of an observable; no data if the detections failed.
    async fn detected(&self, term: &SearchTerm<'_>) -> Partial<Option<DetectedEvents>> {
        let Partial { data, mut errors } = self.detections(term).await;
        let Some(mut found) = data else { return Partial { data: None, errors } };
        found.detections.retain(|detection| self.is_allowed(detection.account_uuid.as_deref()));
        let events = found.detections.iter().map(|one| self.detection_events(one, term));
        let mut all = Vec::new();
        for events in join_all(events).await {
            errors.extend(downgrade_if(true, events.errors));
            all.push(self.allowed_events(events.data));
        }
        Partial { data: Some(DetectedEvents { found, events: all }), errors }
    }

    /// Returns the active detections of an observable; no data if they failed.
    async fn detections(&self, term: &SearchTerm<'_>) -> Partial<Option<Detections>> {
        let read = |response: &Response, limit| response.json_of(limit);
        let request = |limit: usize| {
            let request = Request::get(self.detections.base.path("/detections"))
                .query("indicator_value", term.value())
                .query("status", "active")
                .query("include", "indicators")
                .query("include", "rules")
                .query("limit", &limit.to_string())
                .query("sort_by", "last_seen")
                .query("sort_order", "desc");
            Ok(request)
        };
        self.fewer(&self.detections, term, request, read).await
    }

    /// Returns the events of a detection that are about the observable.
    async fn detection_events(
        &self,
        detection: &Detection,
        term: &SearchTerm<'_>,
    ) -> Partial<Vec<Event>> {
        let Some(uuid) = detection.uuid.as_deref() else { return Partial::default() };
        let request = |limit: usize| {
            Ok(Request::get(self.detections.base.path("/events"))
                .query("detection_uuid", uuid)
                .query("limit", &limit.to_string()))
        };
        let read = |response: &Response, limit| {
            types::detection_events(response, limit, |event| term.matches_event(detection, event))
        };
        let Partial { data, errors } = self.fewer(&self.detections, term, request, read).await;
        Partial { data: data.unwrap_or_default(), errors }
    }

    /// Requests up to the entity limit of records about an observable, and fewer where the response
    /// is too large; no data if that failed.
    async fn fewer<T>(
        &self,
        family: &Family,
        term: &SearchTerm<'_>,
        request: impl Fn(usize) -> Result<Request>,
        read: impl Fn(&Response, usize) -> Result<T>,
    ) -> Partial<Option<T>> {
        let mut limit = self.call.limit;
        loop {
            let outcome = match request(limit) {
                Ok(request) => self.send(family, request.about(1)).await,
                Err(error) => Some(Err(error)),
            };
            let outcome = outcome.unwrap_or_else(|| Err(self.call.not_asked(term.observable)));
            if let Some(fewer) = fewer_after(&outcome, limit) {
                limit = fewer;
                continue;
            }
            let is_less = limit < self.call.limit;
            let warning = is_less.then(|| self.call.fewer_records(term.observable, limit));
            return match outcome.and_then(|response| read(&response, limit)) {
                Ok(data) => Partial { data: Some(data), errors: warning.into_iter().collect() },
                Err(error) => error.into(),
            };
        }
    }

    fn allowed_events(&self, events: Vec<Event>) -> Vec<Event> {
        let is_allowed = |event: &Event| self.is_allowed(event.customer_id.as_deref());
        events.into_iter().filter(is_allowed).collect()
    }

    fn is_allowed(&self, account: Option<&str>) -> bool {
        let is_test = |id: &str| TEST_ACCOUNTS.iter().any(|test| id.eq_ignore_ascii_case(test));
        self.allow_test_accounts || !account.is_some_and(is_test)
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

    /// Returns which devices had these addresses at these times. All errors are warnings.
    pub(crate) async fn leases(&self, addresses: &BTreeMap<IpAddr, Time>) -> Partial<Vec<Lease>> {
        let Some(family) = &self.entity else { return Partial::default() };
        if addresses.is_empty() {
            return Partial::default();
        }
        if self.call.time_left() < MIN_LOOK_UP_TIME {
            return no_time_for_look_up().into();
        }
        let entities = query::entities(addresses);
        let chunks = entities.chunks(MAX_ADDRESSES).map(|chunk| self.look_up(family, chunk));
        let found = collected(join_all(chunks).await);
        Partial { data: found.data.unwrap_or_default(), errors: downgrade_if(true, found.errors) }
    }

    async fn look_up(&self, family: &Family, entities: &[Value]) -> Partial<Option<Vec<Lease>>> {
        if let Some(missing) = self.known_missing(family, NO_DEVICE_LOOK_UP) {
            return missing.into();
        }
        let request = Request::post(family.base.path("/entity/tracking/bulk/get/ip")).repeatable();
        let response = match request.json(&json!({"entities": entities})) {
            Ok(request) => self.send(family, request).await,
            Err(error) => Some(Err(error)),
        };
        let leases =
            response.map(|response| response.and_then(|response| types::leases(&response)));
        match leases.transpose() {
            Ok(data) => data.into(),
            Err(error) => self.noting_missing(family, NO_DEVICE_LOOK_UP, error).into(),
        }
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

    async fn exchange(&self, request: Request) -> Result<Response> {
        let request = request.header(header::AUTHORIZATION, self.authorization.clone());
        let response = self.call.send(request.within(REQUEST_TIMEOUT)).await?;
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

/// Returns whether the product rejected a request, such as one with a window that is too long.
fn is_rejection(error: &Error) -> bool {
    error.kind() == ErrorKind::InvalidInput
}

fn missing_family(warning: &'static str) -> Error {
    Error::new(ErrorKind::NotFound, warning).as_warning()
}

fn is_missing_family(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound || is_unknown_host(error)
}

fn no_time_for_look_up() -> Error {
    let text =
        "No time was left to look devices up; ask about fewer observables to see their names.";
    Error::new(ErrorKind::Interrupted, text).as_warning()
}
