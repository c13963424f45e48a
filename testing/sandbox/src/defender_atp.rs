//! The Microsoft Defender for Endpoint API below `/api` and `/api/v1.0`, and the two services that belong
//! to it: the token endpoint, and Graph's security API below `/v1.0`, whose hunting knows Defender's tables.
//!
//! The tenant of the token decides what a caller sees ([`identity::tenant`]). Machine actions and indicators
//! have state; the call limits are the published ones.

mod access;
mod alerts;
mod clock;
mod files;
pub(crate) mod fixture;
mod hunting;
mod indicators;
mod limits;
mod machine_actions;
mod machines;
mod odata;
mod problem;
mod records;
mod respond;
pub mod sample;
mod subject;
mod tenant;

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, post},
};
use http::StatusCode;

use self::{access::Gate, clock::Clock, limits::Limits, problem::Problem, tenant::Tenant};
use crate::{
    graph_security,
    identity::{self, Identity},
};

/// What all calls to one sandbox share.
#[derive(Debug)]
struct Service {
    identity: Identity,
    clock: Clock,
    limits: Limits,
    tenants: Vec<Tenant>,
}

impl Service {
    /// # Errors
    ///
    /// The parser's error when the built-in data is damaged.
    fn new(identity: Identity) -> serde_json::Result<Self> {
        let tenants =
            identity::tenant::ALL.into_iter().map(Tenant::new).collect::<Result<_, _>>()?;
        Ok(Self { identity, clock: Clock::start(), limits: Limits::default(), tenants })
    }

    fn tenant(&self, id: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }
}

/// The product's routes over fresh data, with the token endpoint and Graph's security API.
pub(crate) fn router() -> Router {
    let identity = Identity::new();
    match Service::new(identity.clone()) {
        Ok(service) => routes(&Arc::new(service)).merge(identity.routes()),
        Err(damage) => {
            Router::new().fallback((StatusCode::INTERNAL_SERVER_ERROR, damage.to_string()))
        }
    }
}

fn routes(service: &Arc<Service>) -> Router {
    let api = || api().with_state(Arc::clone(service));
    let graph = graph_security::routes(service.identity.clone(), {
        let service = Arc::clone(service);
        move |tenant, tables| match service.tenant(tenant.id) {
            Some(tenant) => hunting::graph_tables(&tenant.records, tables),
            None => tables,
        }
    });
    Router::new().nest("/api/v1.0", api()).nest("/api", api()).merge(graph)
}

fn api() -> Router<Arc<Service>> {
    Router::new()
        .route("/alerts", get(alerts::list))
        .route("/alerts/{id}", get(alerts::one))
        .route("/files/{hash}", get(files::profile))
        .route("/files/{hash}/alerts", get(alerts::of_file))
        .route("/ips/{ip}/alerts", get(alerts::of_ip))
        .route("/domains/{domain}/alerts", get(alerts::of_domain))
        .route("/machines", get(machines::list))
        .route("/machines/{id}", get(machines::one))
        .route("/machines/{id}/availableMachineActions", get(machines::available_actions))
        .route("/machines/{id}/machineactions", get(respond::of_machine))
        .route("/machines/{id}/startInvestigation", post(respond::investigate))
        .route("/machines/{id}/{verb}", post(respond::start))
        .route("/machineactions", get(respond::list))
        .route("/machineactions/{id}", get(respond::one))
        .route("/indicators", get(indicators::list).post(indicators::submit))
        .route("/indicators/{id}", delete(indicators::remove))
        .route("/advancedqueries/run", post(hunting::run))
        .fallback(nowhere)
}

/// An address that the API does not have; also a retired one.
async fn nowhere(gate: Gate) -> Problem {
    match gate.known() {
        Ok(_) => Problem::new(StatusCode::NOT_FOUND, "NotFound", "There is no such address."),
        Err(problem) => problem,
    }
}
