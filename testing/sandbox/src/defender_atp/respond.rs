//! Requests for machine actions, and the lists of what was requested.
//!
//! Pages "Isolate machine API", "Release device from isolation API", "Restrict app execution API",
//! "Remove app restriction API", "Run antivirus scan API", "Collect investigation package API",
//! "Start Investigation API", "List machineActions API", "Get machineAction API".

use axum::{Json, extract::Path};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    access::{Api, Caller, Gate},
    error::{DefenderError, required},
    limits,
    list::{self, List, ListQuery},
    machine_actions::ActionRequest,
    machines::{find, id_of, supported},
};

const READ: Api =
    Api { limit: &limits::MACHINE_ACTIONS, roles: &["Machine.Read.All", "Machine.ReadWrite.All"] };
const INVESTIGATE: Api = Api { limit: &limits::INVESTIGATIONS, roles: &["Alert.ReadWrite.All"] };

static LIST: List = List {
    context: "MachineActions",
    filters: "id status machineId type requestor creationDateTimeUtc",
    expands: &[],
};

/// The last part of a request's path, the kind of the action and the permission it needs.
const VERBS: [(&str, &str, &[&str]); 6] = [
    ("isolate", "Isolate", &["Machine.Isolate"]),
    ("unisolate", "Unisolate", &["Machine.Isolate"]),
    ("restrictCodeExecution", "RestrictCodeExecution", &["Machine.RestrictExecution"]),
    ("unrestrictCodeExecution", "UnrestrictCodeExecution", &["Machine.RestrictExecution"]),
    ("runAntiVirusScan", "RunAntiVirusScan", &["Machine.Scan"]),
    ("collectInvestigationPackage", "CollectInvestigationPackage", &["Machine.CollectForensics"]),
];

/// The isolation types, and their names in `availableMachineActions`.
const ISOLATIONS: [(&str, &str); 3] = [
    ("Full", "FullIsolation"),
    ("Selective", "SelectiveIsolation"),
    ("UnManagedDevice", "Contain"),
];

/// The members of all bodies by their documented names; names are case-sensitive.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    comment: Option<String>,
    isolation_type: Option<String>,
    scan_type: Option<String>,
    external_id: Option<String>,
}

impl Body {
    /// Checks the body for an action of this kind. Returns the scope to show, and the name in
    /// `availableMachineActions`; an action that only undoes another has none.
    fn check(&self, kind: &'static str) -> Result<(Option<&str>, Option<&str>), DefenderError> {
        required(&self.comment, "Comment")?;
        let (isolation, scan) = (self.isolation_type.as_deref(), self.scan_type.as_deref());
        match kind {
            "Isolate" if scan.is_none() => {
                let scope = isolation.unwrap_or("Full");
                let known = ISOLATIONS.into_iter().find(|(known, _)| *known == scope);
                let (_, ability) = known.ok_or_else(|| DefenderError::input(format!(
                    "Invalid input {scope}: IsolationType is Full, Selective or UnManagedDevice."
                )))?;
                Ok((Some(scope), Some(ability)))
            }
            "RunAntiVirusScan" if isolation.is_none() => {
                let scope = required(&self.scan_type, "ScanType")?;
                if !["Quick", "Full"].contains(&scope) {
                    let message = format!("Invalid input {scope}: ScanType is Quick or Full.");
                    return Err(DefenderError::input(message));
                }
                Ok((Some(scope), Some(kind)))
            }
            _ if isolation.is_some() || scan.is_some() => {
                Err(DefenderError::body("a member belongs to another action"))
            }
            "Unisolate" | "UnrestrictCodeExecution" => Ok((None, None)),
            _ => Ok((None, Some(kind))),
        }
    }
}

/// Refuses what the machine's platform does not support.
fn check_platform(
    caller: &Caller<'_>,
    machine: &Value,
    ability: Option<&str>,
) -> Result<(), DefenderError> {
    let Some(ability) = ability else { return Ok(()) };
    let mut offered = supported(caller, id_of(machine)).iter();
    if offered.any(|offer| offer["action"] == ability && offer["isAvailable"] == true) {
        return Ok(());
    }
    let platform = machine["osPlatform"].as_str().unwrap_or_default();
    let message = format!("OS Platform {platform} isn't supported for this action.");
    Err(DefenderError::bad("OsPlatformNotSupported", message))
}

/// 201 with the new action, or 400 when the machine's platform or state does not allow it.
pub(super) async fn start(
    gate: Gate,
    Path((id, verb)): Path<(String, String)>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), DefenderError> {
    let known = VERBS.into_iter().find(|(name, ..)| *name == verb);
    let (_, kind, roles) = known.ok_or_else(|| {
        DefenderError::new(StatusCode::NOT_FOUND, "NotFound", "There is no such action.")
    })?;
    let caller = gate.admit(&Api { limit: &limits::MACHINE_ACTIONS, roles })?;
    let body: Body = gate.json(&body)?;
    let (scope, ability) = body.check(kind)?;
    let machine = find(&caller, &id)?;
    check_platform(&caller, machine, ability)?;
    let request = ActionRequest {
        kind,
        machine,
        scope,
        comment: required(&body.comment, "Comment")?,
        external_id: body.external_id.as_deref(),
        requestor: caller.app_name(),
    };
    let action = caller.tenant.machine_actions().start(&request, caller.now)?;
    Ok((StatusCode::CREATED, Json(list::single("MachineActions/$entity", action))))
}

/// 201 with an investigation; several may run on one device.
pub(super) async fn investigate(
    gate: Gate,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), DefenderError> {
    let caller = gate.admit(&INVESTIGATE)?;
    let body: Body = gate.json(&body)?;
    let (_, ability) = body.check("InitiateInvestigation")?;
    let machine = find(&caller, &id)?;
    check_platform(&caller, machine, ability)?;
    let number = caller.tenant.machine_actions().next_investigation();
    let investigation = json!({
        "id": number.to_string(),
        "startTime": caller.now.to_string(),
        "endTime": null,
        "state": "Running",
        "cancelledBy": null,
        "statusDetails": null,
        "machineId": machine["id"],
        "computerDnsName": machine["computerDnsName"],
        "triggeringAlertId": format!("da{}_{number}", caller.now.as_millisecond()),
    });
    Ok((StatusCode::CREATED, Json(list::single("Investigations/$entity", investigation))))
}

/// Newest first.
pub(super) async fn list(gate: Gate) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&READ)?;
    page(&gate, &caller, |_| true)
}

/// The list of one machine, which is undocumented.
pub(super) async fn of_machine(
    gate: Gate,
    Path(id): Path<String>,
) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&READ)?;
    let id = id_of(find(&caller, &id)?);
    page(&gate, &caller, |action| action["machineId"] == id)
}

fn page(
    gate: &Gate,
    caller: &Caller<'_>,
    is_listed: impl Fn(&Value) -> bool,
) -> Result<Json<Value>, DefenderError> {
    let query = ListQuery::read(gate, &LIST)?;
    let actions = caller.tenant.machine_actions().at(caller.now);
    Ok(Json(query.page(caller, actions.into_iter().filter(is_listed))))
}

pub(super) async fn one(gate: Gate, Path(id): Path<String>) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&READ)?;
    let actions = caller.tenant.machine_actions().at(caller.now);
    let action = actions.into_iter().find(|action| action["id"] == id);
    let action =
        action.ok_or_else(|| DefenderError::not_found(format_args!("Machine action {id}")))?;
    Ok(Json(list::single("MachineActions/$entity", action)))
}
