//! Machine actions: what was requested of which device, and how far it is.
//!
//! Pages "machineAction resource type" and those of the single actions.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::DefenderError;

/// How long a new action waits, and how long it then runs.
const WAITING: Duration = Duration::from_secs(4);
const RUNNING: Duration = Duration::from_secs(4);

/// A kind that brings a state about and the kind that ends it.
const SWITCHES: [(&str, &str); 2] =
    [("Isolate", "Unisolate"), ("RestrictCodeExecution", "UnrestrictCodeExecution")];

/// The switch that a kind belongs to.
fn switch(kind: &str) -> Option<(&'static str, &'static str)> {
    SWITCHES.into_iter().find(|(on, off)| [*on, *off].contains(&kind))
}

fn is_active(action: &Value) -> bool {
    action["status"] == "Pending" || action["status"] == "InProgress"
}

fn created(action: &Value) -> Timestamp {
    let time = action["creationDateTimeUtc"].as_str().and_then(|time| time.parse().ok());
    time.unwrap_or(Timestamp::MIN)
}

/// The action at this time: a new one waits, then runs, then has succeeded.
fn at(action: &Value, now: Timestamp) -> Value {
    let mut action = action.clone();
    let (running, done) = (created(&action) + WAITING, created(&action) + WAITING + RUNNING);
    let (status, since) = match now {
        _ if action["status"] != "Pending" => return action,
        now if now >= done => ("Succeeded", done),
        now if now >= running => ("InProgress", running),
        _ => return action,
    };
    action["status"] = status.into();
    action["lastUpdateDateTimeUtc"] = since.to_string().into();
    action
}

/// An action that is requested.
#[derive(Debug)]
pub(super) struct ActionRequest<'a> {
    pub(super) kind: &'static str,
    pub(super) machine: &'a Value,
    pub(super) scope: Option<&'a str>,
    pub(super) comment: &'a str,
    pub(super) external_id: Option<&'a str>,
    pub(super) requestor: &'static str,
}

/// All machine actions of a tenant.
#[derive(Debug)]
pub(super) struct MachineActions {
    /// Oldest first.
    all: Vec<Value>,
    investigations: u64,
}

impl MachineActions {
    pub(super) fn new(all: Vec<Value>) -> Self {
        Self { all, investigations: 63_000 }
    }

    /// The number of a new investigation.
    pub(super) fn next_investigation(&mut self) -> u64 {
        self.investigations += 1;
        self.investigations
    }

    /// Newest first, as they are at this time.
    pub(super) fn at(&self, now: Timestamp) -> Vec<Value> {
        let mut actions: Vec<_> = self.all.iter().rev().map(|action| at(action, now)).collect();
        actions.sort_by_key(|action| std::cmp::Reverse(created(action)));
        actions
    }

    /// Whether an action of this kind waits or runs on this machine.
    pub(super) fn is_active(&self, machine_id: &str, kind: &str, now: Timestamp) -> bool {
        self.of(machine_id, now).any(|action| action["type"] == kind && is_active(&action))
    }

    /// Starts an action unless the state of the machine forbids it.
    pub(super) fn start(
        &mut self,
        request: &ActionRequest<'_>,
        now: Timestamp,
    ) -> Result<Value, DefenderError> {
        self.check(request, now)?;
        let action = json!({
            "id": format!("5afe0000-0000-4000-8000-{:012x}", self.all.len()),
            "type": request.kind,
            "title": null,
            "requestor": request.requestor,
            "requestorComment": request.comment,
            "status": "Pending",
            "machineId": request.machine["id"],
            "computerDnsName": request.machine["computerDnsName"],
            "creationDateTimeUtc": now.to_string(),
            "lastUpdateDateTimeUtc": now.to_string(),
            "cancellationRequestor": null,
            "cancellationComment": null,
            "cancellationDateTimeUtc": null,
            "errorHResult": 0,
            "scope": request.scope,
            "externalId": request.external_id,
            "requestSource": "PublicApi",
            "relatedFileInfo": null,
            "commands": [],
        });
        self.all.push(action.clone());
        Ok(action)
    }

    fn check(&self, request: &ActionRequest<'_>, now: Timestamp) -> Result<(), DefenderError> {
        let (kind, machine) = (request.kind, request.machine["id"].as_str().unwrap_or_default());
        let is_active = self.is_active(machine, kind, now);
        let (is_repeated, is_undoing) = match switch(kind) {
            Some((on, off)) => (self.is_on(machine, on, off, now) == (kind == on), kind == off),
            None => (is_active, false),
        };
        match is_repeated {
            false => Ok(()),
            true if is_undoing && !is_active => {
                let message = format!("Nothing to undo: {kind} has no effect on this machine.");
                Err(DefenderError::bad("BadRequest", message))
            }
            true => Err(DefenderError::bad(
                "ActiveRequestAlreadyExists",
                "Action is already in progress",
            )),
        }
    }

    /// Whether the newest of the two actions that is under way or done is the one that switches on.
    fn is_on(&self, machine_id: &str, on: &str, off: &str, now: Timestamp) -> bool {
        self.of(machine_id, now)
            .filter(|action| is_active(action) || action["status"] == "Succeeded")
            .find(|action| action["type"] == on || action["type"] == off)
            .is_some_and(|action| action["type"] == on)
    }

    /// Newest first.
    fn of(&self, machine_id: &str, now: Timestamp) -> impl Iterator<Item = Value> {
        self.at(now).into_iter().filter(move |action| action["machineId"] == machine_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(seconds)
    }

    /// Whether a request at this time is accepted.
    fn start(actions: &mut MachineActions, kind: &'static str, seconds: i64) -> bool {
        let machine = json!({"id": "m"});
        let (scope, external_id) = (None, None);
        let request = ActionRequest {
            kind,
            machine: &machine,
            scope,
            comment: "c",
            external_id,
            requestor: "r",
        };
        actions.start(&request, later(seconds)).is_ok()
    }

    #[test]
    fn an_action_waits_then_runs_then_has_succeeded() {
        let mut actions = MachineActions::new(Vec::new());
        assert!(start(&mut actions, "RunAntiVirusScan", 0));
        for (seconds, status, updated) in [
            (0, "Pending", 0),
            (3, "Pending", 0),
            (4, "InProgress", 4),
            (8, "Succeeded", 8),
            (900, "Succeeded", 8),
        ] {
            let action = &actions.at(later(seconds))[0];
            assert_eq!(action["status"], status);
            assert_eq!(action["lastUpdateDateTimeUtc"], later(updated).to_string());
        }
    }

    #[test]
    fn scans_do_not_overlap_and_isolation_is_a_switch() {
        let mut actions = MachineActions::new(Vec::new());
        for (kind, seconds, accepted) in [
            ("RunAntiVirusScan", 0, true),
            ("RunAntiVirusScan", 7, false),
            ("RunAntiVirusScan", 8, true),
            ("Unisolate", 10, false),
            ("Isolate", 11, true),
            ("Isolate", 12, false),
            ("Isolate", 900, false),
            ("Unisolate", 901, true),
            ("Unisolate", 902, false),
            ("Isolate", 903, true),
            ("RestrictCodeExecution", 904, true),
        ] {
            assert_eq!(start(&mut actions, kind, seconds), accepted, "{kind} at {seconds}");
        }
    }

    #[test]
    fn the_newest_comes_first() {
        let mut actions = MachineActions::new(Vec::new());
        assert!(start(&mut actions, "Isolate", 5) && start(&mut actions, "Unisolate", 5));
        let kinds: Vec<_> = actions.at(later(5)).iter().map(|it| it["type"].clone()).collect();
        assert_eq!(kinds, ["Unisolate", "Isolate"]);
    }
}
