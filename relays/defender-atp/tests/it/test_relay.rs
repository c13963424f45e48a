//! Where the tests ask: one service, one sandbox, tokens that fit.

use std::ops::Deref;

use defender_atp::DefenderAtp;
use sandbox::{
    Call, Product, Sandbox,
    identity::{App, Tenant, app, tenant},
};
use serde_json::{Value, json};
pub(crate) use testkit::test_relay::{assert_valid, bearer, codes, many, message, one};
use testkit::{
    ctim::Route,
    test_relay::{self, docs, settings},
};

pub(crate) const OBSERVE: &str = "/observe/observables";
pub(crate) const REFER: &str = "/refer/observables";
pub(crate) const RESPOND: &str = "/respond/observables";
pub(crate) const TRIGGER: &str = "/respond/trigger";

pub(crate) const TOKEN: &str = "/oauth2/v2.0/token";
pub(crate) const HUNT: &str = "/v1.0/security/runHuntingQuery";
pub(crate) const OWN_HUNT: &str = "/api/advancedqueries/run";

pub(crate) struct TestRelay(test_relay::TestRelay<DefenderAtp>);

impl Deref for TestRelay {
    type Target = test_relay::TestRelay<DefenderAtp>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings; they win over the usual ones.
    pub(crate) async fn with(further: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::start(Product::DefenderAtp).await.unwrap();
        let usual = ["DEFENDER_API_BASE", "GRAPH_BASE_URL", "LOGIN_BASE_URL"];
        let settings = settings(usual.map(|name| (name, sandbox.url())), further);
        let now = "2026-10-31T09:00:00Z".parse().unwrap();
        Self(test_relay::TestRelay::open(sandbox, settings, now, contoso()).await)
    }

    /// Asks about observables for Contoso; the answer must be valid CTIM.
    pub(crate) async fn observe(&self, observables: &Value) -> Value {
        self.observe_for(&app::DEFENDER, &tenant::CONTOSO, observables).await
    }

    pub(crate) async fn observe_for(&self, app: &App, tenant: &Tenant, observables: &Value) -> Value {
        let answer = self.ask_with(claims(app, tenant), OBSERVE, observables).await;
        assert_valid(Route::Observe, observables, &answer, 1000);
        answer
    }

    pub(crate) async fn actions(&self, observables: &Value) -> Value {
        let answer = self.ask(RESPOND, observables).await;
        assert_valid(Route::Respond, observables, &answer, 1000);
        answer
    }

    /// Triggers an action for Contoso with the app that may do everything.
    pub(crate) async fn trigger(&self, action: &str, kind: &str, value: &str) -> Value {
        self.trigger_with(contoso(), &trigger(action, kind, value)).await
    }

    pub(crate) async fn trigger_with(&self, claims: Value, body: &Value) -> Value {
        let answer = self.ask_with(claims, TRIGGER, body).await;
        assert_valid(Route::Trigger, &json!([]), &answer, 1000);
        answer
    }

    pub(crate) async fn health(&self, app: &App, tenant: &Tenant) -> Value {
        self.ask_with(claims(app, tenant), "/health", &json!({})).await
    }

    /// The calls whose path begins so, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.calls_where(|call| call.path.starts_with(path))
    }

    /// The calls to the product: all but logins. Method, path, and decoded query.
    pub(crate) fn product_calls(&self) -> Vec<String> {
        self.calls_where(|call| !call.path.ends_with(TOKEN)).iter().map(line).collect()
    }
}

/// `GET /api/alerts?$top=1`, with the query decoded.
pub(crate) fn line(call: &Call) -> String {
    let query = percent_encoding::percent_decode_str(&call.query).decode_utf8_lossy();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{query}", call.method, call.path)
}

pub(crate) fn claims(app: &App, tenant: &Tenant) -> Value {
    json!({"client_id": app.id, "tenant_id": tenant.id, "client_secret": app.secret})
}

/// The main tenant, and the app that may do everything.
pub(crate) fn contoso() -> Value {
    claims(&app::DEFENDER, &tenant::CONTOSO)
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
    docs(answer, "sightings")
}

/// The alert behind each sighting of one; `-` for events.
pub(crate) fn alert_ids(answer: &Value) -> Vec<&str> {
    sightings(answer).iter().map(|it| it["external_ids"][0].as_str().unwrap_or("-")).collect()
}
