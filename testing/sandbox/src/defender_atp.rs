//! The Microsoft Defender for Endpoint API below `/api` and `/api/v1.0`, and the two services that belong
//! to it: the token endpoint, and Graph's security API below `/v1.0`, whose hunting knows Defender's tables.
//!
//! The tenant of the token decides what a caller sees ([`crate::identity::tenant`]). Machine actions and indicators
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

use std::sync::{Arc, OnceLock};

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
    identity::{CallLimits, Identity, NOW, tenant::ALL},
};

/// What all requests to one sandbox share.
#[derive(Debug)]
struct Service {
    identity: Identity,
    clock: Clock,
    limits: CallLimits,
    /// Those of [`ALL`], each made when it first calls.
    tenants: [OnceLock<DefenderTenant>; ALL.len()],
}

impl Service {
    fn new(identity: Identity) -> Self {
        Self {
            identity,
            clock: Clock::starting_at(NOW),
            limits: CallLimits::default(),
            tenants: Default::default(),
        }
    }

    fn tenant(&self, id: &str) -> Option<&DefenderTenant> {
        let at = ALL.iter().position(|tenant| tenant.id == id)?;
        Some(self.tenants[at].get_or_init(|| DefenderTenant::new(ALL[at])))
    }
}

/// The product's routes over fresh data, with the token endpoint and Graph's security API; they start at [`NOW`].
pub(crate) fn router(_: Timestamp) -> Router {
    let identity = Identity::default();
    let service = Service::new(identity.clone());
    routes(&Arc::new(service)).merge(identity.routes())
}

fn routes(service: &Arc<Service>) -> Router {
    let api = || api().with_state(Arc::clone(service));
    let graph = graph_security::routes(service.identity.clone(), {
        let service = Arc::clone(service);
        move |tenant, tables| match service.tenant(tenant.id) {
            Some(tenant) => hunting::graph_tables(tenant.records, tables),
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
