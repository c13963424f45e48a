//! `$batch`: page "Combine multiple HTTP requests using JSON batching".

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Graph,
    answer::{Answered, Problem, Reply},
    question::Question,
};
use crate::identity::Grant;

const LARGEST_BATCH: usize = 20;

#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<Inner>,
}

/// One of the requests.
#[derive(Debug, Deserialize)]
struct Inner {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Value>,
}

/// Answers every request on its own, the last one first: the order is not promised.
pub(super) fn run(graph: &Graph, grant: &Grant, question: &Question) -> Answered {
    let batch: Value = question.json()?;
    let batch: Batch = serde_json::from_value(batch)
        .map_err(|_| Problem::bad_request("Invalid batch payload format."))?;
    check(&batch.requests)?;
    let answer = |inner: &Inner| {
        let answered = inner.question(question).and_then(|asked| graph.answer(grant, &asked));
        shown(&inner.id, graph.reply(answered))
    };
    let responses: Vec<Value> = batch.requests.iter().rev().map(answer).collect();
    Ok(Reply::ok(json!({"responses": responses})))
}

fn check(requests: &[Inner]) -> Result<(), Problem> {
    if requests.len() > LARGEST_BATCH {
        return Err(Problem::bad_request(format!(
            "Number of batch request steps exceeds the maximum value of {LARGEST_BATCH}."
        )));
    }
    let mut ids = BTreeSet::new();
    match requests.iter().find(|inner| !ids.insert(inner.id.to_lowercase())) {
        None => Ok(()),
        Some(inner) => Err(Problem::bad_request(format!(
            "Request Id {} has to be unique in a batch.",
            inner.id
        ))),
    }
}

impl Inner {
    /// The call it stands for. A batch in a batch and absolute URLs are no resources.
    fn question(&self, outer: &Question) -> Result<Question, Problem> {
        let is_relative =
            !self.url.contains("://") && !self.url.trim_start_matches('/').starts_with("$batch");
        if !is_relative {
            return Err(Problem::no_such_segment(&[&self.url]));
        }
        let method: Method =
            self.method.to_uppercase().parse().map_err(|_| Problem::method_not_allowed())?;
        let headers = self.headers();
        if self.body.is_some() && !headers.contains_key("content-type") {
            return Err(Problem::bad_request(
                "Write request does not contain Content-Type header or body.",
            ));
        }
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        Ok(outer.inner(method, &self.url, headers, Bytes::from(body)))
    }

    fn headers(&self) -> HeaderMap {
        let header = |(name, value): (&String, &Value)| {
            let name = HeaderName::try_from(name.as_str()).ok()?;
            Some((name, value.as_str()?.parse().ok()?))
        };
        self.headers.iter().filter_map(header).collect()
    }
}

fn shown(id: &str, reply: Reply) -> Value {
    let headers: Map<String, Value> = reply
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    json!({"id": id, "status": reply.status.as_u16(), "headers": headers, "body": reply.body})
}
