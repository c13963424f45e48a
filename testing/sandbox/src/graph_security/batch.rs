//! `$batch`: page "Combine multiple HTTP requests using JSON batching".

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Graph,
    request::GraphRequest,
    response::{GraphError, GraphResponse},
};
use crate::identity::Grant;

const MAX_REQUESTS: usize = 20;

#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<InnerRequest>,
}

#[derive(Debug, Deserialize)]
struct InnerRequest {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Value>,
}

/// Answers every request on its own, the last one first: the order is not promised.
pub(super) fn run(
    graph: &Graph,
    grant: &Grant,
    request: &GraphRequest,
) -> Result<GraphResponse, GraphError> {
    let batch: Value = request.json()?;
    let batch: Batch = serde_json::from_value(batch)
        .map_err(|_| GraphError::bad_request("Invalid batch payload format."))?;
    check(&batch.requests)?;
    let answer = |inner: &InnerRequest| {
        let outcome = inner.read(request).and_then(|request| graph.answer(grant, &request));
        shown(&inner.id, graph.response(outcome))
    };
    let responses: Vec<Value> = batch.requests.iter().rev().map(answer).collect();
    Ok(GraphResponse::ok(json!({"responses": responses})))
}

fn check(requests: &[InnerRequest]) -> Result<(), GraphError> {
    if requests.len() > MAX_REQUESTS {
        return Err(GraphError::bad_request(format!(
            "Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}."
        )));
    }
    let mut ids = BTreeSet::new();
    match requests.iter().find(|inner| !ids.insert(inner.id.to_lowercase())) {
        None => Ok(()),
        Some(InnerRequest { id, .. }) => {
            Err(GraphError::bad_request(format!("Request Id {id} has to be unique in a batch.")))
        }
    }
}

impl InnerRequest {
    /// The request it stands for. A batch in a batch and absolute URLs are no resources.
    fn read(&self, outer: &GraphRequest) -> Result<GraphRequest, GraphError> {
        let is_batch = self.url.trim_start_matches('/').starts_with("$batch");
        if is_batch || self.url.contains("://") {
            return Err(GraphError::no_such_segment(&[&self.url]));
        }
        let method: Result<Method, _> = self.method.to_uppercase().parse();
        let method = method.map_err(|_| GraphError::method_not_allowed())?;
        let headers = self.headers();
        if self.body.is_some() && !headers.contains_key("content-type") {
            return Err(GraphError::bad_request(
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

fn shown(id: &str, response: GraphResponse) -> Value {
    let GraphResponse { status, headers, body } = response;
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    let headers: Map<String, Value> = headers.collect();
    json!({"id": id, "status": status.as_u16(), "headers": headers, "body": body})
}
