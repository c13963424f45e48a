//! One call to Graph, alone or inside a batch.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::answer::Problem;

/// A call as the endpoints see it.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: Method,
    /// Behind `/v1.0`, still percent-encoded.
    path: String,
    /// Behind `?`, still percent-encoded.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Scheme, host and port under which the caller reached Graph.
    origin: String,
}

impl Question {
    pub(super) fn read(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let origin = format!("http://{}", host.unwrap_or("graph.microsoft.com"));
        let path = uri.path().trim_start_matches("/v1.0").to_owned();
        let query = uri.query().unwrap_or_default().to_owned();
        Self { method, path, query, headers, body, origin }
    }

    /// A call inside the batch that this call is.
    pub(super) fn inner(&self, method: Method, url: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body,
            origin: self.origin.clone(),
        }
    }

    /// The decoded parts of the path. Names are lower-cased, because Graph takes them in any case;
    /// ids (everything behind the second part) stay as they are.
    pub(super) fn segments(&self) -> Vec<String> {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        let decoded = parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
        decoded
            .enumerate()
            .map(|(at, part)| if at < 2 { part.to_lowercase() } else { part })
            .collect()
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

    /// The body, which must be JSON and be called so.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let is_json = self.header("content-type").starts_with("application/json");
        let body = is_json.then(|| serde_json::from_slice(&self.body).ok()).flatten();
        body.ok_or_else(Problem::no_json)
    }
}
