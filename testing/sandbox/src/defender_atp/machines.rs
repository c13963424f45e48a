//! Devices and what can be done on them.
//!
//! Pages "List machines API", "Get machine by ID API"; `availableMachineActions` is undocumented (spec §8.1).

use axum::{Json, extract::Path};
use serde_json::{Value, json};

use super::{
    access::{Api, Caller, Gate},
    limits::Quota,
    machine_actions::Kind,
    odata::{self, Entity, List, Options},
    problem::Problem,
    records::Availability,
};

const MACHINES: Api =
    Api { quota: Quota::Machines, roles: &["Machine.Read.All", "Machine.ReadWrite.All"] };

const LIST: List = List {
    context: "Machines",
    filters: &[
        "computerDnsName",
        "id",
        "version",
        "deviceValue",
        "aadDeviceId",
        "machineTags",
        "lastSeen",
        "exposureLevel",
        "onboardingStatus",
        "lastIpAddress",
        "healthStatus",
        "osPlatform",
        "riskScore",
        "rbacGroupId",
    ],
    expands: &[],
};

/// 404 when no machine fits, as documented.
pub(super) async fn list(gate: Gate) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&MACHINES)?;
    let options = Options::read(gate.uri(), &LIST)?;
    let machines = caller.tenant.records.machines.iter();
    let fitting: Vec<Entity> = machines.filter(|it| options.accepts(it)).cloned().collect();
    match fitting.is_empty() {
        true => Err(Problem::not_found("A machine that fits")),
        false => Ok(Json(gate.page(&caller, &options, &LIST, fitting))),
    }
}

pub(super) async fn one(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&MACHINES)?;
    Ok(Json(odata::single("Machines/$entity", find(&caller, &id)?.clone())))
}

/// The machine with this id or name, or 404.
pub(super) fn find<'a>(caller: &Caller<'a>, id: &str) -> Result<&'a Entity, Problem> {
    let machine = caller.tenant.records.machine(id);
    machine.ok_or_else(|| Problem::not_found(format_args!("Machine {id}")))
}

pub(super) fn id_of(machine: &Entity) -> &str {
    machine.get("id").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn name_of(machine: &Entity) -> Option<&str> {
    machine.get("computerDnsName").and_then(Value::as_str)
}

pub(super) fn platform_of(machine: &Entity) -> &str {
    machine.get("osPlatform").and_then(Value::as_str).unwrap_or_default()
}

pub(super) async fn available_actions(
    gate: Gate,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&MACHINES)?;
    let id = id_of(find(&caller, &id)?);
    let offered: Vec<_> = supported(&caller, id).iter().map(|it| now(&caller, id, it)).collect();
    Ok(Json(json!({
        "@odata.context": "https://api.security.microsoft.com/api/$metadata#Collection(microsoft.windowsDefenderATP.api.ActionAvailabilityStatus)",
        "value": offered,
    })))
}

/// What the platform of this machine supports.
pub(super) fn supported<'a>(caller: &Caller<'a>, machine_id: &str) -> &'a [Availability] {
    caller.tenant.records.available.get(machine_id).map_or(&[], Vec::as_slice)
}

/// An action that waits or runs cannot be asked for again.
fn now(caller: &Caller<'_>, machine_id: &str, supported: &Availability) -> Availability {
    let kind = match supported.action.as_str() {
        "FullIsolation" | "SelectiveIsolation" => Some(Kind::Isolate),
        "RestrictCodeExecution" => Some(Kind::RestrictCodeExecution),
        "RunAntiVirusScan" => Some(Kind::RunAntiVirusScan),
        "CollectInvestigationPackage" => Some(Kind::CollectInvestigationPackage),
        _ => None,
    };
    let actions = caller.tenant.machine_actions();
    let mut shown = supported.clone();
    if shown.is_available && kind.is_some_and(|it| actions.is_active(machine_id, it, caller.now)) {
        shown.is_available = false;
        shown.not_supported_reason = Some("ActiveRequestAlreadyExists".to_owned());
    }
    shown
}
