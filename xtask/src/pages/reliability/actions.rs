//! What becomes of an action whose request is hit by a fault.

use std::path::Path;

use serde::Deserialize;

use super::{Case, ErrorEntry, codes, distinct, results, row, table};
use crate::Outcome;

/// The results of one relay.
#[derive(Deserialize)]
struct OfRelay {
    faults: Vec<ActionCase>,
}

#[derive(Deserialize)]
struct ActionCase {
    action: String,
    fault: String,
    /// `success` or `failure`.
    status: String,
    /// How often the request was sent.
    sent: usize,
    /// Whether the answer says that the outcome is unknown.
    in_doubt: bool,
    errors: Vec<ErrorEntry>,
    milliseconds: u64,
}

impl Case for ActionCase {
    fn errors(&self) -> &[ErrorEntry] {
        &self.errors
    }

    fn milliseconds(&self) -> u64 {
        self.milliseconds
    }
}

/// Returns the table: one row for each fault, one column for each action.
pub(super) fn by_fault(root: &Path) -> Outcome<String> {
    let results: Vec<(_, OfRelay)> = results(root, "actions")?;
    let cases: Vec<_> = results.into_iter().flat_map(|(_, results)| results.faults).collect();
    let actions = distinct(cases.iter().map(|case| case.action.as_str()));
    let faults = distinct(cases.iter().map(|case| case.fault.as_str()));
    let rows = faults.into_iter().map(|fault| {
        let of_action =
            |action: &&str| cases.iter().find(|case| case.action == *action && case.fault == fault);
        let hit: Vec<_> = actions.iter().map(of_action).collect();
        row(fault, &hit, outcome, |_, case| {
            format!("{}{}", case.sent, if case.in_doubt { " ?" } else { "" })
        })
    });
    Ok(table(&actions, rows.collect()))
}

fn outcome(case: &ActionCase) -> String {
    if case.status == "success" { "done".to_owned() } else { codes(case) }
}
