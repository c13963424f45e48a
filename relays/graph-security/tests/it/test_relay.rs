//! Where the tests ask: one service, one sandbox, tokens that fit.

use std::ops::Deref;

use graph_security::GraphSecurity;
use sandbox::{
    Call, Product, Sandbox,
    identity::{App, Tenant, app, tenant},
};
use serde_json::{Value, json};
pub(crate) use testkit::test_relay::{bearer, codes, message, one};
use testkit::{
    ctim::Route,
    test_relay::{self, docs, settings},
};

pub(crate) const OBSERVE: &str = "/observe/observables";
pub(crate) const BATCH: &str = "/v1.0/$batch";
pub(crate) const HUNT: &str = "/v1.0/security/runHuntingQuery";

/// An address that alerts of both tenants know.
pub(crate) const ADDRESS: &str = "203.0.113.80";
/// A file that alerts of both tenants know.
pub(crate) const SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";
pub(crate) const MD5: &str = "4ba6f130e938be6ea62a98d8d655f8ec";

pub(crate) struct TestRelay(test_relay::TestRelay<GraphSecurity>);

impl Deref for TestRelay {
    type Target = test_relay::TestRelay<GraphSecurity>;

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
        let sandbox = Sandbox::start(Product::GraphSecurity).await.unwrap();
        let usual = ["GRAPH_BASE_URL", "LOGIN_BASE_URL"].map(|name| (name, sandbox.url()));
        let settings = settings(usual, further);
        let now = "2026-10-31T09:00:00Z".parse().unwrap();
        Self(test_relay::TestRelay::open(sandbox, settings, now, contoso()).await)
    }

    /// Asks about observables for Contoso; the answer must be valid CTIM.
    pub(crate) async fn observe(&self, wanted: &Value) -> Value {
        self.observe_for(&tenant::CONTOSO, wanted).await
    }

    pub(crate) async fn observe_for(&self, tenant: &Tenant, wanted: &Value) -> Value {
        let answer = self.ask_with(claims(&app::GRAPH, tenant), OBSERVE, wanted).await;
        assert_valid(wanted, &answer, 1000);
        answer
    }

    pub(crate) async fn health(&self, app: &App, tenant: &Tenant) -> Value {
        self.ask_with(claims(app, tenant), "/health", &json!({})).await
    }

    /// The calls whose path ends so, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.calls_where(|call| call.path.ends_with(path))
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
    test_relay::assert_valid(Route::Observe, wanted, answer, limit);
}

pub(crate) fn claims(app: &App, tenant: &Tenant) -> Value {
    json!({"application_id": app.id, "tenant_id": tenant.id, "client_secret": app.secret})
}

/// The main tenant, and the app that may do everything.
pub(crate) fn contoso() -> Value {
    claims(&app::GRAPH, &tenant::CONTOSO)
}

/// The sightings of an answer.
pub(crate) fn sightings(answer: &Value) -> &[Value] {
    docs(answer, "sightings")
}

/// The product's id of the alert behind each sighting.
pub(crate) fn alert_ids(answer: &Value) -> Vec<&str> {
    sightings(answer).iter().map(|it| it["external_ids"][0].as_str().unwrap()).collect()
}
