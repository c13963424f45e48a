//! Sightings: who sees them, and the actions `/sightings/add` and `/sightings/listSightings`.

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    access::{MispError, User},
    call::{Call, reply},
    collation::key,
    content::{Attribute, Content, Event},
    filter::{is_empty, leading_number, text},
    installation::Numbers,
    row::{Detail, View},
    search::{Parameters, found},
    server::Server,
};
use crate::lock::locked;

const NO_ATTRIBUTES: &str = "No valid attributes found that match the criteria.";
const NO_VALUES: &str = "No valid attributes found.";
const INVALID_TYPE: &str = "Invalid type, please change it before you POST 1000000 sightings.";

/// The type of a sighting that says "seen".
const SEEN: u8 = 0;
/// The type of an expiration, of which an attribute has one by each organisation.
const EXPIRATION: u8 = 2;
/// The database cuts a longer source.
const SOURCE_CHARACTERS: usize = 255;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sighting {
    id: u64,
    attribute_id: u64,
    event_id: u64,
    org_id: u64,
    /// Unix seconds.
    date_sighting: u64,
    uuid: String,
    source: String,
    /// 0 seen, 1 false positive, 2 expiration.
    #[serde(rename = "type")]
    kind: u8,
}

impl Sighting {
    fn shown(&self, numbers: Numbers) -> Value {
        json!({
            "id": numbers.number(self.id),
            "attribute_id": numbers.number(self.attribute_id),
            "event_id": numbers.number(self.event_id),
            "org_id": numbers.number(self.org_id),
            "date_sighting": numbers.number(self.date_sighting),
            "uuid": self.uuid,
            "source": self.source,
            "type": numbers.number(self.kind.into()),
        })
    }
}

/// The sightings of an attribute that the user sees: all at events of the own organisation, else those of
/// the own organisation.
fn visible<'a>(
    view: &'a View<'_>,
    event: &'a Event,
    attribute: u64,
) -> impl Iterator<Item = &'a Sighting> {
    let own = view.user.organisation;
    let all = view.user.site_admin || event.org_id == own;
    let sightings = view.content.sightings.iter().filter(move |one| one.attribute_id == attribute);
    sightings.filter(move |sighting| all || sighting.org_id == own)
}

/// What `includeSightings` shows at an attribute.
pub(super) fn of_attribute(view: &View<'_>, event: &Event, of: &Attribute) -> Vec<Value> {
    let sightings = visible(view, event, of.id).map(|sighting| {
        let mut shown = sighting.shown(view.numbers);
        shown["attribute_uuid"] = of.uuid.as_str().into();
        if let Some(organisation) = view.content.organisation(sighting.org_id) {
            shown["Organisation"] = json!({"id": view.numbers.number(sighting.org_id),
                "uuid": organisation.uuid, "name": organisation.name});
        }
        shown
    });
    sightings.collect()
}

/// When the attribute was seen last.
pub(super) fn last_seen(content: &Content, attribute: u64) -> Option<u64> {
    let of = |sighting: &&Sighting| sighting.attribute_id == attribute && sighting.kind == SEEN;
    content.sightings.iter().filter(of).map(|sighting| sighting.date_sighting).max()
}

/// `/sightings/listSightings/ID/attribute`: newest first.
pub(super) fn list(server: &Server, user: User, call: &Call) -> Result<Response, MispError> {
    let content = &locked(&server.content);
    let view = server.view(content, user, Detail::read(&Map::new()));
    let id = call.arguments.first().and_then(|id| id.parse().ok());
    let found =
        content.attributes().find(|(event, row)| Some(row.id) == id && view.shows(event, row));
    let (event, row) = found.ok_or_else(MispError::not_found)?;
    let mut sightings: Vec<_> = visible(&view, event, row.id).collect();
    sightings.sort_by_key(|sighting| std::cmp::Reverse(sighting.date_sighting));
    let shown = sightings.into_iter().map(|sighting| {
        let organisation = content.organisation(sighting.org_id).map(|known| &known.name);
        json!({"Sighting": sighting.shown(view.numbers), "Organisation": {"name": organisation}})
    });
    Ok(reply(&shown.collect::<Vec<_>>()))
}

/// `/sightings/add`, also with an id behind it. Answers with the last sighting that was added, and to a
/// script in a page with their number.
pub(super) fn add(
    server: &Server,
    user: User,
    call: &Call,
    given: &Parameters,
) -> Result<Response, MispError> {
    user.check_sighting()?;
    let given = match given.get("Sighting") {
        Some(Value::Object(wrapped)) => wrapped,
        _ => given,
    };
    let added = record(server, user, call, given)?;
    let reason = |reason| format!("Could not add the Sighting. Reason: {reason}");
    Ok(reply(&match (added, call.is_script) {
        (Ok((_, number)), true) => {
            let plural = if number == 1 { "" } else { "s" };
            json!({"saved": true, "success": format!("{number} sighting{plural}  added.")})
        }
        (Ok((last, _)), false) => json!({"Sighting": last.shown(server.numbers)}),
        (Err(error), true) => json!({"saved": false, "errors": reason(error)}),
        (Err(error), false) => json!({"message": reason(error)}),
    }))
}

/// What came of a request that the server could read; the error is its reason to do nothing.
type Outcome<T> = Result<T, &'static str>;

/// Adds one sighting to each attribute that is meant. Returns the last one and their number.
fn record(
    server: &Server,
    user: User,
    call: &Call,
    given: &Parameters,
) -> Result<Outcome<(Sighting, usize)>, MispError> {
    let Some(kind) = kind(given.get("type")) else {
        return Ok(Err(INVALID_TYPE));
    };
    let content = &mut *locked(&server.content);
    let meant = match meant(server, content, user, call, given)? {
        Ok(meant) if meant.is_empty() => return Ok(Err(NO_ATTRIBUTES)),
        Ok(meant) => meant,
        Err(reason) => return Ok(Err(reason)),
    };
    let date = given.get("timestamp").map(|date| leading_number(&text(date)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Unix seconds")]
    let date = date.map_or(server.now(), |date| date as u64);
    let source = given.get("source").map(text).unwrap_or_default();
    let source: String = source.trim().chars().take(SOURCE_CHARACTERS).collect();
    let number = meant.len();
    for (event_id, attribute_id) in meant {
        let own =
            |one: &Sighting| one.attribute_id == attribute_id && one.org_id == user.organisation;
        if kind == EXPIRATION {
            content.sightings.retain(|old| !own(old) || old.kind != EXPIRATION);
        }
        let id = server.next_sighting();
        content.sightings.push(Sighting {
            id,
            attribute_id,
            event_id,
            org_id: user.organisation,
            date_sighting: date,
            uuid: format!("2c3d4e5f-6071-4283-94a5-{id:012x}"),
            source: source.clone(),
            kind,
        });
    }
    Ok(content.sightings.last().cloned().map(|last| (last, number)).ok_or(NO_ATTRIBUTES))
}

/// The number of a type; a sighting by default.
fn kind(value: Option<&Value>) -> Option<u8> {
    value.map_or(Some(SEEN), |value| text(value).parse().ok().filter(|kind| *kind <= EXPIRATION))
}

/// Event and attribute ids of what a sighting is for: attributes by ids or uuid, attributes of a search
/// by values and `filters`, or every attribute with one of the values, deleted ones too.
fn meant(
    server: &Server,
    content: &Content,
    user: User,
    call: &Call,
    given: &Parameters,
) -> Result<Outcome<Vec<(u64, u64)>>, MispError> {
    let view = server.view(content, user, Detail::read(&Map::new()));
    let visible = content.attributes().filter(|(event, row)| view.shows(event, row));
    let pair = |(event, row): (&Event, &Attribute)| (event.id, row.id);
    let id = call.arguments.first().map(|id| Value::from(id.as_str()));
    let id = id.or_else(|| given.get("uuid").or_else(|| given.get("id")).cloned());
    if let Some(id) = id.filter(|id| !is_empty(id)) {
        if id.is_array() || id.is_object() {
            return Err(MispError::internal());
        }
        let (id, ids) = (text(&id), id_list(&text(&id)));
        let of = visible.filter(|(_, row)| row.uuid == id || ids.contains(&row.id));
        return Ok(Ok(of.map(pair).collect()));
    }
    let values = values(given);
    if values.is_empty() {
        return Ok(Err(NO_VALUES));
    }
    if let Some(Value::Object(filters)) = given.get("filters").filter(|filters| !is_empty(filters))
    {
        let mut search = filters.clone();
        search.insert("value".to_owned(), values.into());
        return Ok(Ok(found(&view, &search)?.into_iter().map(pair).collect()));
    }
    let keys: Vec<String> = values.iter().map(|value| key(&text(value))).collect();
    let holds =
        |row: &Attribute| row.halves().iter().any(|half| keys.iter().any(|key| key == half.key));
    Ok(Ok(visible.filter(|(_, row)| holds(row)).map(pair).collect()))
}

/// The texts of `value`, which counts even if it is empty, else of `values`.
fn values(given: &Parameters) -> Vec<Value> {
    match (given.get("value").filter(|value| !value.is_null()), given.get("values")) {
        (Some(value), _) => vec![value.clone()],
        (None, Some(Value::Array(items))) => items.clone(),
        (None, Some(Value::Object(items))) => items.values().cloned().collect(),
        (None, Some(single)) if !is_empty(single) => vec![single.clone()],
        _ => Vec::new(),
    }
}

/// Ids with pipes between them.
fn id_list(text: &str) -> Vec<u64> {
    text.split('|').filter_map(|id| id.parse().ok()).collect()
}
