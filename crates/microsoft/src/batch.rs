//! `$batch`: up to twenty requests in one, each with a response of its own.
//!
//! Source: docs/relays/graph-security.md#batches; Microsoft's page "Combine multiple HTTP requests
//! using JSON batching".

mod response;

use std::{collections::HashMap, time::Duration};

use relay_core::{CircuitBreaker, Error, ErrorKind, Request, Response, Result, join_bounded};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::sleep;

pub use response::BatchResponse;
use response::BatchResult;

use crate::{
    GraphClient,
    error::{self, not_sent},
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
    /// Sends all requests, in batches that run side by side, and hands each response to `read` with
    /// the index of its request, as soon as it arrives; the results come in the order of the
    /// requests. A record is what a successful response holds, of each of its lists no more than
    /// `items`. Requests that meet a rate limit are sent once more, after the wait that Graph names,
    /// if it fits the deadline.
    ///
    /// Each result is an error for itself: the batch failed, or held no response to the request.
    pub async fn batch<T: DeserializeOwned, R>(
        &self,
        requests: &[BatchRequest],
        items: usize,
        read: impl Fn(usize, BatchResponse<T>) -> Result<R>,
    ) -> Vec<Result<R>> {
        let breaker = CircuitBreaker::default();
        let mut results: Vec<_> = requests.iter().map(|_| Err(no_response())).collect();
        let mut open: Vec<_> = (0..requests.len()).collect();
        for size in BATCH_SIZES {
            let batch = |indexes| self.guarded_batch(&breaker, requests, indexes, items, &read);
            let batches: Vec<_> = open.chunks(size).map(batch).collect();
            let arrived = join_bounded(batches, MAX_CONCURRENT_BATCHES).await.into_iter().flatten();
            open.iter().zip(arrived).for_each(|(index, result)| results[*index] = result);
            // What is too large alone would be so again.
            let shared = open.chunks(size).filter(|batch| batch.len() > 1).flatten().copied();
            open = shared.filter(|index| is_too_large(&results[*index])).collect();
        }
        results
    }

    /// Sends a batch unless an earlier one failed in a way that this one would, too.
    async fn guarded_batch<T: DeserializeOwned, R>(
        &self,
        breaker: &CircuitBreaker,
        requests: &[BatchRequest],
        indexes: &[usize],
        items: usize,
        read: &impl Fn(usize, BatchResponse<T>) -> Result<R>,
    ) -> Vec<Result<R>> {
        let mut results = Vec::new();
        let batch = async {
            results = self.one_batch(requests, indexes, items, read).await;
            outcome_of_all(&results)
        };
        match breaker.guard(batch).await {
            Some(_) => results,
            None => indexes.iter().map(|_| Err(not_sent())).collect(),
        }
    }

    /// Returns one result for each of `indexes`, in their order.
    async fn one_batch<T: DeserializeOwned, R>(
        &self,
        requests: &[BatchRequest],
        indexes: &[usize],
        items: usize,
        read: &impl Fn(usize, BatchResponse<T>) -> Result<R>,
    ) -> Vec<Result<R>> {
        let (mut results, waits) = self.try_batch(requests, indexes, items, read).await;
        if let Some(wait) = waits.iter().flatten().max() {
            sleep(*wait).await;
            let is_throttled = |at: &usize| waits[*at].is_some();
            let throttled: Vec<_> = (0..indexes.len()).filter(is_throttled).collect();
            let indexes: Vec<_> = throttled.iter().map(|at| indexes[*at]).collect();
            let (repeated, _) = self.try_batch(requests, &indexes, items, read).await;
            throttled.into_iter().zip(repeated).for_each(|(at, result)| results[at] = result);
        }
        results
    }

    /// Returns for each of `indexes` the result, and the wait that a rate limit asks for.
    async fn try_batch<T: DeserializeOwned, R>(
        &self,
        requests: &[BatchRequest],
        indexes: &[usize],
        items: usize,
        read: &impl Fn(usize, BatchResponse<T>) -> Result<R>,
    ) -> (Vec<Result<R>>, Vec<Option<Duration>>) {
        let mut responses = match self.send_batch(requests, indexes, items).await {
            Ok(responses) => responses,
            Err(error) => return indexes.iter().map(|_| (Err(error.clone()), None)).unzip(),
        };
        let result = |index: &usize| match responses.remove(index) {
            Some(response) => {
                let wait = self.wait(&response);
                (read(*index, response), wait)
            }
            None => (Err(no_response()), None),
        };
        indexes.iter().map(result).unzip()
    }

    /// Returns the wait that a rate limit asks for, if it ends before the deadline.
    fn wait(&self, response: &Response) -> Option<Duration> {
        let max_wait = self.call.time_left().saturating_sub(RETRY_RESERVE);
        let wait = response.retry_after().filter(|_| response.status() == 429);
        wait.filter(|wait| *wait <= max_wait)
    }

    /// Sends one batch; its responses by the indexes of their requests.
    async fn send_batch<T: DeserializeOwned>(
        &self,
        requests: &[BatchRequest],
        indexes: &[usize],
        items: usize,
    ) -> Result<HashMap<usize, BatchResponse<T>>> {
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
        let BatchResult { responses } = response.json_of_many(indexes.len(), items)?;
        Ok(responses.into_iter().filter_map(|part| part.unpacked(&response, items)).collect())
    }
}

pub(crate) fn no_response() -> Error {
    let text = "Microsoft Graph sent no response to a request of a batch; try again later.";
    Error::new(ErrorKind::Malformed, text)
}

/// What a batch shows of further ones: a rate limit counts whatever else succeeded, a permission only
/// where nothing did.
fn outcome_of_all<R>(results: &[Result<R>]) -> Result<()> {
    let errors = results.iter().filter_map(|result| result.as_ref().err());
    let is_quota = |error: &&Error| matches!(error.kind(), ErrorKind::RateLimited { .. });
    let error = match results.iter().any(Result::is_ok) {
        true => errors.clone().find(is_quota),
        false => errors.clone().find(is_quota).or_else(|| errors.clone().next()),
    };
    error.cloned().map_or(Ok(()), Err)
}

fn is_too_large<R>(result: &Result<R>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::TooLarge)
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
