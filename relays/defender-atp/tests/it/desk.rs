//! Where the tests ask: one service, one sandbox, tokens that fit.

use std::{sync::Arc, time::Duration};

use defender_atp::Defender;
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
pub(crate) const REFER: &str = "/refer/observables";
pub(crate) const RESPOND: &str = "/respond/observables";
pub(crate) const TRIGGER: &str = "/respond/trigger";

pub(crate) const TOKEN: &str = "/oauth2/v2.0/token";
pub(crate) const HUNT: &str = "/v1.0/security/runHuntingQuery";
pub(crate) const OWN_HUNT: &str = "/api/advancedqueries/run";

pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) service: Service<Defender>,
    pub(crate) clock: Clock,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings; they win over the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::start(Product::DefenderAtp).await.unwrap();
        let usual = [
            ("SECRET_KEY", SECRET),
            ("DEFENDER_API_BASE", sandbox.url()),
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
        self.observe_for(&app::DEFENDER, &tenant::CONTOSO, wanted).await
    }

    pub(crate) async fn observe_for(&self, app: &App, tenant: &Tenant, wanted: &Value) -> Value {
        let answer = self.ask(claims(app, tenant), OBSERVE, wanted).await;
        assert_valid(Route::Observe, wanted, &answer, 1000);
        answer
    }

    pub(crate) async fn actions(&self, wanted: &Value) -> Value {
        let answer = self.ask(contoso(), RESPOND, wanted).await;
        assert_valid(Route::Respond, wanted, &answer, 1000);
        answer
    }

    /// Triggers an action for Contoso with the app that may do everything.
    pub(crate) async fn trigger(&self, action: &str, kind: &str, value: &str) -> Value {
        self.trigger_with(contoso(), &trigger(action, kind, value)).await
    }

    pub(crate) async fn trigger_with(&self, claims: Value, body: &Value) -> Value {
        let answer = self.ask(claims, TRIGGER, body).await;
        assert_valid(Route::Trigger, &json!([]), &answer, 1000);
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

    /// The calls whose path begins so, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.sandbox.calls().into_iter().filter(|call| call.path.starts_with(path)).collect()
    }

    /// The calls to the product: all but logins. Method, path, and decoded query.
    pub(crate) fn product_calls(&self) -> Vec<String> {
        let calls = self.sandbox.calls().into_iter().filter(|call| !call.path.ends_with(TOKEN));
        calls.map(|call| line(&call)).collect()
    }
}

/// `GET /api/alerts?$top=1`, with the query decoded.
pub(crate) fn line(call: &Call) -> String {
    let query = percent_encoding::percent_decode_str(&call.query).decode_utf8_lossy();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{query}", call.method, call.path)
}

/// The answer is CTIM but for the relation names that are kept on purpose, speaks of what was
/// asked only, and keeps the limit.
#[track_caller]
pub(crate) fn assert_valid(route: Route, wanted: &Value, answer: &Value, limit: usize) {
    let asked = Asked::about(wanted).at_most(limit);
    let wrong: Vec<_> = ctim::check(route, answer, &asked)
        .into_iter()
        .filter(|finding| finding.severity != Severity::Accepted)
        .collect();
    assert_eq!(wrong, [], "{answer:#}");
}

pub(crate) fn bearer(claims: Value) -> String {
    format!("Bearer {}", Token::new().claims(claims).hs256(SECRET.as_bytes()))
}

pub(crate) fn claims(app: &App, tenant: &Tenant) -> Value {
    json!({"client_id": app.id, "tenant_id": tenant.id, "client_secret": app.secret})
}

/// The main tenant, and the app that may do everything.
pub(crate) fn contoso() -> Value {
    claims(&app::DEFENDER, &tenant::CONTOSO)
}

pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}

pub(crate) fn many(asked: &[(&str, &str)]) -> Value {
    asked.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect()
}

pub(crate) fn trigger(action: &str, kind: &str, value: &str) -> Value {
    json!({
        "action-id": format!("microsoft-defender-{action}"),
        "observable_type": kind,
        "observable_value": value,
    })
}

/// The sightings of an answer.
pub(crate) fn sightings(answer: &Value) -> &[Value] {
    answer["data"]["sightings"]["docs"].as_array().map_or(&[][..], Vec::as_slice)
}

/// The alert behind each sighting of one; `-` for events.
pub(crate) fn alert_ids(answer: &Value) -> Vec<&str> {
    sightings(answer).iter().map(|it| it["external_ids"][0].as_str().unwrap_or("-")).collect()
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
