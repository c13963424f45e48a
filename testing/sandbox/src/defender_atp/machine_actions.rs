//! Machine actions: what was requested of which device, and how far it is.
//!
//! Pages "machineAction resource type" and those of the single actions.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::Problem;

/// How long a new action waits, and how long it then runs.
const WAITING: Duration = Duration::from_secs(4);
const RUNNING: Duration = Duration::from_secs(4);

/// The documented kinds of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Kind {
    RunAntiVirusScan,
    Offboard,
    LiveResponse,
    CollectInvestigationPackage,
    Isolate,
    Unisolate,
    StopAndQuarantineFile,
    RestrictCodeExecution,
    UnrestrictCodeExecution,
}

impl Kind {
    /// The action that brings a state about and the one that ends it, if this is one of the two.
    fn switch(self) -> Option<(Self, Self)> {
        match self {
            Self::Isolate | Self::Unisolate => Some((Self::Isolate, Self::Unisolate)),
            Self::RestrictCodeExecution | Self::UnrestrictCodeExecution => {
                Some((Self::RestrictCodeExecution, Self::UnrestrictCodeExecution))
            }
            _ => None,
        }
    }
}

/// The documented states of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Status {
    Pending,
    InProgress,
    Succeeded,
    Failed,
    TimeOut,
    Cancelled,
}

impl Status {
    fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

/// A machine action as it goes over the wire (spec §8.1).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MachineAction {
    pub(super) id: String,
    #[serde(rename = "type")]
    kind: Kind,
    title: Option<String>,
    requestor: String,
    requestor_comment: String,
    status: Status,
    pub(super) machine_id: String,
    computer_dns_name: Option<String>,
    creation_date_time_utc: String,
    last_update_date_time_utc: String,
    cancellation_requestor: Option<String>,
    cancellation_comment: Option<String>,
    cancellation_date_time_utc: Option<String>,
    error_h_result: i64,
    scope: Option<String>,
    external_id: Option<String>,
    request_source: String,
    related_file_info: Option<Value>,
    commands: Vec<Value>,
}

impl MachineAction {
    fn created(&self) -> Timestamp {
        self.creation_date_time_utc.parse().unwrap_or(Timestamp::MIN)
    }

    /// The action as it is at this time: a new one waits, then runs, then has succeeded.
    fn at(&self, now: Timestamp) -> Self {
        let mut action = self.clone();
        let (running, done) = (self.created() + WAITING, self.created() + WAITING + RUNNING);
        let (status, since) = match self.status {
            Status::Pending if now >= done => (Status::Succeeded, done),
            Status::Pending if now >= running => (Status::InProgress, running),
            _ => return action,
        };
        action.status = status;
        action.last_update_date_time_utc = since.to_string();
        action
    }
}

/// An action that somebody asks for.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) kind: Kind,
    pub(super) machine_id: String,
    pub(super) computer_dns_name: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) comment: String,
    pub(super) external_id: Option<String>,
    pub(super) requestor: String,
}

/// All machine actions of a tenant.
#[derive(Debug)]
pub(super) struct MachineActions {
    /// Oldest first.
    all: Vec<MachineAction>,
    investigations: u64,
}

impl MachineActions {
    pub(super) fn new(all: Vec<MachineAction>) -> Self {
        Self { all, investigations: 63_000 }
    }

    /// The number of a new investigation.
    pub(super) fn next_investigation(&mut self) -> u64 {
        self.investigations += 1;
        self.investigations
    }

    /// Newest first, as they are at this time.
    pub(super) fn at(&self, now: Timestamp) -> Vec<MachineAction> {
        let mut actions: Vec<_> = self.all.iter().rev().map(|action| action.at(now)).collect();
        actions.sort_by_key(|action| std::cmp::Reverse(action.created()));
        actions
    }

    /// Whether an action of this kind waits or runs on this machine.
    pub(super) fn is_active(&self, machine_id: &str, kind: Kind, now: Timestamp) -> bool {
        self.of(machine_id, now).any(|action| action.kind == kind && action.status.is_active())
    }

    /// Starts an action unless the state of the machine forbids it.
    pub(super) fn start(&mut self, order: Order, now: Timestamp) -> Result<MachineAction, Problem> {
        self.check(&order, now)?;
        let action = MachineAction {
            id: format!("5afe0000-0000-4000-8000-{:012x}", self.all.len()),
            kind: order.kind,
            title: None,
            requestor: order.requestor,
            requestor_comment: order.comment,
            status: Status::Pending,
            machine_id: order.machine_id,
            computer_dns_name: order.computer_dns_name,
            creation_date_time_utc: now.to_string(),
            last_update_date_time_utc: now.to_string(),
            cancellation_requestor: None,
            cancellation_comment: None,
            cancellation_date_time_utc: None,
            error_h_result: 0,
            scope: order.scope,
            external_id: order.external_id,
            request_source: "PublicApi".to_owned(),
            related_file_info: None,
            commands: Vec::new(),
        };
        self.all.push(action.clone());
        Ok(action)
    }

    fn check(&self, order: &Order, now: Timestamp) -> Result<(), Problem> {
        let is_repeated = match order.kind.switch() {
            Some((on, off)) => self.is_on(&order.machine_id, on, off, now) == (order.kind == on),
            None => self.is_active(&order.machine_id, order.kind, now),
        };
        let ends_nothing = order.kind.switch().is_some_and(|(_, off)| off == order.kind)
            && !self.is_active(&order.machine_id, order.kind, now);
        match (is_repeated, ends_nothing) {
            (false, _) => Ok(()),
            (true, true) => Err(Problem::bad(
                "BadRequest",
                format!("Nothing to undo: {:?} has no effect on this machine.", order.kind),
            )),
            (true, false) => {
                Err(Problem::bad("ActiveRequestAlreadyExists", "Action is already in progress"))
            }
        }
    }

    /// Whether the newest of the two actions that is under way or done is the one that switches on.
    fn is_on(&self, machine_id: &str, on: Kind, off: Kind, now: Timestamp) -> bool {
        self.of(machine_id, now)
            .filter(|action| action.status.is_active() || action.status == Status::Succeeded)
            .find(|action| action.kind == on || action.kind == off)
            .is_some_and(|action| action.kind == on)
    }

    /// Newest first.
    fn of(&self, machine_id: &str, now: Timestamp) -> impl Iterator<Item = MachineAction> {
        self.at(now).into_iter().filter(move |action| action.machine_id == machine_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(kind: Kind) -> Order {
        Order {
            kind,
            machine_id: "m".to_owned(),
            computer_dns_name: None,
            scope: None,
            comment: "c".to_owned(),
            external_id: None,
            requestor: "r".to_owned(),
        }
    }

    fn later(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(seconds)
    }

    fn statuses(actions: &MachineActions, now: Timestamp) -> Vec<(Kind, Status)> {
        actions.at(now).iter().map(|action| (action.kind, action.status)).collect()
    }

    #[test]
    fn an_action_waits_then_runs_then_has_succeeded() {
        let mut actions = MachineActions::new(Vec::new());
        actions.start(order(Kind::RunAntiVirusScan), later(0)).expect("a new action");
        for (seconds, status) in [
            (0, Status::Pending),
            (3, Status::Pending),
            (4, Status::InProgress),
            (8, Status::Succeeded),
            (900, Status::Succeeded),
        ] {
            assert_eq!(statuses(&actions, later(seconds)), [(Kind::RunAntiVirusScan, status)]);
        }
        assert_eq!(actions.at(later(900))[0].last_update_date_time_utc, later(8).to_string());
    }

    #[test]
    fn scans_may_follow_each_other_but_not_overlap() {
        let mut actions = MachineActions::new(Vec::new());
        let mut scan =
            |seconds| actions.start(order(Kind::RunAntiVirusScan), later(seconds)).is_ok();
        assert_eq!([scan(0), scan(7), scan(8)], [true, false, true]);
    }

    #[test]
    fn isolation_is_a_switch() {
        let mut actions = MachineActions::new(Vec::new());
        let mut ask = |kind, seconds| actions.start(order(kind), later(seconds)).is_ok();
        assert!(!ask(Kind::Unisolate, 0));
        assert!(ask(Kind::Isolate, 1));
        assert!(!ask(Kind::Isolate, 2));
        assert!(!ask(Kind::Isolate, 900));
        assert!(ask(Kind::Unisolate, 901));
        assert!(!ask(Kind::Unisolate, 902));
        assert!(ask(Kind::Isolate, 903));
        assert!(ask(Kind::RestrictCodeExecution, 904));
    }

    #[test]
    fn the_newest_comes_first() {
        let mut actions = MachineActions::new(Vec::new());
        actions.start(order(Kind::Isolate), later(5)).expect("a new action");
        actions.start(order(Kind::Unisolate), later(5)).expect("a new action");
        let kinds: Vec<_> =
            statuses(&actions, later(5)).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Kind::Unisolate, Kind::Isolate]);
    }
}
