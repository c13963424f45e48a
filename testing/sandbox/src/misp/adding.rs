//! `/attributes/add/EVENT`: stores one attribute, or tells why not.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, json};

use super::{
    access::{MispError, User},
    call::{Call, reply},
    content::{Attribute, Event, Stored, inherited},
    filter::text,
    row::fields,
    search::Parameters,
    server::Server,
    storing,
};
use crate::lock::locked;

/// Types with their first category, whether they are for detection, and their further categories.
const TYPES: [(&str, &str, bool, &[&str]); 32] = [
    ("domain", NETWORK, true, &[EXTERNAL]),
    ("hostname", NETWORK, true, &[EXTERNAL]),
    ("domain|ip", NETWORK, true, &[EXTERNAL]),
    ("ip-src", NETWORK, true, &[DELIVERY, EXTERNAL]),
    ("ip-dst", NETWORK, true, &[DELIVERY, EXTERNAL]),
    ("ip-src|port", NETWORK, true, &[DELIVERY, EXTERNAL]),
    ("ip-dst|port", NETWORK, true, &[DELIVERY, EXTERNAL]),
    ("hostname|port", NETWORK, true, &[]),
    ("url", NETWORK, true, &[DELIVERY, EXTERNAL]),
    ("uri", NETWORK, true, &[]),
    ("user-agent", NETWORK, false, &[DELIVERY, EXTERNAL]),
    ("AS", NETWORK, false, &[DELIVERY, EXTERNAL]),
    ("mac-address", NETWORK, false, &[DELIVERY]),
    ("md5", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("sha1", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("sha256", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("filename", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("filename|sha256", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("email", "Social network", true, &[DELIVERY, NETWORK]),
    ("email-src", DELIVERY, true, &[NETWORK]),
    ("email-dst", NETWORK, true, &[DELIVERY]),
    ("filename|md5", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("filename|sha1", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("link", EXTERNAL, false, &[DELIVERY]),
    ("port", NETWORK, false, &[DELIVERY]),
    ("regkey|value", "Persistence mechanism", true, &["Artifacts dropped"]),
    ("sha512", DELIVERY, true, &[EXTERNAL, "Payload installation"]),
    ("mutex", "Artifacts dropped", true, &["Payload installation"]),
    ("regkey", "Persistence mechanism", true, &["Artifacts dropped"]),
    ("vulnerability", EXTERNAL, false, &[DELIVERY]),
    ("text", "Other", false, &[NETWORK, DELIVERY, EXTERNAL]),
    ("comment", "Other", false, &[NETWORK, DELIVERY, EXTERNAL]),
];
const NETWORK: &str = "Network activity";
const DELIVERY: &str = "Payload delivery";
const EXTERNAL: &str = "External analysis";

const SIMILAR: &str = "A similar attribute already exists for this event.";
const SWAPPED: &str = "Last seen value should be greater than first seen value";

/// The field that is wrong, and the server's words for it.
type Refusal = (&'static str, String);

/// Adds an attribute to the event whose id stands in the path.
pub(super) fn add(
    server: &Server,
    user: User,
    call: &Call,
    given: &Parameters,
) -> Result<Response, MispError> {
    user.check_sighting()?;
    let content = &mut *locked(&server.content);
    let newest = content.attributes().map(|(_, row)| row.id).max().unwrap_or(0);
    let id = call.arguments.first().and_then(|id| id.parse().ok());
    let event = content.events.iter_mut().find(|event| {
        Some(event.id) == id && (user.site_admin || event.org_id == user.organisation)
    });
    let event = event.ok_or_else(MispError::not_found)?;
    Ok(match read(event, given) {
        Ok(mut row) => {
            row.id = newest + 1;
            row.uuid = format!("2c3d4e5f-6071-4283-94a6-{:012x}", row.id);
            row.timestamp = server.now();
            let shown = fields(&row, event.id, server.numbers);
            Arc::make_mut(event).attributes.push(row);
            reply(&json!({"Attribute": shown}))
        }
        Err((field, reason)) => refused(field, &reason),
    })
}

fn refused(field: &str, reason: &str) -> Response {
    let message = "Could not add Attribute";
    let errors = Map::from_iter([(field.to_owned(), json!([reason]))]);
    let body = json!({"saved": false, "name": message, "message": message, "url": "/attributes/add",
        "errors": errors});
    (StatusCode::FORBIDDEN, reply(&body)).into_response()
}

fn read(event: &Event, given: &Parameters) -> Result<Attribute, Refusal> {
    let field = |name: &str| given.get(name).map(text).unwrap_or_default();
    let kind = field("type");
    let known = TYPES.iter().find(|(name, ..)| *name == kind);
    let Some((_, default, to_ids, further)) = known else {
        return Err(("type", "Invalid type.".to_owned()));
    };
    let category = given.get("category").map_or_else(|| (*default).to_owned(), text);
    if category != *default && !further.contains(&category.as_str()) {
        return Err(("type", "Options depend on the selected category.".to_owned()));
    }
    let value = storing::stored(&kind, &field("value")).map_err(|reason| ("value", reason))?;
    let value = Stored::from(value);
    let same =
        |row: &&Attribute| row.kind == kind && row.category == category && row.value.equals(&value);
    if event.attributes.iter().any(|row| !row.deleted && same(&row)) {
        return Err(("value", SIMILAR.to_owned()));
    }
    let seen = |name: &str| given.get(name).filter(|seen| !seen.is_null()).map(text);
    let (first_seen, last_seen) = (seen("first_seen"), seen("last_seen"));
    if first_seen.as_ref().zip(last_seen.as_ref()).is_some_and(|(first, last)| last < first) {
        return Err(("last_seen", SWAPPED.to_owned()));
    }
    Ok(Attribute {
        id: 0,
        uuid: String::new(),
        kind,
        category,
        value,
        timestamp: 0,
        to_ids: *to_ids,
        distribution: inherited(),
        sharing_group_id: 0,
        comment: field("comment"),
        object_id: 0,
        object_relation: None,
        first_seen,
        last_seen,
        deleted: false,
        tags: Vec::new(),
    })
}
