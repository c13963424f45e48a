//! The lists of links and actions, and the outcome of an action.

use std::collections::HashMap;

use serde_json::Value;

use super::{Route, finding::Findings, place::Place};

/// Checks `data` of an answer of `Refer` or `Respond`.
pub(super) fn check(route: Route, data: Option<&Value>, findings: &mut Findings) {
    let items = data.and_then(Value::as_array).into_iter().flatten().enumerate();
    let mut seen = HashMap::new();
    for (index, item) in items.filter(|(_, item)| item.is_object()) {
        let place = Place::root().key("data").index(index);
        let first = *seen.entry(identity(item)).or_insert(index);
        if first != index {
            findings.error("dup-id", &place.key("id"), format!("the same as item {first}"));
        }
        if item.get("categories").is_none_or(|names| names.as_array().is_some_and(Vec::is_empty)) {
            findings.warn("no-categories", &place, "no categories");
        }
        if route == Route::Respond && !says_observable(item) {
            let text = "query-params lack observable_type or observable_value";
            findings.warn("query-params", &place, text);
        }
    }
}

/// Checks the outcome that an answer of `Trigger` reports.
pub(super) fn check_status(answer: &Value, findings: &mut Findings) {
    let succeeded = answer.pointer("/data/status").is_some_and(|status| status == "success");
    let has_errors = answer.get("errors").and_then(Value::as_array).is_some_and(|e| !e.is_empty());
    if succeeded && has_errors {
        let text = "the status is success although errors are reported";
        findings.error("trigger-status", &Place::root(), text);
    }
}

/// Two actions may share an id when they are called with different parameters.
fn identity(item: &Value) -> String {
    let part = |key| item.get(key).map(Value::to_string).unwrap_or_default();
    format!("{}{}", part("id"), part("query-params"))
}

fn says_observable(action: &Value) -> bool {
    let params = action.get("query-params");
    let has = |key| params.and_then(|params| params.get(key)).is_some();
    has("observable_type") && has("observable_value")
}
