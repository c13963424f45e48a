//! Alerts: the list, one by id, and those about a file, an address or a domain.
//!
//! Pages "List alerts API", "Get alert information by ID API", "Get file-related alerts API",
//! "Get IP related alerts API", "Get domain-related alerts API".

use axum::{Json, extract::Path};
use serde_json::Value;

use super::{
    access::{Api, Caller, Gate},
    limits::Quota,
    odata::{self, Entity, List, Options},
    problem::Problem,
    subject::{Subject, invalid_ip},
};

const READERS: &[&str] = &["Alert.Read.All", "Alert.ReadWrite.All"];
const ALERTS: Api = Api { quota: Quota::Alerts, roles: READERS };
const FILES: Api = Api { quota: Quota::Files, roles: READERS };
const IPS: Api = Api { quota: Quota::Ips, roles: READERS };
const DOMAINS: Api = Api { quota: Quota::Domains, roles: READERS };

const LIST: List = List {
    context: "Alerts",
    filters: &[
        "alertCreationTime",
        "lastUpdateTime",
        "incidentId",
        "investigationId",
        "id",
        "assignedTo",
        "detectionSource",
        "lastEventTime",
        "status",
        "severity",
        "category",
    ],
    expands: &["evidence"],
};

/// The lists of an entity's alerts know paging only.
const ENTITY_LIST: List = List { context: "Alerts", filters: &[], expands: &[] };

pub(super) async fn list(gate: Gate) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&ALERTS)?;
    let options = Options::read(gate.uri(), &LIST)?;
    let alerts = caller.tenant.records.alerts.iter();
    let mut fitting: Vec<Entity> = alerts
        .map(|alert| alert.shown(options.expand))
        .filter(|alert| options.accepts(alert))
        .collect();
    fitting.sort_by_key(|alert| std::cmp::Reverse(creation(alert)));
    Ok(Json(gate.page(&caller, &options, &LIST, fitting)))
}

/// ISO texts sort by time; an alert without a time comes last.
fn creation(alert: &Entity) -> Option<String> {
    alert.get("alertCreationTime").and_then(Value::as_str).map(str::to_owned)
}

pub(super) async fn one(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&ALERTS)?;
    let mut alerts = caller.tenant.records.alerts.iter();
    let alert = alerts
        .find(|alert| alert.entity.get("id").and_then(Value::as_str) == Some(&id))
        .ok_or_else(|| Problem::not_found(format_args!("Alert {id}")))?;
    Ok(Json(odata::single("Alerts/$entity", alert.shown(true))))
}

pub(super) async fn of_file(gate: Gate, Path(hash): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&FILES)?;
    about(&gate, &caller, &Subject::file(&hash)?)
}

pub(super) async fn of_ip(gate: Gate, Path(ip): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&IPS)?;
    match Subject::ip(&ip)? {
        Subject::Ip(address) if address.is_ipv6() && !caller.tenant.manners.knows_ipv6 => {
            Err(invalid_ip(&ip))
        }
        subject => about(&gate, &caller, &subject),
    }
}

pub(super) async fn of_domain(
    gate: Gate,
    Path(domain): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&DOMAINS)?;
    about(&gate, &caller, &Subject::domain(&domain)?)
}

/// The alerts in no particular order; an unknown entity has none.
fn about(gate: &Gate, caller: &Caller<'_>, subject: &Subject) -> Result<Json<Value>, Problem> {
    let options = Options::read(gate.uri(), &ENTITY_LIST)?;
    let with_evidence = caller.tenant.manners.lists_evidence;
    let alerts = caller.tenant.records.alerts.iter();
    let fitting =
        alerts.filter(|it| it.is_about(subject)).map(|it| it.shown(with_evidence)).collect();
    Ok(Json(gate.page(caller, &options, &ENTITY_LIST, fitting)))
}
