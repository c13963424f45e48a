//! Alerts: the list, one by id, and those about a file, an address or a domain.
//!
//! Pages "List alerts API", "Get alert information by ID API", "Get file-related alerts API",
//! "Get IP related alerts API", "Get domain-related alerts API".

use axum::{Json, extract::Path};
use serde_json::Value;

use super::{
    access::{Api, Caller, Gate},
    entity::{EntityId, invalid_ip},
    error::DefenderError,
    limits,
    list::{self, List, ListQuery},
};

const READERS: &[&str] = &["Alert.Read.All", "Alert.ReadWrite.All"];
const ALERTS: Api = Api { limit: &limits::ALERTS, roles: READERS };
const FILES: Api = Api { limit: &limits::FILES, roles: READERS };
const IPS: Api = Api { limit: &limits::IPS, roles: READERS };
const DOMAINS: Api = Api { limit: &limits::DOMAINS, roles: READERS };

static LIST: List = List {
    context: "Alerts",
    filters: "alertCreationTime lastUpdateTime incidentId investigationId id assignedTo \
              detectionSource lastEventTime status severity category",
    expands: &["evidence"],
};

/// The lists of an entity's alerts know paging only.
static ENTITY_LIST: List = List { context: "Alerts", filters: "", expands: &[] };

pub(super) async fn list(gate: Gate) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&ALERTS)?;
    let query = ListQuery::read(&gate, &LIST)?;
    let alerts = caller.tenant.records.alerts.iter();
    let mut alerts: Vec<Value> = alerts.map(|alert| alert.shown(query.expands())).collect();
    // ISO 8601 texts sort by time; an alert without a time comes last.
    alerts.sort_by_key(|alert| {
        std::cmp::Reverse(alert["alertCreationTime"].as_str().map(str::to_owned))
    });
    Ok(Json(query.page(&caller, alerts)))
}

pub(super) async fn one(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&ALERTS)?;
    let mut alerts = caller.tenant.records.alerts.iter();
    let alert = alerts.find(|alert| alert.entity["id"] == id);
    let alert = alert.ok_or_else(|| DefenderError::not_found(format_args!("Alert {id}")))?;
    Ok(Json(list::single("Alerts/$entity", alert.shown(true))))
}

pub(super) async fn of_file(
    gate: Gate,
    Path(hash): Path<String>,
) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&FILES)?;
    about(&gate, &caller, &EntityId::file(&hash)?)
}

pub(super) async fn of_ip(
    gate: Gate,
    Path(ip): Path<String>,
) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&IPS)?;
    match EntityId::ip(&ip)? {
        EntityId::Ip(address) if address.is_ipv6() && !caller.tenant.behaviour.knows_ipv6 => {
            Err(invalid_ip(&ip))
        }
        entity => about(&gate, &caller, &entity),
    }
}

pub(super) async fn of_domain(
    gate: Gate,
    Path(domain): Path<String>,
) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&DOMAINS)?;
    about(&gate, &caller, &EntityId::domain(&domain)?)
}

/// The alerts in no particular order; an unknown entity has none.
fn about(
    gate: &Gate,
    caller: &Caller<'_>,
    entity: &EntityId,
) -> Result<Json<Value>, DefenderError> {
    let query = ListQuery::read(gate, &ENTITY_LIST)?;
    let with_evidence = caller.tenant.behaviour.lists_evidence;
    let alerts = caller.tenant.records.alerts.iter().filter(|alert| alert.is_about(entity));
    Ok(Json(query.page(caller, alerts.map(|alert| alert.shown(with_evidence)))))
}
