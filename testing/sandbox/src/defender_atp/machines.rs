//! Devices and what can be done on them.
//!
//! Pages "List machines API", "Get machine by ID API"; `availableMachineActions` is undocumented.

use axum::{Json, extract::Path};
use serde_json::{Value, json};

use super::{
    access::{Api, Caller, Gate},
    error::DefenderError,
    limits,
    list::{self, List, ListQuery},
};

const MACHINES: Api =
    Api { limit: &limits::MACHINES, roles: &["Machine.Read.All", "Machine.ReadWrite.All"] };

static LIST: List = List {
    context: "Machines",
    filters: "computerDnsName id version deviceValue aadDeviceId machineTags lastSeen \
              exposureLevel onboardingStatus lastIpAddress healthStatus osPlatform riskScore \
              rbacGroupId",
    expands: &[],
};

/// 404 when the filter accepts no machine, as documented.
pub(super) async fn list(gate: Gate) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&MACHINES)?;
    let query = ListQuery::read(&gate, &LIST)?;
    let machines = &caller.tenant.records.machines;
    match machines.iter().any(|machine| query.accepts(machine)) {
        true => Ok(Json(query.page(&caller, machines.iter().cloned()))),
        false => Err(DefenderError::not_found("A machine that fits")),
    }
}

pub(super) async fn one(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&MACHINES)?;
    Ok(Json(list::single("Machines/$entity", find(&caller, &id)?.clone())))
}

/// The machine with this id or name, or 404.
pub(super) fn find<'a>(caller: &Caller<'a>, id: &str) -> Result<&'a Value, DefenderError> {
    let machine = caller.tenant.records.machine(id);
    machine.ok_or_else(|| DefenderError::not_found(format_args!("Machine {id}")))
}

pub(super) fn id_of(machine: &Value) -> &str {
    machine["id"].as_str().unwrap_or_default()
}

pub(super) async fn available_actions(
    gate: Gate,
    Path(id): Path<String>,
) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&MACHINES)?;
    let id = id_of(find(&caller, &id)?);
    let offered: Vec<_> = supported(&caller, id).iter().map(|it| now(&caller, id, it)).collect();
    let context =
        list::context("Collection(microsoft.windowsDefenderATP.api.ActionAvailabilityStatus)");
    Ok(Json(json!({ "@odata.context": context, "value": offered })))
}

/// The actions of `availableMachineActions` for this machine.
pub(super) fn supported<'a>(caller: &Caller<'a>, machine_id: &str) -> &'a [Value] {
    caller.tenant.records.available.get(machine_id).map_or(&[], Vec::as_slice)
}

/// An action that waits or runs cannot be requested again.
fn now(caller: &Caller<'_>, machine_id: &str, supported: &Value) -> Value {
    let kind = match supported["action"].as_str() {
        Some("FullIsolation" | "SelectiveIsolation") => "Isolate",
        Some(name) => name,
        None => "",
    };
    let mut shown = supported.clone();
    let actions = caller.tenant.machine_actions();
    if shown["isAvailable"] == true && actions.is_active(machine_id, kind, caller.now) {
        shown["isAvailable"] = false.into();
        shown["notSupportedReason"] = "ActiveRequestAlreadyExists".into();
    }
    shown
}
