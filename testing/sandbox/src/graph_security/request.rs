//! One request to Graph, alone or inside a batch.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::response::GraphError;
use crate::odata::Options;

#[derive(Debug)]
pub(super) struct GraphRequest {
    pub(super) method: Method,
    /// After `/v1.0`, still percent-encoded.
    path: String,
    /// After `?`, still percent-encoded.
    query: String,
    pub(super) headers: HeaderMap,
    body: Bytes,
    /// Scheme, host and port under which the caller reached Graph.
    origin: String,
}

impl GraphRequest {
    pub(super) fn read(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let origin = format!("http://{}", host.unwrap_or("graph.microsoft.com"));
        let path = uri.path().trim_start_matches("/v1.0").to_owned();
        let query = uri.query().unwrap_or_default().to_owned();
        Self { method, path, query, headers, body, origin }
    }

    /// A request inside the batch that this request is.
    pub(super) fn inner(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { method, path, query, headers, body, origin: self.origin.clone() }
    }

    /// The decoded parts of the path. Names are lower-cased, because Graph takes them in any case;
    /// ids (everything after the second part) stay as they are.
    pub(super) fn segments(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        let decoded = parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
        decoded
            .enumerate()
            .map(|(at, part)| if at < 2 { part.to_lowercase() } else { part })
            .collect()
    }

    /// The query options that both lists of alerts take.
    pub(super) fn options(&self) -> Result<Options, GraphError> {
        let allowed = ["$filter", "$top", "$skip", "$skiptoken", "$count"];
        Options::read(&self.query, &allowed).map_err(GraphError::bad_request)
    }

    /// The same resource with another query, as an absolute URL.
    pub(super) fn link(&self, query: &str) -> String {
        format!("{}/v1.0/{}?{query}", self.origin, self.path.trim_start_matches('/'))
    }

    /// The URL of a type in the metadata document.
    pub(super) fn context(&self, name: &str) -> String {
        format!("{}/v1.0/$metadata#{name}", self.origin)
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body, which must be JSON and be declared as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, GraphError> {
        let is_json = self.header("content-type").starts_with("application/json");
        let body = is_json.then(|| serde_json::from_slice(&self.body).ok()).flatten();
        body.ok_or_else(|| GraphError::bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        ))
    }
}
