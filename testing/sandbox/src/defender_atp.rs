//! The Microsoft Defender for Endpoint API below `/api` and `/api/v1.0`, and the two services that belong
//! to it: the token endpoint, and Graph's security API below `/v1.0`, whose hunting knows Defender's tables.
//!
//! The tenant of the token decides what a caller sees ([`identity::tenant`]). Machine actions and indicators
//! have state; the call limits are the published ones.

mod access;
mod alerts;
mod entity;
mod error;
mod files;
pub(crate) mod fixture;
mod hunting;
mod indicators;
pub(crate) mod limits;
mod list;
mod machine_actions;
mod machines;
mod records;
mod respond;
pub mod sample;
mod tenant;

use std::sync::Arc;

use axum::{
    Router,
    routing::{delete, get, post},
};
use http::StatusCode;
use jiff::Timestamp;

use self::{access::Gate, error::DefenderError, tenant::DefenderTenant};
use crate::{
    clock::Clock,
    graph_security,
    identity::{self, CallLimits, Identity, NOW},
};

/// What all requests to one sandbox share.
#[derive(Debug)]
struct Service {
    identity: Identity,
    clock: Clock,
    limits: CallLimits,
    tenants: Vec<DefenderTenant>,
}

impl Service {
    /// Errors: the parser's, when the built-in data is damaged.
    fn new(identity: Identity) -> serde_json::Result<Self> {
        let tenants = identity::tenant::ALL.into_iter().map(DefenderTenant::new);
        Ok(Self {
            identity,
            clock: Clock::starting_at(NOW),
            limits: CallLimits::default(),
            tenants: tenants.collect::<Result<_, _>>()?,
        })
    }

    fn tenant(&self, id: &str) -> Option<&DefenderTenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }
}

/// The product's routes over fresh data, with the token endpoint and Graph's security API; they start at [`NOW`].
pub(crate) fn router(_: Timestamp) -> Router {
    let identity = Identity::default();
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
        .fallback(unknown_address)
}

/// The response on an address that the API does not have; also of a retired API.
async fn unknown_address(gate: Gate) -> DefenderError {
    let error = DefenderError::new(StatusCode::NOT_FOUND, "NotFound", "There is no such address.");
    gate.caller().err().unwrap_or(error)
}
