//! `POST /sightings/add`.

use std::sync::Arc;

use axum::{Json, extract::State};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    access::{MispError, Role},
    attribute::OWN_ORGANISATION,
    filter::text,
    server::Server,
};
use crate::lock::locked;

const PATH: &str = "/sightings/add";
const NO_RIGHT: &str = "You do not have permission to use this functionality.";
const NO_ATTRIBUTES: &str =
    "Could not add the Sighting. Reason: No valid attributes found that match the criteria.";
const INVALID_TYPE: &str = "Could not add the Sighting. Reason: Invalid type.";
const FIRST_ID: u64 = 402;

/// The type of an expiration, of which an attribute has one.
const EXPIRATION: &str = "2";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Addition {
    values: Value,
    value: Value,
    #[serde(rename = "type")]
    kind: Value,
    source: String,
}

impl Addition {
    /// The values in lower case, taken literally.
    fn values(&self) -> Vec<String> {
        [&self.value, &self.values].into_iter().flat_map(texts).map(str::to_lowercase).collect()
    }

    /// `0` for a sighting, `1` for a false positive, `2` for an expiration; a sighting by default.
    fn kind(&self) -> Option<&'static str> {
        let kind = text(&self.kind);
        let kind = if kind == "null" { "0" } else { &kind };
        ["0", "1", EXPIRATION].into_iter().find(|known| *known == kind)
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    }
}

pub(super) async fn add(
    State(server): State<Arc<Server>>,
    role: Role,
    body: Bytes,
) -> Result<Json<Value>, MispError> {
    if !role.may_sight {
        return Err(MispError::new(StatusCode::FORBIDDEN, NO_RIGHT, PATH));
    }
    let addition: Addition = serde_json::from_slice(&body).unwrap_or_default();
    let outcome = addition.kind().ok_or(INVALID_TYPE);
    let outcome = outcome.and_then(|kind| record(&server, &addition, kind).ok_or(NO_ATTRIBUTES));
    Ok(Json(match outcome {
        Ok(sighting) => json!({"Sighting": sighting}),
        Err(message) => json!({"message": message}),
    }))
}

/// Adds one sighting for each attribute that holds one of the values, all numbers as text. Returns
/// the last one.
fn record(server: &Server, addition: &Addition, kind: &str) -> Option<Value> {
    let values = addition.values();
    let mut sightings = locked(&server.sightings);
    let mut last = None;
    for (event, attribute) in server.events.attributes() {
        if attribute.deleted || !attribute.halves().iter().any(|half| values.contains(half)) {
            continue;
        }
        let previous = sightings.last().and_then(|last| text(&last["id"]).parse::<u64>().ok());
        let id = previous.map_or(FIRST_ID, |id| id + 1);
        let sighting = json!({
            "id": id.to_string(),
            "attribute_id": attribute.id.to_string(),
            "event_id": event.id.to_string(),
            "org_id": OWN_ORGANISATION.to_string(),
            "date_sighting": server.now.as_second().to_string(),
            "uuid": format!("2c3d4e5f-6071-4283-94a5-{id:012x}"),
            "source": addition.source,
            "type": kind,
        });
        if kind == EXPIRATION {
            let own = &sighting["attribute_id"];
            sightings.retain(|old| old["attribute_id"] != *own || old["type"] != kind);
        }
        sightings.push(sighting.clone());
        last = Some(sighting);
    }
    last
}
