//! The relay in front of its simulator, called by Contoso's application.

use std::{ops::Deref, time::Duration};

use defender_atp::DefenderAtp;
use http::header::AUTHORIZATION;
use relay_core::Route;
use sandbox::{
    Call,
    identity::{App, Tenant, app, tenant},
};
use serde_json::{Value, json};
use testkit::{
    Answer, TestRequest,
    token::{SECRET, Token},
};

pub(crate) const OBSERVE: &str = "/observe/observables";
pub(crate) const REFER: &str = "/refer/observables";
pub(crate) const RESPOND: &str = "/respond/observables";
pub(crate) const TRIGGER: &str = "/respond/trigger";

pub(crate) const TOKEN: &str = "/oauth2/v2.0/token";
pub(crate) const HUNT: &str = "/v1.0/security/runHuntingQuery";
pub(crate) const OWN_HUNT: &str = "/api/advancedqueries/run";

pub(crate) struct TestRelay(testkit::TestRelay<DefenderAtp>);

impl Deref for TestRelay {
    type Target = testkit::TestRelay<DefenderAtp>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// Starts a relay with further settings, which win over the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        // Counts are those of alerts and events; `reputations` turns the others on.
        let start = testkit::TestRelay::start().with(&[("MICROSOFT_REPUTATION", "off")]);
        Self(start.with(settings).await.with_claims(contoso()))
    }

    /// Asks about observables for Contoso.
    pub(crate) async fn observe(&self, observables: &Value) -> Answer {
        self.ask(OBSERVE, observables).await
    }

    pub(crate) async fn observe_for(
        &self,
        app: &App,
        tenant: &Tenant,
        observables: &Value,
    ) -> Answer {
        self.ask_with(claims(app, tenant), OBSERVE, observables).await
    }

    pub(crate) async fn actions(&self, observables: &Value) -> Answer {
        self.ask(RESPOND, observables).await
    }

    /// Triggers an action for Contoso with the application that may do everything.
    pub(crate) async fn trigger(&self, action: &str, kind: &str, value: &str) -> Answer {
        self.trigger_with(contoso(), &trigger(action, kind, value)).await
    }

    pub(crate) async fn trigger_with(&self, claims: Value, body: &Value) -> Answer {
        self.ask_with(claims, TRIGGER, body).await
    }

    pub(crate) async fn health(&self, app: &App, tenant: &Tenant) -> Answer {
        self.ask_with(claims(app, tenant), "/health", &json!({})).await
    }

    /// Sends a body for Contoso.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Answer {
        self.ask_with(contoso(), path, body).await
    }

    pub(crate) async fn ask_with(&self, claims: Value, path: &str, body: &Value) -> Answer {
        self.answer(request(path).claims(claims).json(body)).await
    }

    /// Sends any `Authorization` and any body.
    pub(crate) async fn send(&self, authorization: &str, path: &str, body: &str) -> Answer {
        let request = request(path).header(AUTHORIZATION, authorization);
        self.answer(request.body(body.to_owned())).await
    }

    /// Sends a request of a caller who waits no longer than this.
    pub(crate) async fn send_within(
        &self,
        timeout: Duration,
        authorization: &str,
        path: &str,
        body: &str,
    ) -> Answer {
        let request = request(path).header(AUTHORIZATION, authorization).within(timeout);
        self.answer(request.body(body.to_owned())).await
    }

    async fn answer(&self, request: TestRequest) -> Answer {
        let answer = self.0.send(request).await;
        assert_eq!(answer.status, 200);
        answer
    }

    /// The requests whose path begins so, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.calls_to(path)
    }

    /// The requests to the product: all but logins. Method, path, and decoded query.
    pub(crate) fn product_calls(&self) -> Vec<String> {
        self.calls_where(|call| !call.path.ends_with(TOKEN)).iter().map(line).collect()
    }
}

/// A request to a path, whatever stands before or behind the route.
fn request(path: &str) -> TestRequest {
    let known = Route::ALL.iter().find(|(.., known)| path.contains(known));
    let (route, ..) = known.expect("a route");
    TestRequest::bare(*route).path(path)
}

/// `GET /api/alerts?$top=1`, with the query decoded.
pub(crate) fn line(call: &Call) -> String {
    let query = percent_encoding::percent_decode_str(&call.query).decode_utf8_lossy();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{query}", call.method, call.path)
}

pub(crate) fn claims(app: &App, tenant: &Tenant) -> Value {
    app.claims("client_id", tenant)
}

/// The main tenant, and the application that may do everything.
pub(crate) fn contoso() -> Value {
    claims(&app::DEFENDER, &tenant::CONTOSO)
}

/// An `Authorization` header with these claims.
pub(crate) fn bearer(claims: Value) -> String {
    format!("Bearer {}", Token::new().claims(claims).hs256(SECRET.as_bytes()))
}

pub(crate) fn trigger(action: &str, kind: &str, value: &str) -> Value {
    json!({
        "action-id": format!("microsoft-defender-{action}"),
        "observable_type": kind,
        "observable_value": value,
    })
}

/// One observable.
pub(crate) fn one(kind: &str, value: &str) -> Value {
    many(&[(kind, value)])
}

/// Several observables.
pub(crate) fn many(observables: &[(&str, &str)]) -> Value {
    observables.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect()
}

/// The alert behind each sighting; `-` for events.
pub(crate) fn alert_ids(answer: &Answer) -> Vec<&str> {
    let ids = answer.every("sightings", "/external_ids/0").into_iter();
    ids.map(|id| id.as_str().unwrap_or("-")).collect()
}
