//! One attribute as the server writes it, in the dialect of its event.

use serde::{Serialize, Serializer};

use super::{
    events::{Attribute, Dialect, Event, Organisation, Tag},
    server::Server,
    sighting::Sighting,
};

/// The organisation that runs this server.
pub(super) const OWN_ORGANISATION: u64 = 1;
/// The distribution of attributes: that of their event.
const INHERITED: u64 = 5;

/// What the caller asked for beside the attribute itself.
#[derive(Clone, Copy)]
pub(super) struct Detail {
    pub(super) context: bool,
    pub(super) event_tags: bool,
    pub(super) sightings: bool,
}

struct Number(Dialect, u64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Dialect::Numbers => to.serialize_u64(self.1),
            Dialect::Text | Dialect::Digits => to.collect_str(&self.1),
        }
    }
}

struct Flag(Dialect, bool);

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Dialect::Text => to.serialize_bool(self.1),
            Dialect::Numbers => to.serialize_u8(self.1.into()),
            Dialect::Digits => to.collect_str(&u8::from(self.1)),
        }
    }
}

#[derive(Serialize)]
pub(super) struct AttributeRow<'a> {
    id: Number,
    event_id: Number,
    object_id: Number,
    object_relation: Option<&'a str>,
    category: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    to_ids: Flag,
    uuid: &'a str,
    timestamp: Number,
    distribution: Number,
    sharing_group_id: Number,
    comment: Option<&'a str>,
    deleted: Flag,
    disable_correlation: Flag,
    first_seen: Option<&'a str>,
    last_seen: Option<&'a str>,
    value: &'a str,
    #[serde(rename = "Event")]
    event: EventPart<'a>,
    #[serde(rename = "Tag", skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagRow<'a>>,
    #[serde(rename = "Sighting", skip_serializing_if = "Option::is_none")]
    sightings: Option<Vec<Sighting>>,
}

impl<'a> AttributeRow<'a> {
    pub(super) fn new(
        server: &'a Server,
        event: &'a Event,
        attribute: &'a Attribute,
        detail: Detail,
    ) -> Self {
        let number = |value| Number(event.dialect, value);
        let flag = |value| Flag(event.dialect, value);
        Self {
            id: number(attribute.id),
            event_id: number(event.id),
            object_id: number(attribute.object_id),
            object_relation: attribute.object_relation.as_deref(),
            category: &attribute.category,
            kind: &attribute.kind,
            to_ids: flag(attribute.to_ids),
            uuid: &attribute.uuid,
            timestamp: number(attribute.timestamp),
            distribution: number(INHERITED),
            sharing_group_id: number(0),
            comment: attribute.comment.as_deref(),
            deleted: flag(attribute.deleted),
            disable_correlation: flag(false),
            first_seen: attribute.first_seen.as_deref(),
            last_seen: attribute.last_seen.as_deref(),
            value: &attribute.value,
            event: EventPart::new(server, event, detail),
            tags: tags_of_attribute(server, event, attribute, detail),
            sightings: detail.sightings.then(|| server.sightings_of(attribute.id)),
        }
    }
}

/// The event header with context, else the little that always comes.
#[derive(Serialize)]
#[serde(untagged)]
enum EventPart<'a> {
    Header(Box<EventHeader<'a>>),
    Stub { org_id: Number, distribution: Number, publish_timestamp: Number },
}

impl<'a> EventPart<'a> {
    fn new(server: &'a Server, event: &'a Event, detail: Detail) -> Self {
        if detail.context {
            return Self::Header(Box::new(EventHeader::new(server, event)));
        }
        Self::Stub {
            org_id: Number(event.dialect, OWN_ORGANISATION),
            distribution: Number(event.dialect, event.distribution),
            publish_timestamp: Number(event.dialect, event.publish_timestamp),
        }
    }
}

#[derive(Serialize)]
struct EventHeader<'a> {
    id: Number,
    orgc_id: Number,
    org_id: Number,
    date: Option<&'a str>,
    threat_level_id: Number,
    info: &'a str,
    published: Flag,
    uuid: &'a str,
    analysis: Number,
    timestamp: Number,
    distribution: Number,
    publish_timestamp: Number,
    sharing_group_id: Number,
    extends_uuid: Option<&'a str>,
    #[serde(rename = "Tag", skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagRow<'a>>>,
    #[serde(rename = "Orgc", skip_serializing_if = "Option::is_none")]
    creator: Option<OrganisationRow<'a>>,
}

impl<'a> EventHeader<'a> {
    fn new(server: &'a Server, event: &'a Event) -> Self {
        let number = |value| Number(event.dialect, value);
        let creator = server.events.organisation(event.orgc_id);
        Self {
            id: number(event.id),
            orgc_id: number(event.orgc_id),
            org_id: number(OWN_ORGANISATION),
            date: event.date.as_deref(),
            threat_level_id: number(event.threat_level_id),
            info: &event.info,
            published: Flag(event.dialect, event.published),
            uuid: &event.uuid,
            analysis: number(event.analysis),
            timestamp: number(event.timestamp),
            distribution: number(event.distribution),
            publish_timestamp: number(event.publish_timestamp),
            sharing_group_id: number(0),
            extends_uuid: event.extends_uuid.as_deref(),
            tags: event.tags.as_deref().map(|ids| tags_of_event(server, event, ids)),
            creator: creator.map(|about| OrganisationRow { id: number(event.orgc_id), about }),
        }
    }
}

#[derive(Serialize)]
struct OrganisationRow<'a> {
    id: Number,
    #[serde(flatten)]
    about: &'a Organisation,
}

#[derive(Serialize)]
struct TagRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<u8>,
    id: Number,
    #[serde(flatten)]
    about: &'a Tag,
    numerical_value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inherited: Option<u8>,
}

impl<'a> TagRow<'a> {
    fn new(dialect: Dialect, (id, about): (u64, &'a Tag)) -> Self {
        Self { local: None, id: Number(dialect, id), about, numerical_value: None, inherited: None }
    }
}

fn tags_of_event<'a>(server: &'a Server, event: &Event, ids: &'a [u64]) -> Vec<TagRow<'a>> {
    let rows = server.events.tags(ids).map(|tag| TagRow::new(event.dialect, tag));
    rows.map(|row| TagRow { local: Some(0), ..row }).collect()
}

/// The attribute's own tags, and those of its event if they were asked for.
fn tags_of_attribute<'a>(
    server: &'a Server,
    event: &'a Event,
    attribute: &'a Attribute,
    detail: Detail,
) -> Vec<TagRow<'a>> {
    let of_event = event.tags.as_deref().filter(|_| detail.event_tags).unwrap_or_default();
    let row = |tag| TagRow::new(event.dialect, tag);
    let inherited = server.events.tags(of_event).map(row);
    let own = server.events.tags(&attribute.tags).map(row);
    own.chain(inherited.map(|row| TagRow { inherited: Some(1), ..row })).collect()
}
