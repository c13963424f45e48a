//! One attribute as the search shows it.

use serde_json::{Map, Value, json};

use super::{
    access::User,
    content::{Attribute, Content, Event, Tag},
    correlation, decay,
    filter::is_empty,
    installation::Numbers,
    sighting, warninglist,
};

/// What the request asks for beside the attribute itself, each a switch that PHP does not call empty.
#[derive(Clone, Debug)]
pub(super) struct Detail {
    context: bool,
    event_tags: bool,
    event_uuid: bool,
    all_tags: bool,
    sightings: bool,
    warnings: bool,
    correlations: bool,
    decay: Option<decay::Question>,
}

impl Detail {
    pub(super) fn read(given: &Map<String, Value>) -> Self {
        let on = |name| given.get(name).is_some_and(|value| !is_empty(value));
        let decay = on("includeDecayScore") || on("excludeDecayed");
        Self {
            context: on("includeContext"),
            event_tags: on("includeEventTags") || decay,
            event_uuid: on("includeEventUuid"),
            all_tags: on("includeAllTags"),
            sightings: on("includeSightings"),
            warnings: on("includeWarninglistHits"),
            correlations: on("includeCorrelations"),
            decay: decay.then(|| decay::Question::read(given)),
        }
    }
}

/// Who looks at what, how and when.
pub(super) struct View<'a> {
    pub(super) content: &'a Content,
    pub(super) user: User,
    pub(super) numbers: Numbers,
    pub(super) detail: Detail,
    /// Unix seconds.
    pub(super) now: u64,
}

impl View<'_> {
    pub(super) fn row(&self, event: &Event, of: &Attribute) -> Value {
        let mut row = fields(of, event.id, self.numbers);
        if self.detail.sightings {
            row["Sighting"] = sighting::of_attribute(self, event, of).into();
        }
        if self.detail.correlations {
            row["RelatedAttribute"] = correlation::related(self, event, of).into();
        }
        if self.detail.event_uuid {
            row["event_uuid"] = event.uuid.as_str().into();
        }
        row["Event"] = if self.detail.context { self.header(event) } else { self.stub(event) };
        if let Some(object) = event.object(of.object_id) {
            let number = |number| self.numbers.number(number);
            row["Object"] = json!({"id": number(object.id), "distribution": number(object.distribution),
                "sharing_group_id": number(0)});
        }
        self.add_optional(&mut row, event, of);
        row
    }

    /// Members that are there only if they hold something.
    fn add_optional(&self, row: &mut Value, event: &Event, of: &Attribute) {
        let tags = self.tags(event, of);
        if !tags.is_empty() {
            row["Tag"] = tags.into();
        }
        if self.detail.warnings {
            let hits = warninglist::hits(self.content, of, self.numbers);
            if !hits.is_empty() {
                row["warnings"] = hits.into();
            }
        }
        if let Some((scores, _)) = self.decay(of) {
            row["decay_score"] = scores.into();
        }
    }

    /// The decay scores, if asked for, and whether all models call the attribute decayed.
    pub(super) fn decay(&self, of: &Attribute) -> Option<(Vec<Value>, bool)> {
        let question = self.detail.decay.as_ref()?;
        let seen = sighting::last_seen(self.content, of.id);
        decay::scores(self.content, of, question, (seen, self.now), self.numbers)
    }

    /// Own tags, then those of the event.
    fn tags(&self, event: &Event, of: &Attribute) -> Vec<Value> {
        let inherited = if self.detail.event_tags { event.tags.as_slice() } else { &[] };
        let own = self.content.tags(&of.tags, self.detail.all_tags).map(|(id, tag)| {
            let mut tag = self.tag(id, tag);
            tag["is_galaxy"] = false.into();
            tag["local"] = false.into();
            tag
        });
        let inherited = self.content.tags(inherited, self.detail.all_tags).map(|(id, tag)| {
            let mut tag = self.tag(id, tag);
            tag["inherited"] = 1.into();
            tag
        });
        own.chain(inherited).collect()
    }

    fn tag(&self, id: u64, tag: &Tag) -> Value {
        let id = self.numbers.number(id);
        json!({"id": id, "name": tag.name, "colour": tag.colour, "numerical_value": null})
    }

    /// The little of an event that comes without the context.
    fn stub(&self, event: &Event) -> Value {
        let number = |number| self.numbers.number(number);
        json!({
            "id": number(event.id),
            "org_id": number(event.org_id),
            "orgc_id": number(event.orgc_id),
            "info": event.info,
            "uuid": event.uuid,
            "distribution": number(event.distribution),
            "publish_timestamp": number(event.publish_timestamp),
        })
    }

    /// The event's header, which comes with the context.
    fn header(&self, event: &Event) -> Value {
        let number = |number| self.numbers.number(number);
        let tags = self.content.tags(&event.tags, self.detail.all_tags).map(|(id, tag)| {
            let mut tag = self.tag(id, tag);
            tag["local"] = false.into();
            tag
        });
        let mut header = json!({
            "id": number(event.id),
            "orgc_id": number(event.orgc_id),
            "org_id": number(event.org_id),
            "date": event.date,
            "threat_level_id": number(event.threat_level_id),
            "info": event.info,
            "published": event.published,
            "uuid": event.uuid,
            "analysis": number(event.analysis),
            "timestamp": number(event.timestamp),
            "distribution": number(event.distribution),
            "publish_timestamp": number(event.publish_timestamp),
            "sharing_group_id": number(event.sharing_group_id),
            "extends_uuid": event.extends_uuid,
            "Tag": tags.collect::<Vec<_>>(),
        });
        if let Some(creator) = self.content.organisation(event.orgc_id) {
            header["Orgc"] = json!({"id": number(event.orgc_id), "name": creator.name,
                "uuid": creator.uuid, "local": creator.local});
        }
        header
    }
}

/// The columns of an attribute.
pub(super) fn fields(of: &Attribute, event_id: u64, numbers: Numbers) -> Value {
    json!({
        "id": numbers.number(of.id),
        "event_id": numbers.number(event_id),
        "object_id": numbers.number(of.object_id),
        "object_relation": of.object_relation,
        "category": of.category,
        "type": of.kind,
        "to_ids": of.to_ids,
        "uuid": of.uuid,
        "timestamp": numbers.number(of.timestamp),
        "distribution": numbers.number(of.distribution),
        "sharing_group_id": numbers.number(of.sharing_group_id),
        "comment": of.comment,
        "deleted": of.deleted,
        "disable_correlation": false,
        "first_seen": of.first_seen,
        "last_seen": of.last_seen,
        "value": of.value.text,
    })
}
