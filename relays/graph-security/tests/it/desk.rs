//! Where the tests ask: one service, one sandbox, tokens that fit.

use std::{sync::Arc, time::Duration};

use graph_security::GraphSecurity;
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use relay_core::{
    Clock, Environment, Service, auth::Gateway, http::SystemLookup, service::Incoming,
};
use relay_sandbox::{
    Call, Product, Sandbox,
    identity::{App, Tenant, app, tenant},
};
use relay_testkit::{
    ctim::{self, Asked, Route, Severity},
    token::{SECRET, Token},
};
use serde_json::{Value, json};

pub(crate) const OBSERVE: &str = "/observe/observables";
pub(crate) const BATCH: &str = "/v1.0/$batch";
pub(crate) const HUNT: &str = "/v1.0/security/runHuntingQuery";

/// An address that alerts of both tenants know.
pub(crate) const ADDRESS: &str = "203.0.113.80";
/// A file that alerts of both tenants know.
pub(crate) const SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";
pub(crate) const MD5: &str = "4ba6f130e938be6ea62a98d8d655f8ec";

pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) service: Service<GraphSecurity>,
    pub(crate) clock: Clock,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings; they win over the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::start(Product::GraphSecurity).await.unwrap();
        let usual = [
            ("SECRET_KEY", SECRET),
            ("GRAPH_BASE_URL", sandbox.url()),
            ("LOGIN_BASE_URL", sandbox.url()),
        ];
        let environment = settings
            .iter()
            .fold(Environment::of(usual), |all, (name, value)| all.with(*name, *value));
        let clock = Clock::standing_at("2026-10-31T09:00:00Z".parse().unwrap());
        let service = Service::with(&environment, clock.clone(), Arc::new(SystemLookup));
        Self { service: service.await.unwrap(), sandbox, clock }
    }

    /// Asks about observables for Contoso; the answer must be valid CTIM.
    pub(crate) async fn observe(&self, wanted: &Value) -> Value {
        self.observe_for(&tenant::CONTOSO, wanted).await
    }

    pub(crate) async fn observe_for(&self, tenant: &Tenant, wanted: &Value) -> Value {
        let answer = self.ask(claims(&app::GRAPH, tenant), OBSERVE, wanted).await;
        assert_valid(wanted, &answer, 1000);
        answer
    }

    pub(crate) async fn health(&self, app: &App, tenant: &Tenant) -> Value {
        self.ask(claims(app, tenant), "/health", &json!({})).await
    }

    pub(crate) async fn ask(&self, claims: Value, path: &str, body: &Value) -> Value {
        self.send(&bearer(claims), path, &body.to_string()).await
    }

    pub(crate) async fn send(&self, authorization: &str, path: &str, body: &str) -> Value {
        self.send_within(Duration::from_secs(25), authorization, path, body).await
    }

    pub(crate) async fn send_within(
        &self,
        time: Duration,
        authorization: &str,
        path: &str,
        body: &str,
    ) -> Value {
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(authorization).unwrap())]);
        let incoming = Incoming {
            method: Method::POST,
            path: path.to_owned(),
            headers,
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
        serde_json::from_str(&outgoing.body).unwrap()
    }

    /// The calls whose path ends so, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.sandbox.calls().into_iter().filter(|call| call.path.ends_with(path)).collect()
    }

    /// How many logins, batches and hunts arrived.
    pub(crate) fn counts(&self) -> [usize; 3] {
        ["/oauth2/v2.0/token", BATCH, HUNT].map(|path| self.calls(path).len())
    }
}

/// The URLs of the requests inside a batch.
pub(crate) fn inner_urls(batch: &Call) -> Vec<String> {
    let body = batch.json().unwrap();
    let requests = body["requests"].as_array().unwrap();
    requests.iter().map(|request| request["url"].as_str().unwrap().to_owned()).collect()
}

/// The answer is CTIM but for the relation names that are kept on purpose, speaks of what was
/// asked only, and keeps the limit.
#[track_caller]
pub(crate) fn assert_valid(wanted: &Value, answer: &Value, limit: usize) {
    let asked = Asked::about(wanted).at_most(limit);
    let wrong: Vec<_> = ctim::check(Route::Observe, answer, &asked)
        .into_iter()
        .filter(|finding| finding.severity != Severity::Accepted)
        .collect();
    assert_eq!(wrong, [], "{answer:#}");
}

pub(crate) fn bearer(claims: Value) -> String {
    format!("Bearer {}", Token::new().claims(claims).hs256(SECRET.as_bytes()))
}

pub(crate) fn claims(app: &App, tenant: &Tenant) -> Value {
    json!({"application_id": app.id, "tenant_id": tenant.id, "client_secret": app.secret})
}

pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}

/// The sightings of an answer.
pub(crate) fn sightings(answer: &Value) -> &[Value] {
    answer["data"]["sightings"]["docs"].as_array().map_or(&[][..], Vec::as_slice)
}

/// The product's id of the alert behind each sighting.
pub(crate) fn alert_ids(answer: &Value) -> Vec<&str> {
    sightings(answer).iter().map(|it| it["external_ids"][0].as_str().unwrap()).collect()
}

/// Type and code of each error.
pub(crate) fn codes(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors
        .iter()
        .map(|error| (error["type"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect()
}

/// The message of the only error.
pub(crate) fn message(answer: &Value) -> &str {
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0]["message"].as_str().unwrap()
}
