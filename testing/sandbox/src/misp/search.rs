//! `POST /attributes/restSearch`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    access::{Refusal, Role},
    events::{Attribute, Event},
    filter::{Filter, is_blank, text},
    row::{AttributeRow, Detail},
    server::Server,
};

const PATH: &str = "/attributes/restSearch";
const NO_SEARCHES: &str = "API searches are not allowed for this user role.";
const NOT_JSON: &str =
    "Invalid JSON input. This request has been blocked to avoid an unfiltered request.";

/// The keys that the server reads; it ignores others.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Search {
    value: Filter,
    #[serde(rename = "type")]
    kind: Filter,
    eventid: Filter,
    limit: Amount,
    page: Amount,
    include_context: Switch,
    include_event_tags: Switch,
    include_sightings: Switch,
}

/// A switch in any of the forms that PHP takes for true.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Switch(bool);

impl From<Value> for Switch {
    fn from(value: Value) -> Self {
        Self(!is_blank(&value))
    }
}

/// A number, written as such or as text; `None` for 0 and whatever is no number.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Amount(Option<usize>);

impl From<Value> for Amount {
    fn from(value: Value) -> Self {
        Self(text(&value).parse().ok().filter(|&amount| amount > 0))
    }
}

impl Search {
    fn wants(&self, event: &Event, attribute: &Attribute) -> bool {
        let [first, second] = attribute.halves();
        !attribute.deleted
            && self.value.passes(&[&first, &second])
            && self.kind.passes(&[&attribute.kind.to_lowercase()])
            && self.eventid.passes(&[&event.id.to_string(), &event.uuid])
    }

    /// How many hits to pass over and how many to give; everything without a limit.
    fn window(&self) -> (usize, usize) {
        let limit = self.limit.0.unwrap_or(usize::MAX);
        let earlier = self.page.0.unwrap_or(1) - 1;
        (earlier.saturating_mul(limit), limit)
    }

    fn detail(&self) -> Detail {
        Detail {
            context: self.include_context.0,
            event_tags: self.include_event_tags.0,
            sightings: self.include_sightings.0,
        }
    }

    fn run<'a>(&self, server: &'a Server) -> Vec<AttributeRow<'a>> {
        let (skip, limit) = self.window();
        let hits = server.events.attributes().filter(|(event, row)| self.wants(event, row));
        hits.skip(skip)
            .take(limit)
            .map(|(event, attribute)| AttributeRow::new(server, event, attribute, self.detail()))
            .collect()
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    response: Rows<'a>,
}

#[derive(Serialize)]
struct Rows<'a> {
    #[serde(rename = "Attribute")]
    attributes: Vec<AttributeRow<'a>>,
}

pub(super) async fn answer(
    State(server): State<Arc<Server>>,
    role: Role,
    body: Bytes,
) -> Result<Response, Refusal> {
    if !role.may_search {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, NO_SEARCHES, PATH));
    }
    let search: Search = serde_json::from_slice(&body)
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, NOT_JSON, PATH))?;
    let attributes = search.run(&server);
    let count = [("X-Result-Count", attributes.len().to_string())];
    Ok((count, Json(Answer { response: Rows { attributes } })).into_response())
}
