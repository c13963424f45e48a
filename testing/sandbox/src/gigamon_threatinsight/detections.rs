//! The detections family: detections by indicator, and the events of a detection.

use std::net::IpAddr;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    Records, Shared,
    accounts::Caller,
    parameters::{GigamonError, Parameters},
    records::{DetectionRecord, time_of},
};

const STATUSES: [&str; 2] = ["active", "resolved"];
const SORT_FIELDS: [&str; 4] = ["last_seen", "first_seen", "created", "updated"];
const ORDERS: [&str; 2] = ["desc", "asc"];
const PARTS: [&str; 2] = ["indicators", "rules"];

/// `GET /detections`: by `indicator_value` and `status`, both optional; `include` adds indicators
/// and rules.
pub(super) async fn list(
    caller: Caller,
    State(data): State<Shared>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, GigamonError> {
    let records = caller.records(&data);
    let parameters = Parameters::new(query.as_deref());
    let page = parameters.page()?;
    let sort_by = parameters.choice("sort_by", &SORT_FIELDS)?;
    let includes = included(&parameters)?;
    let mut found = matching(records, &parameters)?;
    found.sort_by_key(|record| time_of(&record.detection, sort_by));
    if parameters.choice("sort_order", &ORDERS)? == "desc" {
        found.reverse();
    }
    let total = found.len();
    let shown: Vec<_> = page.of(found).iter().map(|one| shown(one, &includes)).collect();
    let mut answer = json!({
        "total_count": total, "result_count": shown.len(), "offset": page.offset,
        "limit": page.limit, "sort_by": sort_by,
    });
    if includes.contains(&"rules") {
        answer["rules"] = rules_of(&shown, records);
    }
    answer["detections"] = shown.into();
    Ok(Json(answer))
}

/// `GET /events`: the events of one detection, each with the detection's rule.
pub(super) async fn events(
    caller: Caller,
    State(data): State<Shared>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, GigamonError> {
    let records = caller.records(&data);
    let parameters = Parameters::new(query.as_deref());
    let page = parameters.page()?;
    let uuid = parameters.first("detection_uuid").ok_or_else(|| {
        GigamonError::bad_request("client.missing_parameter", "detection_uuid is needed.")
    })?;
    let detection = records.detections.iter().find(|one| one.detection["uuid"] == uuid);
    let rule = detection.map_or(&Value::Null, |one| &one.detection["rule_uuid"]);
    let found: Vec<_> = records
        .events
        .iter()
        .filter(|record| record.detections.iter().any(|detection| detection == uuid))
        .map(|record| json!({"rule_uuid": rule, "event": record.event}))
        .collect();
    let total = found.len();
    let shown = page.of(found);
    Ok(Json(json!({
        "total_count": total, "result_count": shown.len(), "offset": page.offset,
        "limit": page.limit, "events": shown,
    })))
}

fn included(parameters: &Parameters<'_>) -> Result<Vec<&'static str>, GigamonError> {
    let known = |part: &str| PARTS.into_iter().find(|known| *known == part);
    parameters
        .all("include")
        .map(|part| {
            known(part).ok_or_else(|| {
                let message = format!("include knows no {part}.");
                GigamonError::bad_request("client.invalid_parameter", message)
            })
        })
        .collect()
}

fn matching<'a>(
    records: &'a Records,
    parameters: &Parameters<'_>,
) -> Result<Vec<&'a DetectionRecord>, GigamonError> {
    let status = match parameters.first("status") {
        None => None,
        Some(_) => Some(parameters.choice("status", &STATUSES)?),
    };
    let value = parameters.first("indicator_value");
    let fits = |record: &&DetectionRecord| {
        status.is_none_or(|status| record.detection["status"] == status)
            && value.is_none_or(|value| has_indicator(record, value))
    };
    Ok(records.detections.iter().filter(fits).collect())
}

fn has_indicator(record: &DetectionRecord, expected: &str) -> bool {
    let indicators = record.detection["indicators"].as_array().into_iter().flatten();
    let values = indicators.filter_map(|indicator| indicator["values"].as_array()).flatten();
    let found_by = record.found_by.iter().map(String::as_str);
    values.filter_map(Value::as_str).chain(found_by).any(|value| same_value(value, expected))
}

/// Addresses are equal in any spelling, names and hashes in any case.
fn same_value(value: &str, expected: &str) -> bool {
    match (value.parse::<IpAddr>(), expected.parse::<IpAddr>()) {
        (Ok(value), Ok(expected)) => value == expected,
        _ => value.eq_ignore_ascii_case(expected),
    }
}

fn shown(record: &DetectionRecord, includes: &[&str]) -> Value {
    let mut detection = record.detection.clone();
    if let Some(fields) = detection.as_object_mut().filter(|_| !includes.contains(&"indicators")) {
        fields.remove("indicators");
    }
    detection
}

/// The rules of these detections, each once; a rule that was deleted is missing.
fn rules_of(detections: &[Value], records: &Records) -> Value {
    let used = |rule: &&Value| detections.iter().any(|one| one["rule_uuid"] == rule["uuid"]);
    records.rules.iter().filter(used).cloned().collect()
}
