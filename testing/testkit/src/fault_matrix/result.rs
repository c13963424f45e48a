//! What came of a fault, as the golden files keep it.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use serde_json::Value;

use super::{disorder::Disorder, share};
use crate::conformance::{Answer, Question};

/// What stands for the product's address, whose port is another one each time.
const PRODUCT: &str = "https://product.example";

/// An error entry of an answer.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Said {
    #[serde(rename = "type")]
    weight: String,
    code: String,
    /// Absent where chance chooses between two.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// What an answer holds.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Kept {
    /// So many of the asked observables have entities.
    pub(super) observables: usize,
    /// So many entities of each type.
    pub(super) entities: BTreeMap<&'static str, usize>,
}

/// What a fault costs the observables that it did not hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cost {
    /// Nothing.
    None,
    /// Details of their entities, and a warning says so.
    Details,
    /// What had not been asked yet, because the product asks for a pause or refuses the caller.
    Rest,
}

/// The error entries, with the product's address made the same in all runs.
pub(super) fn said(answer: &Answer, disorder: &Disorder, url: &str) -> Vec<Said> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = |error: &Value| Said {
        weight: text(&error["type"]),
        code: text(&error["code"]),
        message: (!disorder.is_bulky()).then(|| text(&error["message"]).replace(url, PRODUCT)),
    };
    let mut all: Vec<_> = answer.errors().iter().map(said).collect();
    all.dedup();
    all
}

pub(super) fn kept(answer: &Answer, question: &Question) -> Kept {
    let asked = question.observables().iter();
    let known = asked.filter(|one| !share::of(answer, one).is_empty());
    Kept { observables: known.count(), entities: share::entities(answer) }
}

/// Rounded to ten, because the rest is chance.
pub(super) fn milliseconds(time: Duration) -> u64 {
    (time.as_millis() as u64 + 5) / 10 * 10
}
