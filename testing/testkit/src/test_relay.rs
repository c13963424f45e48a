//! A relay before its imitated product, at a standing time, and somebody who asks it.
//!
//! A relay's tests give the product, the settings and the claims; what they send and read is the
//! same for all.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use jiff::Timestamp;
use relay_core::{Clock, Environment, Gateway, Incoming, Relay, Resolver, Service, SystemResolver};
use sandbox::{Call, Sandbox};
use serde_json::{Value, json};

use crate::token::{SECRET, Token};

mod names;
mod reading;

pub use names::Names;
pub use reading::{assert_valid, assert_valid_free_edges, codes, count, docs, message};

/// How long a caller waits.
const PATIENCE: Duration = Duration::from_secs(25);

/// One service, one imitated product, and the claims of the usual caller.
pub struct TestRelay<R> {
    /// The product.
    pub sandbox: Sandbox,
    /// The relay.
    pub service: Service<R>,
    /// The relay's clock; stands until a test moves it.
    pub clock: Clock,
    claims: Value,
}

impl<R: Relay> TestRelay<R> {
    /// Sets the relay before its product; `settings` lead the one to the other.
    ///
    /// # Panics
    ///
    /// When the relay cannot use the settings.
    pub async fn open(
        sandbox: Sandbox,
        settings: Environment,
        now: Timestamp,
        claims: Value,
    ) -> Self {
        Self::resolving(sandbox, settings, now, claims, Arc::new(SystemResolver)).await
    }

    /// The same, with a resolver of the test's own.
    ///
    /// # Panics
    ///
    /// When the relay cannot use the settings.
    pub async fn resolving(
        sandbox: Sandbox,
        settings: Environment,
        now: Timestamp,
        claims: Value,
        lookup: Arc<dyn Resolver>,
    ) -> Self {
        let clock = Clock::fixed(now);
        let service = Service::with(&settings, clock.clone(), lookup).await;
        Self { sandbox, service: service.expect("settings that can be used"), clock, claims }
    }

    /// What the usual caller is answered.
    ///
    /// # Panics
    ///
    /// As [`send_within`](Self::send_within).
    pub async fn ask(&self, path: &str, body: &Value) -> Value {
        self.ask_with(self.claims.clone(), path, body).await
    }

    /// What a caller with these claims is answered.
    ///
    /// # Panics
    ///
    /// As [`send_within`](Self::send_within).
    pub async fn ask_with(&self, claims: Value, path: &str, body: &Value) -> Value {
        self.send(&bearer(claims), path, &body.to_string()).await
    }

    /// What is answered to any `Authorization` and any body.
    ///
    /// # Panics
    ///
    /// As [`send_within`](Self::send_within).
    pub async fn send(&self, authorization: &str, path: &str, body: &str) -> Value {
        self.send_within(PATIENCE, authorization, path, body).await
    }

    /// The same, when the caller waits no longer than this.
    ///
    /// # Panics
    ///
    /// When the answer's status is not 200, or its body no JSON.
    pub async fn send_within(
        &self,
        time: Duration,
        authorization: &str,
        path: &str,
        body: &str,
    ) -> Value {
        let authorization = HeaderValue::try_from(authorization).expect("a header's value");
        let incoming = Incoming {
            method: Method::POST,
            path: path.to_owned(),
            headers: HeaderMap::from_iter([(AUTHORIZATION, authorization)]),
            body: body.to_owned().into(),
            gateway: Gateway {
                base_urls: vec!["https://relay.example".to_owned()],
                ..Gateway::default()
            },
            request_id: "request-1".to_owned(),
            deadline: tokio::time::Instant::now() + time,
        };
        let outgoing = self.service.answer(incoming).await;
        assert_eq!(outgoing.status, 200);
        serde_json::from_str(&outgoing.body).expect("every answer is JSON")
    }

    /// The calls that reached the product and are wanted, in order of arrival.
    pub fn calls_where(&self, wanted: impl Fn(&Call) -> bool) -> Vec<Call> {
        self.sandbox.calls().into_iter().filter(wanted).collect()
    }
}

/// The shared secret, what a relay usually needs, and a test's further settings, which win.
pub fn settings<'a, V: Into<String>>(
    usual: impl IntoIterator<Item = (&'a str, V)>,
    further: &[(&str, &str)],
) -> Environment {
    let usual = Environment::of(usual).with("SECRET_KEY", SECRET);
    further.iter().fold(usual, |all, (name, value)| all.with(*name, *value))
}

/// `Bearer` and a token with these claims, under the shared secret.
pub fn bearer(claims: Value) -> String {
    format!("Bearer {}", Token::new().claims(claims).hs256(SECRET.as_bytes()))
}

/// The question about one observable.
pub fn one(kind: &str, value: &str) -> Value {
    many(&[(kind, value)])
}

/// The question about these types and values.
pub fn many(asked: &[(&str, &str)]) -> Value {
    asked.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect()
}
