//! What becomes of `/observe/observables` under every fault.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;

use super::{Case, ErrorEntry, codes, distinct, results, row, table};
use crate::{
    Outcome,
    pages::table::{Align, markdown},
};

const EVERY_CALL: &str = "every call";

/// The results of all relays.
pub(super) struct Results(Vec<(&'static str, OfRelay)>);

/// The results of one relay.
#[derive(Deserialize)]
struct OfRelay {
    faultless: Faultless,
    faults: Vec<FaultCase>,
}

#[derive(Deserialize)]
struct Faultless {
    asked: usize,
    calls: usize,
    found: Found,
}

#[derive(Deserialize)]
struct Found {
    /// Counts by kind of entity.
    entities: BTreeMap<String, usize>,
    observables: usize,
}

#[derive(Deserialize)]
struct FaultCase {
    fault: String,
    /// Which requests the fault hits.
    hits: String,
    calls: usize,
    kept: Found,
    /// What is missing of other observables: `none` or `rest`.
    #[serde(default)]
    costs_others: Option<String>,
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

impl Results {
    pub(super) fn read(root: &Path) -> Outcome<Self> {
        results(root, "observe").map(Self)
    }

    pub(super) fn without_faults(&self) -> String {
        let rows = self.0.iter().map(|(relay, results)| {
            let Faultless { asked, calls, found } = &results.faultless;
            let entities = found.entities.iter().map(|(kind, count)| format!("{count} {kind}"));
            vec![
                (*relay).to_owned(),
                asked.to_string(),
                found.observables.to_string(),
                entities.collect::<Vec<_>>().join(", "),
                calls.to_string(),
            ]
        });
        markdown(&["relay", "asked", "known", "entities", "calls"], Align::Left, rows)
    }

    pub(super) fn every_call(&self) -> String {
        self.table(|hits| hits == EVERY_CALL, |_, case| case.calls.to_string())
    }

    pub(super) fn one_observable(&self) -> String {
        let figures = |column: usize, case: &FaultCase| {
            let known = self.0[column].1.faultless.found.observables;
            let mark = match case.costs_others.as_deref() {
                Some("rest") => " †",
                _ => "",
            };
            format!("{} of {known}{mark}, {}", case.kept.observables, case.calls)
        };
        self.table(|hits| hits != EVERY_CALL, figures)
    }

    fn table(
        &self,
        is_hit: impl Fn(&str) -> bool,
        figures: impl Fn(usize, &FaultCase) -> String,
    ) -> String {
        let cases: Vec<Vec<&FaultCase>> = self
            .0
            .iter()
            .map(|(_, results)| results.faults.iter().filter(|case| is_hit(&case.hits)).collect())
            .collect();
        let faults = distinct(cases.iter().flatten().map(|case| case.fault.as_str()));
        let rows = faults.into_iter().map(|fault| {
            let of_relay = cases.iter().map(|cases| {
                let mut cases = cases.iter().copied();
                cases.find(|case| case.fault == fault)
            });
            let hit: Vec<_> = of_relay.collect();
            row(fault, &hit, codes, &figures)
        });
        let relays: Vec<_> = self.0.iter().map(|(relay, _)| *relay).collect();
        table(&relays, rows.collect())
    }
}
