//! `POST /sightings/add`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::{
    access::{Refusal, Role},
    filter::text,
    row::OWN_ORGANISATION,
    server::Server,
};

const PATH: &str = "/sightings/add";
const NO_RIGHT: &str = "You do not have permission to use this functionality.";
const NO_ATTRIBUTES: &str =
    "Could not add the Sighting. Reason: No valid attributes found that match the criteria.";
const BAD_TYPE: &str = "Could not add the Sighting. Reason: Invalid type.";
const FIRST_ID: u64 = 402;

/// One record, as the server writes it: all numbers are text.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sighting {
    #[serde(serialize_with = "as_text")]
    id: u64,
    #[serde(serialize_with = "as_text")]
    pub(super) attribute_id: u64,
    #[serde(serialize_with = "as_text")]
    event_id: u64,
    #[serde(serialize_with = "as_text")]
    org_id: u64,
    #[serde(serialize_with = "as_text")]
    date_sighting: u64,
    uuid: String,
    source: String,
    #[serde(rename = "type")]
    kind: Kind,
}

fn as_text<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Kind {
    #[serde(rename = "0")]
    Sighting,
    #[serde(rename = "1")]
    FalsePositive,
    #[serde(rename = "2")]
    Expiration,
}

impl Kind {
    /// The kind of a request; without one it is a sighting.
    fn read(value: &Value) -> Option<Self> {
        match text(value).as_str() {
            "0" | "null" => Some(Self::Sighting),
            "1" => Some(Self::FalsePositive),
            "2" => Some(Self::Expiration),
            _ => None,
        }
    }
}

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
    fn wanted(&self) -> Vec<String> {
        [&self.value, &self.values].into_iter().flat_map(texts).map(str::to_lowercase).collect()
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    }
}

#[derive(Serialize)]
enum Outcome {
    Sighting(Sighting),
    #[serde(rename = "message")]
    Message(&'static str),
}

pub(super) async fn add(
    State(server): State<Arc<Server>>,
    role: Role,
    body: Bytes,
) -> Result<Response, Refusal> {
    if !role.may_sight {
        return Err(Refusal::new(StatusCode::FORBIDDEN, NO_RIGHT, PATH));
    }
    let addition: Addition = serde_json::from_slice(&body).unwrap_or_default();
    let outcome = match Kind::read(&addition.kind) {
        Some(kind) => record(&server, &addition, kind),
        None => Outcome::Message(BAD_TYPE),
    };
    Ok(Json(outcome).into_response())
}

/// Adds one sighting for each attribute that holds a wanted value; only the last is answered.
fn record(server: &Server, addition: &Addition, kind: Kind) -> Outcome {
    let wanted = addition.wanted();
    let mut sightings = server.sightings();
    let mut last = None;
    for (event, attribute) in server.events.attributes() {
        if attribute.deleted || !attribute.halves().iter().any(|half| wanted.contains(half)) {
            continue;
        }
        let id = next_id(&sightings);
        let sighting = Sighting {
            id,
            attribute_id: attribute.id,
            event_id: event.id,
            org_id: OWN_ORGANISATION,
            date_sighting: u64::try_from(server.now.as_second()).unwrap_or_default(),
            uuid: format!("2c3d4e5f-6071-4283-94a5-{id:012x}"),
            source: addition.source.clone(),
            kind,
        };
        if kind == Kind::Expiration {
            sightings.retain(|old| old.attribute_id != attribute.id || old.kind != kind);
        }
        sightings.push(sighting.clone());
        last = Some(sighting);
    }
    last.map_or(Outcome::Message(NO_ATTRIBUTES), Outcome::Sighting)
}

fn next_id(sightings: &[Sighting]) -> u64 {
    sightings.last().map_or(FIRST_ID, |last| last.id + 1)
}
