//! `$batch`: up to twenty requests in one, each with a response of its own.
//!
//! Source: docs/relays/graph-security.md#batches; Microsoft's page "Combine multiple HTTP requests
//! using JSON batching".

use std::{collections::HashMap, time::Duration};

use http::{HeaderName, HeaderValue};
use relay_core::{
    Error, ErrorKind, Request, Response, Result, join_bounded,
    lenient::{Integer, List, Object},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::sleep;

use crate::{
    GraphClient, error,
    hunting::{self, HuntingBody},
};

/// Requests in one batch: first as many as Graph takes, then fewer for those whose responses are
/// together too large for one body.
const BATCH_SIZES: [usize; 3] = [20, 5, 1];
/// Batches under way at the same time.
const MAX_CONCURRENT_BATCHES: usize = 10;
/// The time that a repeated batch itself needs; a longer wait is not worth it.
const RETRY_RESERVE: Duration = Duration::from_secs(1);

/// One request inside a batch.
#[derive(Debug, Clone, Serialize)]
pub struct BatchRequest {
    method: &'static str,
    url: String,
    headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<HuntingBody>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Headers {
    #[serde(rename = "Prefer", skip_serializing_if = "Option::is_none")]
    prefer: Option<&'static str>,
    #[serde(rename = "Content-Type", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
}

impl BatchRequest {
    /// Reads `url`, which is relative to the version and already escaped.
    #[must_use]
    pub fn get(url: String) -> Self {
        // Without it newer members of enumerations arrive as `unknownFutureValue`.
        let headers = Headers { prefer: Some("include-unknown-enum-members"), content_type: None };
        Self { method: "GET", url, headers, body: None }
    }

    /// Runs a hunting query.
    pub(crate) fn hunt(query: &str) -> Self {
        let headers = Headers { prefer: None, content_type: Some(hunting::CONTENT_TYPE) };
        let url = "/security/runHuntingQuery".to_owned();
        Self { method: "POST", url, headers, body: Some(HuntingBody::new(query)) }
    }
}

impl<C: Sync> GraphClient<'_, C> {
    /// Sends all requests, in batches that run side by side; the responses come in the order of the
    /// requests. Requests that meet a rate limit are sent once more, after the wait that Graph
    /// names, if it fits the deadline.
    ///
    /// Each result is an error for itself: the batch failed, or held no response to the request.
    pub async fn batch(&self, requests: &[BatchRequest]) -> Vec<Result<Response>> {
        let mut responses: Vec<_> = requests.iter().map(|_| Err(no_response())).collect();
        let mut open: Vec<_> = (0..requests.len()).collect();
        for size in BATCH_SIZES {
            let batches: Vec<_> =
                open.chunks(size).map(|indexes| self.one_batch(requests, indexes)).collect();
            let arrived = join_bounded(batches, MAX_CONCURRENT_BATCHES).await.into_iter().flatten();
            open.iter().zip(arrived).for_each(|(index, response)| responses[*index] = response);
            open.retain(|index| is_too_large(&responses[*index]));
        }
        responses
    }

    /// Returns one response for each of `indexes`, in their order.
    async fn one_batch(
        &self,
        requests: &[BatchRequest],
        indexes: &[usize],
    ) -> Vec<Result<Response>> {
        let mut responses = self.try_batch(requests, indexes).await;
        let (throttled, waits): (Vec<_>, Vec<_>) = self.throttled(&responses).into_iter().unzip();
        if let Some(wait) = waits.into_iter().max() {
            sleep(wait).await;
            let indexes: Vec<_> = throttled.iter().map(|at| indexes[*at]).collect();
            let repeated = self.try_batch(requests, &indexes).await;
            throttled.into_iter().zip(repeated).for_each(|(at, response)| responses[at] = response);
        }
        responses
    }

    /// Returns the places of the responses that name a wait which ends before the deadline, and
    /// the waits.
    fn throttled(&self, responses: &[Result<Response>]) -> Vec<(usize, Duration)> {
        let max_wait = self.call.time_left().saturating_sub(RETRY_RESERVE);
        let wait = |response: &Result<Response>| {
            let response = response.as_ref().ok().filter(|response| response.status() == 429)?;
            response.retry_after().filter(|wait| *wait <= max_wait)
        };
        let responses = responses.iter().enumerate();
        responses.filter_map(|(at, response)| Some((at, wait(response)?))).collect()
    }

    async fn try_batch(
        &self,
        requests: &[BatchRequest],
        indexes: &[usize],
    ) -> Vec<Result<Response>> {
        match self.send_batch(requests, indexes).await {
            Ok(mut responses) => {
                let response = |index: &usize| responses.remove(index).ok_or_else(no_response);
                indexes.iter().map(response).collect()
            }
            Err(error) => indexes.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// Sends one batch; its responses by the indexes of their requests.
    async fn send_batch(
        &self,
        requests: &[BatchRequest],
        indexes: &[usize],
    ) -> Result<HashMap<usize, Response>> {
        let requests = indexes
            .iter()
            .map(|&index| NumberedRequest { id: index.to_string(), request: &requests[index] });
        let body = BatchBody { requests: requests.collect() };
        // Every request of a batch only reads, so a connection that failed may be tried again.
        let request = Request::post(self.base().path("/v1.0/$batch")).json(&body)?.repeatable();
        let response = self.send(request).await?;
        if !response.is_success() {
            return Err(error::without_permission(&response));
        }
        let BatchResult { responses } = response.json()?;
        Ok(responses.into_iter().filter_map(|part| part.unpacked(&response)).collect())
    }
}

pub(crate) fn no_response() -> Error {
    let text = "Microsoft Graph sent no response to a request of a batch; try again later.";
    Error::new(ErrorKind::Malformed, text)
}

fn is_too_large(response: &Result<Response>) -> bool {
    response.as_ref().is_err_and(|error| error.kind() == ErrorKind::TooLarge)
}

#[derive(Serialize)]
struct BatchBody<'a> {
    requests: Vec<NumberedRequest<'a>>,
}

#[derive(Serialize)]
struct NumberedRequest<'a> {
    id: String,
    #[serde(flatten)]
    request: &'a BatchRequest,
}

#[derive(Deserialize)]
struct BatchResult {
    responses: List<PartialResponse>,
}

/// The response to one request of the batch.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PartialResponse {
    id: Integer,
    status: Integer,
    headers: Object<HashMap<String, Box<RawValue>>>,
    body: Option<Box<RawValue>>,
}

impl PartialResponse {
    /// Returns the index of the request, and the response as if it had come alone.
    fn unpacked(self, batch: &Response) -> Option<(usize, Response)> {
        let index = usize::try_from((*self.id)?).ok()?;
        let status = u16::try_from((*self.status)?).ok()?;
        let headers =
            self.headers.into_inner().unwrap_or_default().into_iter().filter_map(header).collect();
        let body = self.body.map(|body| Box::<str>::from(body).into_string().into_bytes());
        Some((index, batch.inside(status, headers, body.unwrap_or_default())))
    }
}

fn header((name, value): (String, Box<RawValue>)) -> Option<(HeaderName, HeaderValue)> {
    let value = value.get().trim_matches('"');
    Some((name.parse().ok()?, value.parse().ok()?))
}
