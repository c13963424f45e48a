//! The relay in front of the simulator, called for Contoso, whose requests are counted.

use std::ops::Deref;

use graph_security::GraphSecurity;
use relay_core::Route;
use sandbox::{
    Call,
    identity::{App, Tenant, app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;

pub(crate) const BATCH: &str = "/v1.0/$batch";
pub(crate) const HUNT: &str = "/v1.0/security/runHuntingQuery";
const LOGIN: &str = "/oauth2/v2.0/token";

/// An address in alerts of several tenants.
pub(crate) const ADDRESS: &str = "203.0.113.80";
/// A file in alerts of several tenants.
pub(crate) const SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";
pub(crate) const MD5: &str = "4ba6f130e938be6ea62a98d8d655f8ec";

/// The usual caller is Contoso, which has quotas, and an application that may do everything.
pub(crate) struct TestRelay(testkit::TestRelay<GraphSecurity>);

impl Deref for TestRelay {
    type Target = testkit::TestRelay<GraphSecurity>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestRelay {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        // Counts are those of the alerts; `reputations` turns the others on.
        let start = testkit::TestRelay::start().with(&[("MICROSOFT_REPUTATION", "off")]);
        let relay = start.with(settings).await;
        Self(relay.with_claims(contoso()))
    }

    pub(crate) async fn observe(&self, observables: &Value) -> Answer {
        self.ask(Route::Observe, observables).await
    }

    pub(crate) async fn observe_for(&self, tenant: &Tenant, observables: &Value) -> Answer {
        self.observe_with(claims(&app::GRAPH, tenant), observables).await
    }

    pub(crate) async fn observe_with(&self, claims: Value, observables: &Value) -> Answer {
        self.with_claims(claims).ask(Route::Observe, observables).await
    }

    pub(crate) async fn health_of(&self, app: &App, tenant: &Tenant) -> Answer {
        self.with_claims(claims(app, tenant)).health().await
    }

    /// The requests whose path ends like this, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.calls_where(|call| call.path.ends_with(path))
    }

    /// The numbers of logins, batches and hunting queries.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [LOGIN, BATCH, HUNT].map(|path| self.calls(path).len())
    }
}

/// The URLs of the requests inside a batch.
pub(crate) fn inner_urls(batch: &Call) -> Vec<String> {
    let body = batch.json().unwrap();
    let requests = body["requests"].as_array().unwrap();
    requests.iter().map(|request| request["url"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn claims(app: &App, tenant: &Tenant) -> Value {
    app.claims("application_id", tenant)
}

pub(crate) fn contoso() -> Value {
    claims(&app::GRAPH, &tenant::CONTOSO)
}

/// The body of a request about one observable.
pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}

pub(crate) fn sightings(answer: &Answer) -> &[Value] {
    answer.docs("sightings")
}

/// The product's id of the alert behind each sighting.
pub(crate) fn alert_ids(answer: &Answer) -> Vec<&str> {
    let ids = answer.every("sightings", "/external_ids/0").into_iter();
    ids.map(|id| id.as_str().unwrap()).collect()
}
