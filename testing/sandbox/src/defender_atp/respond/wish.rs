//! The body of a request for a machine action, and whether the machine can fulfil it.

use serde::Deserialize;

use super::super::{
    machine_actions::Kind,
    machines::platform_of,
    odata::Entity,
    problem::{Problem, required},
    records::Availability,
};

/// The members of all such bodies by their documented names; names are case-sensitive.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Body {
    comment: Option<String>,
    isolation_type: Option<String>,
    scan_type: Option<String>,
    external_id: Option<String>,
}

/// What a body asks for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) comment: String,
    pub(super) scope: Option<String>,
    pub(super) external_id: Option<String>,
    /// The name in `availableMachineActions`; what only undoes something has none.
    ability: Option<&'static str>,
}

impl Wish {
    pub(super) fn read(body: Body, kind: Kind) -> Result<Self, Problem> {
        let comment = required(body.comment, "Comment")?;
        let of_another_kind = match kind {
            Kind::Isolate => body.scan_type.is_some(),
            Kind::RunAntiVirusScan => body.isolation_type.is_some(),
            _ => body.scan_type.is_some() || body.isolation_type.is_some(),
        };
        if of_another_kind {
            return Err(Problem::body("Request body is incorrect: a member is of another action."));
        }
        let (ability, scope) = ability(kind, body.isolation_type, body.scan_type)?;
        Ok(Self { comment, scope, external_id: body.external_id, ability })
    }

    pub(super) fn investigation(body: Body) -> Result<Self, Problem> {
        let wish = Self::read(body, Kind::CollectInvestigationPackage)?;
        Ok(Self { ability: Some("InitiateInvestigation"), ..wish })
    }

    /// Refuses what the machine's platform does not support.
    pub(super) fn check(&self, offered: &[Availability], machine: &Entity) -> Result<(), Problem> {
        let Some(ability) = self.ability else { return Ok(()) };
        match offered.iter().find(|it| it.action == ability) {
            Some(it) if it.is_available => Ok(()),
            _ => Err(Problem::bad(
                "OsPlatformNotSupported",
                format!("OS Platform {} isn't supported for this action.", platform_of(machine)),
            )),
        }
    }
}

/// What the machine must be able to do, and the scope to show.
fn ability(
    kind: Kind,
    isolation: Option<String>,
    scan: Option<String>,
) -> Result<(Option<&'static str>, Option<String>), Problem> {
    match kind {
        Kind::Isolate => {
            let scope = isolation.unwrap_or_else(|| "Full".to_owned());
            Ok((Some(isolation_ability(&scope)?), Some(scope)))
        }
        Kind::RunAntiVirusScan => {
            let scope = required(scan, "ScanType")?;
            match scope.as_str() {
                "Quick" | "Full" => Ok((Some("RunAntiVirusScan"), Some(scope))),
                _ => Err(Problem::input(format!(
                    "Invalid input {scope}: ScanType is Quick or Full."
                ))),
            }
        }
        Kind::RestrictCodeExecution => Ok((Some("RestrictCodeExecution"), None)),
        Kind::CollectInvestigationPackage => Ok((Some("CollectInvestigationPackage"), None)),
        _ => Ok((None, None)),
    }
}

fn isolation_ability(isolation: &str) -> Result<&'static str, Problem> {
    match isolation {
        "Full" => Ok("FullIsolation"),
        "Selective" => Ok("SelectiveIsolation"),
        "UnManagedDevice" => Ok("Contain"),
        _ => Err(Problem::input(format!(
            "Invalid input {isolation}: IsolationType is Full, Selective or UnManagedDevice."
        ))),
    }
}
