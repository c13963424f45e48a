//! A relay in front of an imitated MISP: whatever it answers is valid CTIM, or the test fails.

pub(crate) mod answer;
pub(crate) mod listener;
pub(crate) mod responses;
pub(crate) mod tls;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use misp::Misp;
use relay_core::{
    BadSetting, Clock, Environment, Service,
    auth::Gateway,
    http::{Resolver, SystemResolver},
    service::{Incoming, Outgoing},
};
use sandbox::{
    Product, Sandbox,
    misp::{API_KEY, URLSCAN_API_KEY},
};
use serde_json::{Value, json};
use testkit::{
    ctim::{Asked, Finding, Route, Severity, check_text},
    token::{SECRET, Token},
};
use tokio::time::Instant;

use crate::test_relay::answer::Answer;

/// When every call of these tests is made.
pub(crate) const NOW: &str = "2026-03-03T10:00:00Z";

/// A fresh imitation.
pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::start_at(Product::Misp, NOW.parse().unwrap()).await.unwrap()
}

/// One caller of a service; [`claiming`](Self::claiming) makes another caller of the same one.
#[derive(Clone)]
pub(crate) struct Relay {
    service: Arc<Service<Misp>>,
    claims: Value,
    patience: Duration,
}

impl Relay {
    /// A relay whose operator set `settings`, called with the analyst's key.
    pub(crate) async fn set_up(
        settings: &[(&str, &str)],
        lookup: Arc<dyn Resolver>,
    ) -> Result<Self, BadSetting> {
        let environment = Environment::of(settings.iter().copied()).with("SECRET_KEY", SECRET);
        let clock = Clock::standing_at(NOW.parse().unwrap());
        Ok(Self {
            service: Arc::new(Service::with(&environment, clock, lookup).await?),
            claims: json!({"AuthKey": API_KEY}),
            patience: Duration::from_secs(20),
        })
    }

    /// A relay that the operator pointed at the imitation, with further settings.
    pub(crate) async fn with(sandbox: &Sandbox, settings: &[(&str, &str)]) -> Self {
        let urlscan = format!("{}/urlscan/api/v1", sandbox.url());
        let places = [("API_URL", sandbox.url()), ("URLSCAN_API_URL", &urlscan)];
        let settings = [&places[..], settings].concat();
        Self::set_up(&settings, Arc::new(SystemResolver)).await.unwrap()
    }

    /// A relay that the operator pointed at the imitation.
    pub(crate) async fn before(sandbox: &Sandbox) -> Self {
        Self::with(sandbox, &[]).await
    }

    /// The same service, called with one more claim.
    pub(crate) fn claiming(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut relay = self.clone();
        relay.claims[name] = value.into();
        relay
    }

    /// The same service, called with other claims.
    pub(crate) fn claiming_only(&self, claims: Value) -> Self {
        Self { claims, ..self.clone() }
    }

    /// The same service, called with the right to scan.
    pub(crate) fn with_urlscan(&self) -> Self {
        self.claiming("URLSCAN_API_KEY", URLSCAN_API_KEY)
    }

    /// The same service, whose product calls must end after this time.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    pub(crate) async fn health(&self) -> Answer {
        self.ask(Route::Health, &Value::Null).await
    }

    pub(crate) async fn observe(&self, asked: &[(&str, &str)]) -> Answer {
        self.ask(Route::Observe, &body(asked)).await
    }

    pub(crate) async fn deliberate(&self, asked: &[(&str, &str)]) -> Answer {
        self.ask(Route::Deliberate, &body(asked)).await
    }

    pub(crate) async fn refer(&self, asked: &[(&str, &str)]) -> Answer {
        self.ask(Route::Refer, &body(asked)).await
    }

    pub(crate) async fn respond(&self, asked: &[(&str, &str)]) -> Answer {
        self.ask(Route::Respond, &body(asked)).await
    }

    pub(crate) async fn trigger(&self, action_id: &str, kind: &str, value: &str) -> Answer {
        let body =
            json!({"action-id": action_id, "observable_type": kind, "observable_value": value});
        self.ask(Route::Trigger, &body).await
    }

    /// What the relay answers on this route, after the checks that hold for every answer.
    pub(crate) async fn ask(&self, route: Route, body: &Value) -> Answer {
        let outgoing = self.service.answer(self.incoming(route, body)).await;
        assert_eq!(outgoing.status, 200);
        assert_valid(route, &outgoing, body);
        let answer = Answer::read(&outgoing.body);
        let failures = answer.messages().filter(|text| text.contains("report request id")).count();
        assert_eq!(failures, 0, "the relay panicked over {body}");
        answer
    }

    fn incoming(&self, route: Route, body: &Value) -> Incoming {
        let path = match route {
            Route::Enrich | Route::Observe => "/observe/observables",
            Route::Deliberate => "/deliberate/observables",
            Route::Refer => "/refer/observables",
            Route::Respond => "/respond/observables",
            Route::Trigger => "/respond/trigger",
            Route::Health => "/health",
            Route::Version => "/version",
        };
        let token = Token::new().claims(self.claims.clone()).hs256(SECRET.as_bytes());
        let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
        Incoming {
            method: Method::POST,
            path: path.to_owned(),
            headers: HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]),
            body: Bytes::from(body.to_string()),
            gateway: Gateway::default(),
            request_id: "request-1".to_owned(),
            deadline: Instant::now() + self.patience,
        }
    }
}

/// A body that asks about these types and values.
pub(crate) fn body(asked: &[(&str, &str)]) -> Value {
    asked.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect()
}

/// Fails unless the answer is valid CTIM without warnings, relation names kept on purpose apart.
#[track_caller]
fn assert_valid(route: Route, answer: &Outgoing, asked: &Value) {
    let mut findings = check_text(route, &answer.body, &about(asked));
    findings.retain(|finding| finding.severity != Severity::Accepted && !repeats(finding, asked));
    assert!(findings.is_empty(), "{findings:#?}\n{}", answer.body);
}

/// The question, with types in lower case as answers have them.
fn about(asked: &Value) -> Asked {
    let mut asked = asked.clone();
    for observable in asked.as_array_mut().into_iter().flatten() {
        if let Some(kind) = observable["type"].as_str() {
            observable["type"] = kind.to_lowercase().into();
        }
    }
    Asked::about(&asked)
}

/// An odd value that was asked comes back as it was asked; that is no fault of the answer.
fn repeats(finding: &Finding, asked: &Value) -> bool {
    let values = asked.as_array().into_iter().flatten().map(|one| one["value"].to_string());
    finding.rule == "observable-value"
        && values.into_iter().any(|value| {
            // A long value is cut in the finding.
            let beginning: String = value.chars().take(80).collect();
            finding.text.starts_with(&beginning)
        })
}
