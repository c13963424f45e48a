//! One request to a relay, well-formed in everything that a test does not change.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::AUTHORIZATION};
use relay_core::{Gateway, Incoming, Route};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    Observables,
    ctim::Expectation,
    token::{SECRET, Token},
};

/// The URL under which the gateway calls the relay.
pub const BASE_URL: &str = "https://relay.example";
/// The id of every request, which the answer to a panic would name.
pub(crate) const REQUEST_ID: &str = "request-of-a-test";
/// How long a caller waits.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(25);

/// A request under construction. [`TestRelay::request`](crate::TestRelay::request) begins one.
#[derive(Clone, Debug)]
pub struct TestRequest {
    pub(crate) route: Route,
    pub(crate) claims: Value,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    timeout: Duration,
}

impl TestRequest {
    /// A request without token and body.
    pub fn bare(route: Route) -> Self {
        let known = Route::ALL.iter().find(|(known, ..)| *known == route);
        let (_, method, path) = known.expect("every route is listed");
        Self {
            route,
            claims: Value::Null,
            method: method.clone(),
            path: (*path).to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: TIMEOUT,
        }
    }

    /// Is about these observables.
    #[must_use]
    pub fn about(self, observables: impl Into<Observables>) -> Self {
        self.json(&observables.into().json())
    }

    /// Triggers this action.
    #[must_use]
    pub fn action(self, id: &str, (kind, value): (&str, &str)) -> Self {
        self.json(&json!({
            "action-id": id, "observable_type": kind, "observable_value": value,
        }))
    }

    /// Sends this JSON as the body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Sends these bytes as the body.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends a token with these claims, under the shared secret.
    #[must_use]
    pub fn claims(self, claims: Value) -> Self {
        let token = Token::new().claims(claims.clone()).hs256(SECRET.as_bytes());
        Self { claims, ..self.token(&token) }
    }

    /// Sends this token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Sends no token.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.headers.remove(AUTHORIZATION);
        self
    }

    /// Sets a header.
    ///
    /// # Panics
    ///
    /// When the value is none that a header may have.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.insert(name, header_value(value));
        self
    }

    /// Adds another header of this name.
    ///
    /// # Panics
    ///
    /// As [`header`](Self::header).
    #[must_use]
    pub fn another_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.append(name, header_value(value));
        self
    }

    /// Calls another path.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Calls with another method.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Waits so long for the answer.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What the relay's service gets.
    pub fn into_incoming(self) -> Incoming {
        Incoming {
            method: self.method,
            path: self.path,
            headers: self.headers,
            body: self.body,
            gateway: Gateway { base_urls: vec![BASE_URL.to_owned()], ..Gateway::default() },
            request_id: REQUEST_ID.to_owned(),
            deadline: Instant::now() + self.timeout,
            trace: None,
        }
    }

    /// Expects the observables of the body; their types are returned in CTIM's own spelling.
    pub(crate) fn expectation(&self) -> Expectation {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        for observable in body.as_array_mut().into_iter().flatten() {
            if let Some(Value::String(kind)) = observable.get_mut("type") {
                kind.make_ascii_lowercase();
            }
        }
        Expectation::about(&body)
    }
}

fn header_value(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a header's value")
}
