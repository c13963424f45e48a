//! What tests read in an answer, and how they judge it.

use serde_json::Value;

use crate::ctim::{self, Expectation, Route};

/// Fails unless the answer is valid and keeps the limit for each observable that was asked.
///
/// # Panics
///
/// As [`ctim::assert_valid`].
#[track_caller]
pub fn assert_valid(route: Route, wanted: &Value, answer: &Value, limit: usize) {
    ctim::assert_valid(route, answer, &Expectation::about(wanted).at_most(limit));
}

/// The same for sightings and the like, where relationships do not count: they follow from the
/// rest.
///
/// # Panics
///
/// As [`ctim::assert_valid`].
#[track_caller]
pub fn assert_valid_free_edges(wanted: &Value, answer: &Value, limit: usize) {
    ctim::assert_valid(Route::Observe, answer, &Expectation::about(wanted));
    let mut findings =
        ctim::check(Route::Observe, answer, &Expectation::about(wanted).at_most(limit));
    findings.retain(|finding| finding.rule == "limit" && !finding.path.ends_with("relationships"));
    assert_eq!(findings, []);
}

/// The documents of a collection; none where it is missing.
pub fn docs<'a>(answer: &'a Value, collection: &str) -> &'a [Value] {
    answer["data"][collection]["docs"].as_array().map_or(&[], Vec::as_slice)
}

/// How many documents of a collection are there.
pub fn count(answer: &Value, collection: &str) -> usize {
    docs(answer, collection).len()
}

/// Type and code of each error.
///
/// # Panics
///
/// When an error lacks one of them.
#[track_caller]
pub fn codes(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| (word(error, "type"), word(error, "code"))).collect()
}

/// The message of the only error.
///
/// # Panics
///
/// When there is not exactly one error.
#[track_caller]
pub fn message(answer: &Value) -> &str {
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{answer}");
    word(&errors[0], "message")
}

fn word<'a>(error: &'a Value, name: &str) -> &'a str {
    error[name].as_str().expect("every error has type, code and message")
}
