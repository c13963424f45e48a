//! `$batch`: up to twenty requests in one, each answered for itself.
//!
//! Source: spec §5.6; page "Combine multiple HTTP requests using JSON batching".

use std::{collections::HashMap, time::Duration};

use http::{HeaderName, HeaderValue};
use relay_core::{Error, ErrorKind, Request, Response, Result, join_bounded, lenient};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::sleep;

use crate::{
    Session,
    hunting::{self, Question},
    refusal,
};

/// How many requests one batch carries: the most there may be, and fewer where the answers to
/// them are too large for one body.
const SIZES: [usize; 3] = [20, 5, 1];
/// How many batches are under way at the same time.
const AT_ONCE: usize = 10;
/// What the repeated batch itself needs; a wait that leaves less is not worth it.
const RESERVE: Duration = Duration::from_secs(1);

/// One request inside a batch.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    method: &'static str,
    url: String,
    headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Question>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Headers {
    /// Asks for newer members of enumerations by name instead of `unknownFutureValue`.
    #[serde(rename = "Prefer", skip_serializing_if = "Option::is_none")]
    prefer: Option<&'static str>,
    #[serde(rename = "Content-Type", skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
}

impl Part {
    /// Reads; `url` is relative to the version and already escaped.
    pub fn get(url: String) -> Self {
        let headers = Headers { prefer: Some("include-unknown-enum-members"), content_type: None };
        Self { method: "GET", url, headers, body: None }
    }

    /// Runs a hunting query.
    pub(crate) fn hunt(query: &str) -> Self {
        let headers = Headers { prefer: None, content_type: Some(hunting::JSON) };
        let url = "/security/runHuntingQuery".to_owned();
        Self { method: "POST", url, headers, body: Some(Question::of(query)) }
    }
}

impl<C: Sync> Session<'_, C> {
    /// Asks all parts, twenty in a batch and the batches side by side; the answers come in the
    /// order of the parts. A part that meets a rate limit is asked once more, after the wait that
    /// Graph wants, if that fits the deadline.
    pub async fn batch(&self, parts: &[Part]) -> Vec<Result<Response>> {
        let mut answers: Vec<_> = parts.iter().map(|_| Err(unanswered())).collect();
        let mut open: Vec<_> = (0..parts.len()).collect();
        for size in SIZES {
            let batches: Vec<_> =
                open.chunks(size).map(|places| self.one_batch(parts, places)).collect();
            let answered = join_bounded(batches, AT_ONCE).await.into_iter().flatten();
            open.iter().zip(answered).for_each(|(place, answer)| answers[*place] = answer);
            open.retain(|place| is_too_large(&answers[*place]));
        }
        answers
    }

    /// One answer for each of the parts at `places`.
    async fn one_batch(&self, parts: &[Part], places: &[usize]) -> Vec<Result<Response>> {
        let mut answers = self.exchange(parts, places).await;
        let throttled = self.worth_waiting_for(&answers);
        if let Some(wait) = throttled.iter().map(|(_, wait)| *wait).max() {
            sleep(wait).await;
            let throttled: Vec<_> = throttled.into_iter().map(|(at, _)| at).collect();
            let places: Vec<_> = throttled.iter().map(|at| places[*at]).collect();
            let again = self.exchange(parts, &places).await;
            throttled.into_iter().zip(again).for_each(|(at, answer)| answers[at] = answer);
        }
        answers
    }

    /// Which answers say that a rate limit was met which ends before the deadline, and the waits.
    fn worth_waiting_for(&self, answers: &[Result<Response>]) -> Vec<(usize, Duration)> {
        let longest = self.call.time_left().saturating_sub(RESERVE);
        let wait = |answer: &Result<Response>| {
            let answer = answer.as_ref().ok().filter(|answer| answer.status() == 429)?;
            answer.retry_after().filter(|wait| *wait <= longest)
        };
        let answers = answers.iter().enumerate();
        answers.filter_map(|(at, answer)| Some((at, wait(answer)?))).collect()
    }

    async fn exchange(&self, parts: &[Part], places: &[usize]) -> Vec<Result<Response>> {
        match self.carried(parts, places).await {
            Ok(mut answers) => {
                places.iter().map(|place| answers.remove(place).ok_or_else(unanswered)).collect()
            }
            Err(error) => places.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// Sends one batch; its answers by the places of their parts.
    async fn carried(&self, parts: &[Part], places: &[usize]) -> Result<HashMap<usize, Response>> {
        let requests = places.iter().map(|&at| Numbered { id: at.to_string(), part: &parts[at] });
        let body = Requests { requests: requests.collect() };
        // Everything we batch only reads, so a connection that failed may be tried again.
        let request = Request::post(self.base().path("/v1.0/$batch")).json(&body)?.repeatable();
        let answer = self.send(request).await?;
        if !answer.is_success() {
            return Err(refusal::plain(&answer));
        }
        let Answers { responses } = answer.json()?;
        Ok(responses.into_iter().filter_map(|part| part.opened(&answer)).collect())
    }
}

pub(crate) fn unanswered() -> Error {
    let text = "Microsoft Graph left a request of a batch unanswered; try again later.";
    Error::new(ErrorKind::Malformed, text)
}

fn is_too_large(answer: &Result<Response>) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::TooLarge)
}

#[derive(Serialize)]
struct Requests<'a> {
    requests: Vec<Numbered<'a>>,
}

#[derive(Serialize)]
struct Numbered<'a> {
    id: String,
    #[serde(flatten)]
    part: &'a Part,
}

#[derive(Deserialize)]
struct Answers {
    #[serde(deserialize_with = "lenient::objects")]
    responses: Vec<Answer>,
}

/// One part's answer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(deserialize_with = "lenient::integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "lenient::integer")]
    status: Option<i64>,
    #[serde(deserialize_with = "lenient::object")]
    headers: Option<HashMap<String, Box<RawValue>>>,
    body: Option<Box<RawValue>>,
}

impl Answer {
    /// The place of the part, and its answer as if it had come alone.
    fn opened(self, carrier: &Response) -> Option<(usize, Response)> {
        let place = usize::try_from(self.id?).ok()?;
        let status = u16::try_from(self.status?).ok()?;
        let headers = self.headers.unwrap_or_default().into_iter().filter_map(header).collect();
        let body = self.body.map(|body| Box::<str>::from(body).into_string().into_bytes());
        Some((place, carrier.inside(status, headers, body.unwrap_or_default())))
    }
}

fn header((name, value): (String, Box<RawValue>)) -> Option<(HeaderName, HeaderValue)> {
    let value = value.get().trim_matches('"');
    Some((name.parse().ok()?, value.parse().ok()?))
}
