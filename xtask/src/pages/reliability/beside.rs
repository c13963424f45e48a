//! What becomes of `/observe/observables` when requests beside the search are hit.

use std::path::Path;

use serde::Deserialize;

use super::{Case, ErrorEntry, codes, distinct, results, row, table};
use crate::Outcome;

/// The results of one relay.
#[derive(Deserialize)]
struct OfRelay {
    faults: Vec<FaultCase>,
}

#[derive(Deserialize)]
struct FaultCase {
    fault: String,
    /// The verdicts that are there, and those without a fault.
    verdicts: [usize; 2],
    calls: usize,
    errors: Vec<ErrorEntry>,
    milliseconds: u64,
}

impl Case for FaultCase {
    fn errors(&self) -> &[ErrorEntry] {
        &self.errors
    }

    fn milliseconds(&self) -> u64 {
        self.milliseconds
    }
}

/// Returns the table of the results of this name: one row for each fault, one column for each relay that
/// has some.
pub(super) fn by_fault(root: &Path, name: &str) -> Outcome<String> {
    let results: Vec<(_, OfRelay)> = results(root, name)?;
    let cases = || results.iter().flat_map(|(_, results)| &results.faults);
    let faults = distinct(cases().map(|case| case.fault.as_str()));
    let rows = faults.into_iter().map(|fault| {
        let of_relay = results.iter().map(|(_, results)| results.faults.iter());
        let hit: Vec<_> = of_relay.map(|mut cases| cases.find(|it| it.fault == fault)).collect();
        row(fault, &hit, codes, |_, case| {
            let [there, all] = case.verdicts;
            format!("{there} of {all}, {}", case.calls)
        })
    });
    let relays: Vec<_> = results.iter().map(|(relay, _)| *relay).collect();
    Ok(table(&relays, rows.collect()))
}
