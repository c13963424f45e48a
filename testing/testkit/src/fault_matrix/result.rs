//! The result of a fault, as the golden files record it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{cases::FaultCase, share};
use crate::{Answer, Observables};

/// Stands for the simulator's URL, whose port is another one in each run.
const PRODUCT_URL: &str = "https://product.example";

/// An error entry of an answer.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ReportedError {
    #[serde(rename = "type")]
    weight: String,
    code: String,
    /// Absent where it is chance which of two messages it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The entities of an answer.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Kept {
    /// How many of the observables have entities.
    pub(super) observables: usize,
    /// How many entities of each type there are.
    pub(super) entities: BTreeMap<&'static str, usize>,
}

/// How a fault affects the observables that it did not hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cost {
    /// Not at all.
    None,
    /// What had not been requested yet is missing, because the product asks for a pause or rejects
    /// the caller.
    Rest,
}

/// The error entries, with the same URL of the product in all runs.
pub(super) fn reported(answer: &Answer, fault: &FaultCase, url: &str) -> Vec<ReportedError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let reported = |error: &Value| ReportedError {
        weight: text(&error["type"]),
        code: text(&error["code"]),
        message: (!fault.exhausts_budget())
            .then(|| text(&error["message"]).replace(url, PRODUCT_URL)),
    };
    let mut all: Vec<_> = answer.error_entries().iter().map(reported).collect();
    all.dedup();
    all
}

pub(super) fn kept(answer: &Answer, observables: &Observables) -> Kept {
    let known = observables.iter().filter(|one| !share::of(answer, one).is_empty());
    Kept { observables: known.count(), entities: share::entities(answer) }
}
