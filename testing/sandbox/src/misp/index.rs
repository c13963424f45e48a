//! `/events/index`, where links to MISP lead: events that contain a text.
//!
//! Read: `searchall` (values, comments, tags, titles, uuids, organisations), `searchattribute` (values), as
//! named arguments or in the data.

use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{
    access::User,
    call::{Call, reply},
    collation::like,
    content::{Attribute, Content, Event},
    filter::text,
    row::{Detail, View},
    search::Parameters,
    server::Server,
};
use crate::lock::locked;

pub(super) fn index(server: &Server, user: User, call: &Call, given: &Parameters) -> Response {
    let content = &locked(&server.content);
    let view = server.view(content, user, Detail::read(&Map::new()));
    let argument = |short: &str| {
        let long = format!("search{short}");
        let value = call.named.get(&long).or_else(|| given.get(&long)).or_else(|| given.get(short));
        value.map(text).filter(|text| !matches!(text.as_str(), "" | "0"))
    };
    let all = argument("all").map(|text| format!("%{}%", text.to_lowercase()));
    let attribute = argument("attribute");
    let events = content.events.iter().filter(|event| view.shows_event(event));
    let found = events.filter(|event| {
        all.as_ref().is_none_or(|pattern| contains(&view, event, pattern))
            && attribute.as_ref().is_none_or(|terms| holds(&view, event, terms))
    });
    let found: Vec<Value> = found.map(|event| shown(content, event, server)).collect();
    ([("x-result-count", found.len().to_string())], reply(&found)).into_response()
}

/// Whether anything of the event fits the pattern.
fn contains(view: &View<'_>, event: &Event, pattern: &str) -> bool {
    let tags: Vec<u64> = view.content.tag_ids(|name| like(name, pattern)).collect();
    let tagged = |ids: &[u64]| ids.iter().any(|id| tags.contains(id));
    let organisation = view.content.organisation(event.orgc_id).map_or("", |known| &known.name);
    [&event.info, &event.uuid, organisation].into_iter().any(|text| like(text, pattern))
        || tagged(&event.tags)
        || event.attributes.iter().any(|row| tagged(&row.tags))
        || visible(view, event).any(|row| fits(row, pattern) || like(&row.comment, pattern))
}

/// Whether the event holds one of the texts that stand between pipes.
fn holds(view: &View<'_>, event: &Event, terms: &str) -> bool {
    let patterns: Vec<_> = terms.split('|').map(|term| format!("%{term}%")).collect();
    visible(view, event).any(|row| patterns.iter().any(|pattern| fits(row, pattern)))
}

fn visible<'a>(view: &'a View<'_>, event: &'a Event) -> impl Iterator<Item = &'a Attribute> {
    event.attributes.iter().filter(|row| !row.deleted && view.shows(event, row))
}

fn fits(row: &Attribute, pattern: &str) -> bool {
    row.halves().iter().any(|half| like(half.text, pattern))
}

fn shown(content: &Content, event: &Event, server: &Server) -> Value {
    let number = |number| server.numbers.number(number);
    let organisation = |id| {
        let known = content.organisation(id);
        json!({"id": number(id), "name": known.map(|it| &it.name), "uuid": known.map(|it| &it.uuid)})
    };
    json!({
        "id": number(event.id),
        "org_id": number(event.org_id),
        "date": event.date,
        "info": event.info,
        "uuid": event.uuid,
        "published": event.published,
        "analysis": number(event.analysis),
        "attribute_count": event.attributes.len().to_string(),
        "orgc_id": number(event.orgc_id),
        "timestamp": number(event.timestamp),
        "distribution": number(event.distribution),
        "threat_level_id": number(event.threat_level_id),
        "publish_timestamp": number(event.publish_timestamp),
        "Org": organisation(event.org_id),
        "Orgc": organisation(event.orgc_id),
    })
}
