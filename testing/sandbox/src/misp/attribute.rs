//! One attribute as the server writes it, in the dialect of its event.

use serde_json::{Value, json};

use super::{
    events::{Attribute, Dialect, Event},
    server::Server,
};

/// The organisation that runs this server.
pub(super) const OWN_ORGANISATION: u64 = 1;
/// The distribution of attributes: that of their event.
const INHERITED: u64 = 5;

/// What the request asks for beside the attribute itself.
#[derive(Clone, Copy)]
pub(super) struct Detail {
    pub(super) context: bool,
    pub(super) event_tags: bool,
    pub(super) sightings: bool,
}

impl Dialect {
    fn number(self, number: u64) -> Value {
        match self {
            Self::Numbers => number.into(),
            Self::Text | Self::Digits => number.to_string().into(),
        }
    }

    fn flag(self, flag: bool) -> Value {
        match self {
            Self::Text => flag.into(),
            Self::Numbers | Self::Digits => self.number(flag.into()),
        }
    }
}

pub(super) fn shown(server: &Server, event: &Event, of: &Attribute, detail: Detail) -> Value {
    let dialect = event.dialect;
    let mut attribute = json!({
        "id": dialect.number(of.id),
        "event_id": dialect.number(event.id),
        "object_id": dialect.number(of.object_id),
        "object_relation": of.object_relation,
        "category": of.category,
        "type": of.kind,
        "to_ids": dialect.flag(of.to_ids),
        "uuid": of.uuid,
        "timestamp": dialect.number(of.timestamp),
        "distribution": dialect.number(INHERITED),
        "sharing_group_id": dialect.number(0),
        "comment": of.comment,
        "deleted": dialect.flag(of.deleted),
        "disable_correlation": dialect.flag(false),
        "first_seen": of.first_seen,
        "last_seen": of.last_seen,
        "value": of.value,
        "Event": if detail.context { header(server, event) } else { stub(event) },
    });
    let inherited = event.tags.as_deref().filter(|_| detail.event_tags).unwrap_or_default();
    let own = tags(server, event, &of.tags, None);
    let tags: Vec<Value> =
        own.into_iter().chain(tags(server, event, inherited, Some("inherited"))).collect();
    if !tags.is_empty() {
        attribute["Tag"] = tags.into();
    }
    if detail.sightings {
        attribute["Sighting"] = server.sightings_of(of.id).into();
    }
    attribute
}

/// The little of an event that always comes.
fn stub(event: &Event) -> Value {
    json!({
        "org_id": event.dialect.number(OWN_ORGANISATION),
        "distribution": event.dialect.number(event.distribution),
        "publish_timestamp": event.dialect.number(event.publish_timestamp),
    })
}

/// The event's header, which comes with the context.
fn header(server: &Server, event: &Event) -> Value {
    let number = |number| event.dialect.number(number);
    let mut header = json!({
        "id": number(event.id),
        "orgc_id": number(event.orgc_id),
        "org_id": number(OWN_ORGANISATION),
        "date": event.date,
        "threat_level_id": number(event.threat_level_id),
        "info": event.info,
        "published": event.dialect.flag(event.published),
        "uuid": event.uuid,
        "analysis": number(event.analysis),
        "timestamp": number(event.timestamp),
        "distribution": number(event.distribution),
        "publish_timestamp": number(event.publish_timestamp),
        "sharing_group_id": number(0),
        "extends_uuid": event.extends_uuid,
    });
    if let Some(ids) = &event.tags {
        let tags = tags(server, event, ids, None);
        header["Tag"] = tags.into_iter().map(|tag| marked(tag, "local", 0)).collect();
    }
    if let Some(creator) = server.events.organisation(event.orgc_id) {
        let id = number(event.orgc_id);
        header["Orgc"] = json!({"id": id, "name": creator.name, "uuid": creator.uuid});
    }
    header
}

/// The tags with these ids, with a mark if one is given.
fn tags(server: &Server, event: &Event, ids: &[u64], mark: Option<&str>) -> Vec<Value> {
    let tags = server.events.tags(ids).map(|(id, tag)| {
        let id = event.dialect.number(id);
        json!({"id": id, "name": tag.name, "colour": tag.colour, "numerical_value": null})
    });
    match mark {
        Some(mark) => tags.map(|tag| marked(tag, mark, 1)).collect(),
        None => tags.collect(),
    }
}

fn marked(mut tag: Value, mark: &str, value: u8) -> Value {
    tag[mark] = value.into();
    tag
}
