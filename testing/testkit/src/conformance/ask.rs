//! One request to a relay, sound in everything that a rule does not change.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::AUTHORIZATION};
use relay_core::{auth::Gateway, route::Route, service::Incoming};
use serde_json::Value;
use tokio::time::Instant;

use super::{BASE_URL, Question, Subject};
use crate::token::{SECRET, Token};

/// A request under construction.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) route: Route,
    pub(crate) question: Question,
    /// The values of the claims, which may show nowhere.
    pub(crate) claims: Value,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    within: Duration,
}

impl Ask {
    /// A request without token and body.
    pub(crate) fn bare(route: Route) -> Self {
        let (_, method, path) =
            Route::ALL.iter().find(|(known, ..)| *known == route).expect("every route is listed");
        Self {
            route,
            question: Question::default(),
            claims: Value::Null,
            method: method.clone(),
            path: (*path).to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            within: Duration::from_secs(25),
        }
    }

    /// A request of the usual caller about everything that the product knows.
    pub(crate) fn sound<S: Subject>(route: Route) -> Self {
        let ask = Self::bare(route).claims(S::claims());
        match route {
            Route::Trigger => ask.body(unknown_action::<S>().to_string()),
            _ => ask.about(Question::known::<S>()),
        }
    }

    /// Asks about these observables.
    pub(crate) fn about(self, question: Question) -> Self {
        Self { body: question.json().to_string().into(), question, ..self }
    }

    /// Sends these bytes as the body.
    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends a token with these claims, under the shared secret.
    pub(crate) fn claims(self, claims: Value) -> Self {
        let token = Token::new().claims(claims.clone()).hs256(SECRET.as_bytes());
        Self { claims, ..self.token(&token) }
    }

    /// Sends this token.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Sends no token.
    pub(crate) fn without_token(mut self) -> Self {
        self.headers.remove(AUTHORIZATION);
        self
    }

    /// Sets a header.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header's value"));
        self
    }

    /// Adds a second header of this name.
    pub(crate) fn another_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
        self
    }

    /// Calls another path.
    pub(crate) fn path(self, path: String) -> Self {
        Self { path, ..self }
    }

    /// Calls with another method.
    pub(crate) fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Wants the answer within this time.
    pub(crate) fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    pub(crate) fn incoming(&self) -> Incoming {
        Incoming {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            gateway: Gateway { base_urls: vec![BASE_URL.to_owned()], ..Gateway::default() },
            request_id: "request-1".to_owned(),
            deadline: Instant::now() + self.within,
        }
    }
}

/// The body of a trigger for an action that no relay offers.
pub(crate) fn unknown_action<S: Subject>() -> Value {
    let (kind, value) = S::KNOWN[0];
    serde_json::json!({
        "action-id": "no-such-action", "observable_type": kind, "observable_value": value,
    })
}
