//! Sends requests to MISP, docs/relays/misp.md#requests.

mod error;
pub(crate) mod query;
pub(crate) mod types;

use std::time::Duration;

use http::{HeaderValue, header};
use relay_core::{
    BaseUrl, Call, CircuitBreaker, Error, ErrorKind, Partial, Request, Response, Result,
    join_bounded, one_line,
};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::config::{Config, Credentials};
use error::error_from;
use query::{EventTags, Search, page_size};
use types::{AddedSighting, Attribute, FoundAttributes, Version};

/// Searches that one call runs at a time.
const MAX_CONCURRENT_REQUESTS: usize = 4;
/// Values or event ids in one search; with thousands MISP runs into its own time limits.
const MAX_BATCH: usize = 50;
const VALUE_SEARCH_TIMEOUT: Duration = Duration::from_secs(15);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Names the reporter in MISP's list of sightings.
const SIGHTING_SOURCE: &str = "SecureX threat response";

/// Sends the requests of one call to the caller's MISP.
pub(crate) struct Client<'a> {
    call: &'a Call<'a, Credentials>,
    base_url: BaseUrl,
    api_key: HeaderValue,
    circuit_breaker: CircuitBreaker,
    /// Bounds all searches of the call, also where several batches are repeated value by value.
    permits: Semaphore,
}

/// The type of a sighting. Source: MISP OpenAPI, "SightingType".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum SightingType {
    #[serde(rename = "0")]
    Seen,
    #[serde(rename = "1")]
    FalsePositive,
}

#[derive(Serialize)]
struct NewSighting<'a> {
    values: [&'a str; 1],
    #[serde(rename = "type")]
    sighting_type: SightingType,
    source: &'static str,
}

impl<'a> Client<'a> {
    /// Errors: `InvalidInput` without a usable base URL, and for an API key that cannot be a header.
    pub(crate) fn new(config: &Config, call: &'a Call<'a, Credentials>) -> Result<Self> {
        Ok(Self {
            call,
            base_url: config.base_url_for(call)?,
            api_key: call.credentials.api_key.header("")?,
            circuit_breaker: CircuitBreaker::default(),
            permits: Semaphore::new(MAX_CONCURRENT_REQUESTS),
        })
    }

    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// `GET /servers/getVersion`; `Ok` when the response holds a version.
    pub(crate) async fn check_version(&self) -> Result<()> {
        let path = self.base_url.path("/servers/getVersion");
        let response = self.send(Request::get(path).within(DEFAULT_TIMEOUT)).await?;
        let body: Version = response.json()?;
        body.version.map(|_| ()).ok_or_else(|| response.malformed())
    }

    /// Returns the attributes that hold one of `values`; a search that fails costs its batch only.
    pub(crate) async fn search_by_values(
        &self,
        values: &[String],
        observables: usize,
        tags: EventTags,
    ) -> Partial<Vec<Attribute>> {
        let limit = page_size(self.call.limit, observables);
        let batches = values.chunks(MAX_BATCH).map(|batch| self.search_batch(batch, limit, tags));
        merged(join_bounded(batches.collect::<Vec<_>>(), MAX_CONCURRENT_REQUESTS).await)
    }

    async fn search_batch(
        &self,
        values: &[String],
        limit: usize,
        tags: EventTags,
    ) -> Partial<Vec<Attribute>> {
        let outcome = self.search(&Search::by_values(values, limit, tags)).await;
        if values.len() == 1 {
            return outcome.into();
        }
        match outcome.unless_full(limit) {
            Some(outcome) => outcome.into(),
            // On a full page a popular value may have displaced the others.
            None => self.search_singly(values, tags).await,
        }
    }

    async fn search_singly(&self, values: &[String], tags: EventTags) -> Partial<Vec<Attribute>> {
        let limit = 2 * self.call.limit;
        let searches = values
            .chunks(1)
            .map(async |value| self.search(&Search::by_values(value, limit, tags)).await.into());
        merged(join_bounded(searches.collect::<Vec<_>>(), MAX_CONCURRENT_REQUESTS).await)
    }

    /// Returns the attributes of these types in these events.
    pub(crate) async fn search_by_events(
        &self,
        event_ids: &[String],
        attribute_types: &[&str],
    ) -> Partial<Vec<Attribute>> {
        let searches = event_ids
            .chunks(MAX_BATCH)
            .map(async |ids| self.search(&Search::by_events(ids, attribute_types)).await.into());
        merged(join_bounded(searches.collect::<Vec<_>>(), MAX_CONCURRENT_REQUESTS).await)
    }

    /// `POST /sightings/add`; `Ok` only when the response holds the new sighting.
    pub(crate) async fn add_sighting(
        &self,
        value: &str,
        sighting_type: SightingType,
    ) -> Result<()> {
        let sighting = NewSighting { values: [value], sighting_type, source: SIGHTING_SOURCE };
        let path = self.base_url.path("/sightings/add");
        let request = Request::post(path).json(&sighting)?.within(DEFAULT_TIMEOUT);
        let response = self.send(request).await.map_err(doubtful_if_server_failed)?;
        let body: AddedSighting = response.json().map_err(Error::outcome_unknown)?;
        match (body.sighting.into_inner(), body.message.into_inner()) {
            (Some(_), _) => Ok(()),
            // MISP reports a failure with status 200 and a message.
            (None, Some(message)) => {
                let message = format!("MISP did not add the sighting: {}", one_line(&message));
                Err(Error::new(ErrorKind::NotFound, message))
            }
            (None, None) => Err(response.malformed().outcome_unknown()),
        }
    }

    async fn search(&self, search: &Search<'_>) -> SearchOutcome {
        let _permit = self.permits.acquire().await;
        match self.circuit_breaker.guard(self.attributes(search)).await {
            None => SearchOutcome::Skipped,
            Some(Ok(attributes)) => SearchOutcome::Found(attributes),
            Some(Err(error)) => SearchOutcome::Failed(error),
        }
    }

    /// `POST /attributes/restSearch`.
    async fn attributes(&self, search: &Search<'_>) -> Result<Vec<Attribute>> {
        let timeout = if search.is_by_values() { VALUE_SEARCH_TIMEOUT } else { DEFAULT_TIMEOUT };
        let request = Request::post(self.base_url.path("/attributes/restSearch"))
            .json(search)?
            .repeatable()
            .within(timeout);
        let response = self.send(request).await?;
        Ok(response.json::<FoundAttributes>()?.0)
    }

    async fn send(&self, request: Request) -> Result<Response> {
        let request = request.header(header::AUTHORIZATION, self.api_key.clone());
        let response = self.call.send(request).await?;
        if response.status() == 200 { Ok(response) } else { Err(error_from(&response)) }
    }
}

/// The end of one search.
enum SearchOutcome {
    /// Not sent, because an earlier failure, which is reported already, made it pointless.
    Skipped,
    Found(Vec<Attribute>),
    Failed(Error),
}

impl SearchOutcome {
    /// Returns nothing for a full page. Its attributes are dropped at once, because there may be
    /// thousands of them.
    fn unless_full(self, limit: usize) -> Option<Self> {
        match self {
            Self::Found(attributes) if attributes.len() >= limit => None,
            outcome => Some(outcome),
        }
    }
}

impl From<SearchOutcome> for Partial<Vec<Attribute>> {
    fn from(outcome: SearchOutcome) -> Self {
        match outcome {
            SearchOutcome::Skipped => Self::default(),
            SearchOutcome::Found(attributes) => attributes.into(),
            SearchOutcome::Failed(error) => error.into(),
        }
    }
}

fn merged(parts: Vec<Partial<Vec<Attribute>>>) -> Partial<Vec<Attribute>> {
    let mut all: Partial<Vec<Attribute>> = Partial::default();
    for Partial { data, errors } in parts {
        all.data.extend(data);
        all.errors.extend(errors);
    }
    all
}

/// A server that failed may have done the action before.
pub(crate) fn doubtful_if_server_failed(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => error.outcome_unknown(),
        _ => error,
    }
}
