//! Speaks MISP: which requests are sent, in which chunks, and what a refusal means (spec §3).

pub(crate) mod query;
mod types;

use std::time::Duration;

use http::{HeaderValue, header};
use relay_core::{
    BaseUrl, Call, CircuitBreaker, Error, ErrorKind, Partial, Request, Response, Result,
    http::{one_line, try_again},
    join_bounded, lenient,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use tokio::sync::Semaphore;

pub(crate) use types::{Event, Row};

use crate::config::Credentials;
use types::Rows;

/// Values or event ids of one call: MISP takes thousands but then runs into its own timeouts.
const CHUNK: usize = 50;
/// Calls side by side.
const AT_ONCE: usize = 4;
/// Rows that one call asks for at the least and at the most.
const ROWS: std::ops::RangeInclusive<usize> = 500..=5000;
const SEARCH: Duration = Duration::from_secs(15);
const OTHER: Duration = Duration::from_secs(10);

/// The attribute types that can be related observables, spec §3.3 and clarifications.
const NEIGHBOUR_TYPES: [&str; 25] = [
    "url",
    "uri",
    "link",
    "ip-src",
    "ip-dst",
    "ip-src|port",
    "ip-dst|port",
    "domain",
    "domain|ip",
    "hostname",
    "hostname|port",
    "md5",
    "sha1",
    "sha256",
    "filename|md5",
    "filename|sha1",
    "filename|sha256",
    "malware-sample",
    "filename",
    "email",
    "email-src",
    "email-dst",
    "mutex",
    "user-agent",
    "regkey",
];

/// Whether rows carry the tags of their events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    OfEvents,
    None,
}

/// What is reported about a value, spec §3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SightingKind {
    Seen,
    FalsePositive,
}

/// One caller's MISP.
pub(crate) struct Api<'c> {
    call: &'c Call<'c, Credentials>,
    host: BaseUrl,
    key: HeaderValue,
    halt: CircuitBreaker,
    /// Bounds the searches, also where several chunks are asked again value by value.
    lanes: Semaphore,
}

#[derive(Serialize)]
struct Search<'a> {
    #[serde(rename = "returnFormat")]
    return_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<AnyOf<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eventid: Option<&'a [String]>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kinds: Option<&'static [&'static str]>,
    #[serde(rename = "includeContext", skip_serializing_if = "Option::is_none")]
    include_context: Option<u8>,
    #[serde(rename = "includeEventTags", skip_serializing_if = "Option::is_none")]
    include_event_tags: Option<u8>,
    limit: usize,
    page: usize,
}

/// The one form in which MISP does not read `!` and `&&` inside a value.
#[derive(Serialize)]
struct AnyOf<'a> {
    #[serde(rename = "OR")]
    values: &'a [String],
}

#[derive(Serialize)]
struct NewSighting<'a> {
    values: [&'a str; 1],
    #[serde(rename = "type")]
    kind: &'static str,
    source: &'static str,
}

#[derive(Deserialize)]
struct Version {
    version: Option<String>,
}

#[derive(Deserialize)]
struct SightingAdded {
    #[serde(rename = "Sighting", default, deserialize_with = "lenient::object")]
    sighting: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "lenient::text")]
    message: Option<String>,
}

/// Any of the three may be there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    errors: Option<String>,
}

impl<'c> Api<'c> {
    /// Errors: `InvalidInput` for a key that cannot be a header.
    pub(crate) fn new(call: &'c Call<'c, Credentials>, host: BaseUrl) -> Result<Self> {
        let key = call.credentials.key.header("")?;
        Ok(Self {
            call,
            host,
            key,
            halt: CircuitBreaker::default(),
            lanes: Semaphore::new(AT_ONCE),
        })
    }

    pub(crate) fn host(&self) -> &BaseUrl {
        &self.host
    }

    /// `GET /servers/getVersion`: good when MISP tells its version.
    pub(crate) async fn version(&self) -> Result<()> {
        let request = Request::get(self.host.path("/servers/getVersion")).within(OTHER);
        let response = self.send(request).await?;
        let answer: Version = response.json()?;
        answer.version.map(|_| ()).ok_or_else(|| response.malformed())
    }

    /// The rows that hold one of `values`, in chunks; what fails costs its chunk only.
    pub(crate) async fn matches(
        &self,
        values: &[String],
        observables: usize,
        tags: Tags,
    ) -> Partial<Vec<Row>> {
        let limit = (self.call.limit * observables).clamp(*ROWS.start(), *ROWS.end());
        let chunks = values.chunks(CHUNK).map(|chunk| self.chunk(chunk, limit, tags));
        together(join_bounded(chunks.collect::<Vec<_>>(), AT_ONCE).await)
    }

    /// One chunk; when a popular value may have displaced the others, each value by itself.
    async fn chunk(&self, values: &[String], limit: usize, tags: Tags) -> Partial<Vec<Row>> {
        let rows = match self.search(&Search::by_values(values, limit, tags)).await {
            Ok(rows) if rows.len() < limit || values.len() == 1 => return rows.into(),
            Ok(rows) => rows,
            Err(error) => return error.into(),
        };
        drop(rows);
        let singly = values.iter().map(|value| self.single(value, tags)).collect::<Vec<_>>();
        together(join_bounded(singly, AT_ONCE).await)
    }

    async fn single(&self, value: &String, tags: Tags) -> Partial<Vec<Row>> {
        let search = Search::by_values(std::slice::from_ref(value), 2 * self.call.limit, tags);
        self.search(&search).await.map_or_else(Partial::from, Partial::from)
    }

    /// The attributes of these events that can be related observables.
    pub(crate) async fn neighbours(&self, event_ids: &[String]) -> Partial<Vec<Row>> {
        let chunks = event_ids.chunks(CHUNK).map(|ids| async move {
            self.search(&Search::by_events(ids)).await.map_or_else(Partial::from, Partial::from)
        });
        together(join_bounded(chunks.collect::<Vec<_>>(), AT_ONCE).await)
    }

    /// `POST /sightings/add`; good only when MISP answers with the sighting it made.
    pub(crate) async fn add_sighting(&self, value: &str, kind: SightingKind) -> Result<()> {
        let kind = if kind == SightingKind::Seen { "0" } else { "1" };
        let sighting = NewSighting { values: [value], kind, source: "SecureX threat response" };
        let request =
            Request::post(self.host.path("/sightings/add")).json(&sighting)?.within(OTHER);
        let response = self.send(request).await.map_err(unless_refused)?;
        let answer: SightingAdded = response.json().map_err(Error::outcome_unknown)?;
        match (answer.sighting, answer.message) {
            (Some(_), _) => Ok(()),
            (None, Some(message)) => {
                let text = format!("MISP did not add the sighting: {}", one_line(&message));
                Err(Error::new(ErrorKind::NotFound, text))
            }
            (None, None) => Err(response.malformed().outcome_unknown()),
        }
    }

    /// No rows when a failure before it made the call pointless; that failure is in the answer.
    async fn search(&self, search: &Search<'_>) -> Result<Vec<Row>> {
        let _lane = self.lanes.acquire().await;
        self.halt.guard(self.rows(search)).await.unwrap_or_else(|| Ok(Vec::new()))
    }

    async fn rows(&self, search: &Search<'_>) -> Result<Vec<Row>> {
        let request = Request::post(self.host.path("/attributes/restSearch"))
            .json(search)?
            .repeatable()
            .within(if search.value.is_some() { SEARCH } else { OTHER });
        let response = self.send(request).await?;
        Ok(response.json::<Rows>()?.0)
    }

    async fn send(&self, request: Request) -> Result<Response> {
        let request = request.header(header::AUTHORIZATION, self.key.clone());
        let response = self.call.send(request).await?;
        if response.status() == 200 { Ok(response) } else { Err(refusal(&response)) }
    }
}

impl<'a> Search<'a> {
    const EMPTY: Self = Self {
        return_format: "json",
        value: None,
        eventid: None,
        kinds: None,
        include_context: None,
        include_event_tags: None,
        limit: 0,
        page: 1,
    };

    fn by_values(values: &'a [String], limit: usize, tags: Tags) -> Self {
        Self {
            value: Some(AnyOf { values }),
            include_context: Some(1),
            include_event_tags: (tags == Tags::OfEvents).then_some(1),
            limit,
            ..Self::EMPTY
        }
    }

    fn by_events(ids: &'a [String]) -> Self {
        Self {
            eventid: Some(ids),
            kinds: Some(&NEIGHBOUR_TYPES),
            limit: *ROWS.end(),
            ..Self::EMPTY
        }
    }
}

fn together(parts: Vec<Partial<Vec<Row>>>) -> Partial<Vec<Row>> {
    let mut all: Partial<Vec<Row>> = Partial::default();
    for Partial { data, errors } in parts {
        all.data.extend(data);
        all.errors.extend(errors);
    }
    all
}

/// What a status other than 200 means, spec §3.7.
fn refusal(response: &Response) -> Error {
    let body: Option<Refusal> = response.json().ok();
    let said = body.and_then(|body| body.message.or(body.name).or(body.errors));
    let said = said.map_or_else(|| response.quote(), |text| one_line(&text));
    match response.status() {
        403 if said.starts_with("Authentication failed") => {
            Error::new(ErrorKind::Unauthorized, format!("Authorization failed: {said}"))
        }
        401 | 403 | 405 => {
            let text = format!("MISP does not allow this to the key in the token: {said}");
            Error::new(ErrorKind::Forbidden, text)
        }
        404 => {
            let text = format!("MISP does not know the address; check HOST: {said}");
            Error::new(ErrorKind::NotFound, text)
        }
        300..=399 => {
            let to = response.header("location").and_then(host_of);
            let to = to.unwrap_or_else(|| "another page".to_owned());
            let text = format!("MISP redirects to {to}; check scheme and host of HOST.");
            Error::new(ErrorKind::Malformed, text)
        }
        429 => quota_used_up(response),
        500 | 501 => {
            Error::new(ErrorKind::Internal, format!("MISP failed: {said}")).with_code("unknown")
        }
        _ => response.refusal(Some(&said)),
    }
}

/// A server that failed may have done what it was asked before.
pub(crate) fn unless_refused(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => error.outcome_unknown(),
        _ => error,
    }
}

/// A role's quota is full again after the seconds of `X-Rate-Limit-Reset`.
fn quota_used_up(response: &Response) -> Error {
    let reset = response.header("x-rate-limit-reset").and_then(|text| text.parse::<u64>().ok());
    match reset.filter(|_| response.retry_after().is_none()) {
        Some(seconds) => response.rate_limited().with_message(format!(
            "The rate limit of MISP for the key's role is reached; {}.",
            try_again(Some(Duration::from_secs(seconds)))
        )),
        None => response.rate_limited(),
    }
}

fn host_of(location: &str) -> Option<String> {
    url::Url::parse(location).ok()?.host_str().map(str::to_owned)
}
