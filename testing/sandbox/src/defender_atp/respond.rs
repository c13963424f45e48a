//! Asking a device to do something, and reading what was asked.
//!
//! Pages "Isolate machine API", "Release device from isolation API", "Restrict app execution API",
//! "Remove app restriction API", "Run antivirus scan API", "Collect investigation package API",
//! "Start Investigation API", "List machineActions API", "Get machineAction API".

mod wish;

use axum::{Json, extract::Path};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use self::wish::Wish;
use super::{
    access::{Api, Caller, Gate},
    limits::Quota,
    machine_actions::{Kind, MachineAction, Order},
    machines::{find, id_of, name_of, supported},
    odata::{self, Entity, List, Options, entity},
    problem::Problem,
};

const READ: Api =
    Api { quota: Quota::MachineActions, roles: &["Machine.Read.All", "Machine.ReadWrite.All"] };
const INVESTIGATE: Api = Api { quota: Quota::Investigations, roles: &["Alert.ReadWrite.All"] };

const LIST: List = List {
    context: "MachineActions",
    filters: &["id", "status", "machineId", "type", "requestor", "creationDateTimeUtc"],
    expands: &[],
};

/// The last part of a request's path, what it starts and the permission it needs.
const VERBS: [(&str, Kind, &[&str]); 6] = [
    ("isolate", Kind::Isolate, &["Machine.Isolate"]),
    ("unisolate", Kind::Unisolate, &["Machine.Isolate"]),
    ("restrictCodeExecution", Kind::RestrictCodeExecution, &["Machine.RestrictExecution"]),
    ("unrestrictCodeExecution", Kind::UnrestrictCodeExecution, &["Machine.RestrictExecution"]),
    ("runAntiVirusScan", Kind::RunAntiVirusScan, &["Machine.Scan"]),
    (
        "collectInvestigationPackage",
        Kind::CollectInvestigationPackage,
        &["Machine.CollectForensics"],
    ),
];

/// 201 with the new action, or 400 when the machine's platform or state does not allow it.
pub(super) async fn start(
    gate: Gate,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (_, kind, roles) =
        VERBS.into_iter().find(|(name, ..)| *name == verb).ok_or_else(no_verb)?;
    let caller = gate.admit(&Api { quota: Quota::MachineActions, roles })?;
    let wish = Wish::read(gate.json(&body)?, kind)?;
    let machine = find(&caller, &id)?;
    wish.check(supported(&caller, id_of(machine)), machine)?;
    let order = Order {
        kind,
        machine_id: id_of(machine).to_owned(),
        computer_dns_name: name_of(machine).map(str::to_owned),
        scope: wish.scope,
        comment: wish.comment,
        external_id: wish.external_id,
        requestor: caller.app_name().to_owned(),
    };
    let action = caller.tenant.machine_actions().start(order, caller.now)?;
    Ok((StatusCode::CREATED, Json(odata::single("MachineActions/$entity", entity(&action)))))
}

fn no_verb() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "NotFound", "There is no such action.")
}

/// 201 with an investigation; several may run on one device.
pub(super) async fn investigate(
    gate: Gate,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = gate.admit(&INVESTIGATE)?;
    let wish = Wish::investigation(gate.json(&body)?)?;
    let machine = find(&caller, &id)?;
    wish.check(supported(&caller, id_of(machine)), machine)?;
    let number = caller.tenant.machine_actions().next_investigation();
    Ok((
        StatusCode::CREATED,
        Json(json!({
            "@odata.context": "https://api.security.microsoft.com/api/$metadata#Investigations/$entity",
            "id": number.to_string(),
            "startTime": caller.now.to_string(),
            "endTime": null,
            "state": "Running",
            "cancelledBy": null,
            "statusDetails": null,
            "machineId": id_of(machine),
            "computerDnsName": name_of(machine),
            "triggeringAlertId": format!("da{}_{number}", caller.now.as_millisecond()),
        })),
    ))
}

/// Newest first.
pub(super) async fn list(gate: Gate) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&READ)?;
    page(&gate, &caller, |_| true)
}

/// The undocumented list of one machine (spec §8.1).
pub(super) async fn of_machine(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&READ)?;
    let id = id_of(find(&caller, &id)?);
    page(&gate, &caller, |action| action.machine_id == id)
}

fn page(
    gate: &Gate,
    caller: &Caller<'_>,
    is_meant: impl Fn(&MachineAction) -> bool,
) -> Result<Json<Value>, Problem> {
    let options = Options::read(gate.uri(), &LIST)?;
    let actions = caller.tenant.machine_actions().at(caller.now);
    let fitting: Vec<Entity> = actions
        .iter()
        .filter(|action| is_meant(action))
        .map(entity)
        .filter(|action| options.accepts(action))
        .collect();
    Ok(Json(gate.page(caller, &options, &LIST, fitting)))
}

pub(super) async fn one(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&READ)?;
    let actions = caller.tenant.machine_actions().at(caller.now);
    let action = actions
        .iter()
        .find(|action| action.id == id)
        .ok_or_else(|| Problem::not_found(format_args!("Machine action {id}")))?;
    Ok(Json(odata::single("MachineActions/$entity", entity(action))))
}
