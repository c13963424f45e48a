//! `POST /attributes/restSearch`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    access::{MispError, Role},
    attribute::{Detail, shown},
    events::{Attribute, Event},
    filter::{Filter, is_blank, text},
    server::Server,
};

const PATH: &str = "/attributes/restSearch";
const NO_SEARCHES: &str = "API searches are not allowed for this user role.";
const NOT_JSON: &str =
    "Invalid JSON input. This request has been blocked to avoid an unfiltered request.";

/// The keys that the server reads; it ignores others.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RestSearch {
    value: Filter,
    #[serde(rename = "type")]
    kind: Filter,
    eventid: Filter,
    limit: Value,
    page: Value,
    include_context: Value,
    include_event_tags: Value,
    include_sightings: Value,
}

/// A number, written as such or as text; `None` for 0 and whatever is no number.
fn amount(value: &Value) -> Option<usize> {
    text(value).parse().ok().filter(|&amount| amount > 0)
}

impl RestSearch {
    fn finds(&self, event: &Event, attribute: &Attribute) -> bool {
        let [first, second] = attribute.halves();
        !attribute.deleted
            && self.value.passes(&[&first, &second])
            && self.kind.passes(&[&attribute.kind.to_lowercase()])
            && self.eventid.passes(&[&event.id.to_string(), &event.uuid])
    }

    /// A switch is on in any of the forms that PHP takes for true.
    fn detail(&self) -> Detail {
        Detail {
            context: !is_blank(&self.include_context),
            event_tags: !is_blank(&self.include_event_tags),
            sightings: !is_blank(&self.include_sightings),
        }
    }

    /// One page of the result; everything without a limit.
    fn run(&self, server: &Server) -> Vec<Value> {
        let limit = amount(&self.limit).unwrap_or(usize::MAX);
        let skip = (amount(&self.page).unwrap_or(1) - 1).saturating_mul(limit);
        let found = server.events.attributes().filter(|(event, one)| self.finds(event, one));
        let page = found.skip(skip).take(limit);
        page.map(|(event, attribute)| shown(server, event, attribute, self.detail())).collect()
    }
}

pub(super) async fn search(
    State(server): State<Arc<Server>>,
    role: Role,
    body: Bytes,
) -> Result<Response, MispError> {
    if !role.may_search {
        return Err(MispError::new(StatusCode::METHOD_NOT_ALLOWED, NO_SEARCHES, PATH));
    }
    let search: RestSearch = serde_json::from_slice(&body)
        .map_err(|_| MispError::new(StatusCode::BAD_REQUEST, NOT_JSON, PATH))?;
    let attributes = search.run(&server);
    let count = [("X-Result-Count", attributes.len().to_string())];
    Ok((count, Json(json!({"response": {"Attribute": attributes}}))).into_response())
}
