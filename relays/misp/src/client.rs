//! Sends requests to MISP, docs/relays/misp.md#requests.

pub(crate) mod budget;
mod error;
pub(crate) mod neighbours;
pub(crate) mod query;
pub(crate) mod search;
pub(crate) mod types;
pub(crate) mod worth;

use std::time::Duration;

use http::{HeaderValue, header};
use relay_core::{
    BaseUrl, Call, CircuitBreaker, Error, ErrorKind, Observable, Quota, Request, Response, Result,
    Time, one_line,
};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::config::{Config, Credentials};
use budget::Budget;
use error::{error_from, is_refused};
use query::{EventTags, ObjectSearch, Search};
use search::{BatchSearch, FoundAttributes};
use types::{AddedSighting, Attribute, FoundAttributes as AttributeList, FoundObjects, Version};

/// Searches that one call runs at a time.
pub(crate) const MAX_CONCURRENT_REQUESTS: usize = 4;
/// Observables in one search; with thousands of values MISP runs into its own time limits.
pub(crate) const MAX_BATCH: usize = 50;
const VALUE_SEARCH_TIMEOUT: Duration = Duration::from_secs(15);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// No attribute can hold it: the search shows only whether the key may search.
const NO_VALUE: &str = "health-check.invalid";

/// The response to a search.
struct Page {
    attributes: Vec<Attribute>,
    /// Whether there may be more.
    is_full: bool,
}

/// Sends the requests of one call to the caller's MISP.
pub(crate) struct Client<'a> {
    call: &'a Call<'a, Credentials>,
    base_url: BaseUrl,
    api_key: HeaderValue,
    circuit_breaker: CircuitBreaker,
    /// Bounds all searches of the call, also those of several batches.
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
    /// Ids of attributes, with `|` between them.
    id: String,
    #[serde(rename = "type")]
    sighting_type: SightingType,
    /// Names the reporter in MISP's list of sightings.
    source: &'a str,
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

    /// `Ok` when MISP knows the key and lets it search.
    pub(crate) async fn check(&self) -> Result<()> {
        let values = [NO_VALUE.to_owned()];
        let search = Search::by_values(&values, &[], 1, EventTags::Omit);
        let (version, search) = futures::join!(self.check_version(), self.attributes(&search));
        version?;
        search.map(|_| ()).or_else(|error| if is_refused(&error) { Err(error) } else { Ok(()) })
    }

    /// `GET /servers/getVersion`; `Ok` when the response holds a version.
    async fn check_version(&self) -> Result<()> {
        let path = self.base_url.path("/servers/getVersion");
        let response = self.send(Request::get(path).within(DEFAULT_TIMEOUT)).await?;
        let body: Version = response.json()?;
        body.version.map(|_| ()).ok_or_else(|| response.malformed())
    }

    /// Returns the attributes that hold one of the observables of a batch.
    pub(crate) async fn search_by_values(
        &self,
        observables: &[Observable],
        tags: EventTags,
        budget: &Budget,
    ) -> FoundAttributes {
        BatchSearch::new(self, budget, observables, tags).run().await
    }

    /// `POST /sightings/add` for these attributes; `Ok` only when the response holds a new sighting.
    pub(crate) async fn add_sighting(
        &self,
        attribute_ids: &[i64],
        sighting_type: SightingType,
    ) -> Result<()> {
        let ids: Vec<_> = attribute_ids.iter().map(ToString::to_string).collect();
        let source = self.call.requested_from();
        let sighting = NewSighting { id: ids.join("|"), sighting_type, source };
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

    /// Returns nothing when an earlier failure, which is reported already, made the search pointless.
    async fn search(&self, search: &Search<'_>) -> Option<Result<Page>> {
        let _permit = self.permits.acquire().await;
        self.circuit_breaker.guard(self.attributes(search)).await
    }

    /// `POST /attributes/restSearch`.
    async fn attributes(&self, search: &Search<'_>) -> Result<Page> {
        let timeout = if search.is_by_values() { VALUE_SEARCH_TIMEOUT } else { DEFAULT_TIMEOUT };
        let request = Request::post(self.base_url.path("/attributes/restSearch"))
            .json(search)?
            .repeatable()
            .within(timeout);
        let response = self.send(request).await?;
        self.report_quota(&response);
        let attributes = response.json_of::<AttributeList>(search.limit)?.0;
        let is_full = attributes.len() >= search.limit || response.is_cut();
        Ok(Page { attributes, is_full })
    }

    /// An administrator may limit the searches of a role; MISP tells of it after each search.
    fn report_quota(&self, response: &Response) {
        let header = |name: &str| response.header(&format!("x-rate-limit-{name}"));
        let Some((limit, used)) = Quota::counts(header("limit"), header("remaining")) else {
            return;
        };
        let seconds_left = header("reset").and_then(|text| text.parse().ok());
        let quota = Quota {
            description: "Searches that the role of the key may make in 15 minutes",
            period: None,
            limit,
            used,
            ends: seconds_left.map(|seconds| self.call.moment().plus_seconds(seconds)),
        };
        self.call.report_quota("searches", quota);
    }

    /// `POST /objects/restSearch`; the attributes of the objects.
    async fn objects(&self, search: &ObjectSearch<'_>) -> Result<Vec<Attribute>> {
        let request = Request::post(self.base_url.path("/objects/restSearch"))
            .json(search)?
            .repeatable()
            .within(DEFAULT_TIMEOUT);
        let response = self.send(request).await?;
        Ok(response.json::<FoundObjects>()?.into_attributes().collect())
    }

    async fn send(&self, request: Request) -> Result<Response> {
        let request = request.header(header::AUTHORIZATION, self.api_key.clone());
        let response = self.call.send(request).await?;
        if let Some(end) = response.header("x-auth-key-expiration").and_then(Time::parse) {
            self.call.report_credentials_end(end);
        }
        if response.status() == 200 {
            Ok(response)
        } else {
            Err(error_from(&response, &self.base_url))
        }
    }
}

/// A server that failed may have done the action before.
pub(crate) fn doubtful_if_server_failed(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => error.outcome_unknown(),
        _ => error,
    }
}
