//! What a server holds: organisations, tags, warning lists, events with their attributes, sightings.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{collation, decay::Model, feed::Feed, sighting::Sighting, warninglist::Warninglist};

static BUILT_IN: LazyLock<Result<Content, String>> = LazyLock::new(|| {
    let damage = |file, error| format!("{file} is damaged: {error}");
    let mut content: Content = serde_json::from_str(include_str!("events.json"))
        .map_err(|error| damage("events.json", error))?;
    let incident: Vec<_> = serde_json::from_str(include_str!("incident.json"))
        .map_err(|error| damage("incident.json", error))?;
    content.events.extend(incident);
    Ok(content)
});

/// The distribution that hands the decision on to what holds the attribute or object.
const INHERITED: u64 = 5;
const SHARING_GROUP: u64 = 4;

/// Everything that one server holds; ids are those of the database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    organisations: BTreeMap<u64, Organisation>,
    /// The organisations that each sharing group has for members.
    #[serde(default)]
    sharing_groups: BTreeMap<u64, Vec<u64>>,
    tags: BTreeMap<u64, Tag>,
    #[serde(default)]
    pub(super) warninglists: Vec<Warninglist>,
    #[serde(default)]
    pub(super) decaying_models: Vec<Model>,
    pub(super) events: Vec<Arc<Event>>,
    #[serde(default)]
    pub(super) sightings: Vec<Sighting>,
    #[serde(default)]
    feed: Option<Feed>,
}

impl Content {
    /// The built-in content; the error names the damage in its file.
    pub(super) fn built_in() -> Result<Self, String> {
        let mut content = BUILT_IN.clone()?;
        if let Some(feed) = content.feed.take() {
            content.events.extend(feed.events().map(Arc::new));
        }
        Ok(content)
    }

    /// Every event with its attributes, ordered by attribute id.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&Event, &Attribute)> {
        self.events.iter().flat_map(|event| event.attributes.iter().map(move |row| (&**event, row)))
    }

    /// The organisation with this id; `None` when the server does not show it.
    pub(super) fn organisation(&self, id: u64) -> Option<&Organisation> {
        self.organisations.get(&id)
    }

    /// The tags with these ids; those that are not exportable only if all are asked for.
    pub(super) fn tags<'a>(
        &'a self,
        ids: &'a [u64],
        all: bool,
    ) -> impl Iterator<Item = (u64, &'a Tag)> {
        let tags = ids.iter().filter_map(|&id| Some((id, self.tags.get(&id)?)));
        tags.filter(move |(_, tag)| all || tag.exportable)
    }

    /// The ids of the tags with a fitting name.
    pub(super) fn tag_ids<'a>(
        &'a self,
        fits: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = u64> + 'a {
        self.tags.iter().filter(move |(_, tag)| fits(&tag.name)).map(|(&id, _)| id)
    }

    /// Whether users of this organisation see the event.
    pub(super) fn shows_event(&self, event: &Event, organisation: u64) -> bool {
        event.org_id == organisation
            || self.reaches(event.distribution, event.sharing_group_id, organisation)
    }

    /// Whether users of this organisation see the attribute.
    pub(super) fn shows(&self, event: &Event, row: &Attribute, organisation: u64) -> bool {
        let object = event.object(row.object_id);
        event.org_id == organisation
            || self.reaches(event.distribution, event.sharing_group_id, organisation)
                && self.reaches(row.distribution, row.sharing_group_id, organisation)
                && object.is_none_or(|object| self.reaches(object.distribution, 0, organisation))
    }

    /// Whether something with this distribution reaches an organisation that does not own it.
    fn reaches(&self, distribution: u64, sharing_group: u64, organisation: u64) -> bool {
        match distribution {
            0 => false,
            SHARING_GROUP => {
                let members = self.sharing_groups.get(&sharing_group);
                members.is_some_and(|members| members.contains(&organisation))
            }
            _ => true,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Organisation {
    pub(super) name: String,
    pub(super) uuid: String,
    /// Whether it has users on this server.
    #[serde(default)]
    pub(super) local: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) colour: String,
    #[serde(default = "yes")]
    pub(super) exportable: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) uuid: String,
    pub(super) info: String,
    pub(super) date: String,
    /// 1 is High, 2 Medium, 3 Low, 4 Undefined.
    pub(super) threat_level_id: u64,
    pub(super) analysis: u64,
    pub(super) timestamp: u64,
    pub(super) publish_timestamp: u64,
    #[serde(default = "yes")]
    pub(super) published: bool,
    pub(super) distribution: u64,
    #[serde(default)]
    pub(super) sharing_group_id: u64,
    /// The organisation that made the event.
    pub(super) orgc_id: u64,
    /// The organisation that owns it on this server.
    #[serde(default = "first")]
    pub(super) org_id: u64,
    #[serde(default)]
    pub(super) extends_uuid: String,
    #[serde(default)]
    pub(super) tags: Vec<u64>,
    #[serde(default)]
    pub(super) objects: Vec<Object>,
    pub(super) attributes: Vec<Attribute>,
}

impl Event {
    /// The object with this id.
    pub(super) fn object(&self, id: u64) -> Option<&Object> {
        self.objects.iter().find(|object| object.id == id)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    pub(super) id: u64,
    #[serde(default = "inherited")]
    pub(super) distribution: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attribute {
    pub(super) id: u64,
    pub(super) uuid: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) category: String,
    pub(super) value: Stored,
    pub(super) timestamp: u64,
    #[serde(default = "yes")]
    pub(super) to_ids: bool,
    #[serde(default = "inherited")]
    pub(super) distribution: u64,
    #[serde(default)]
    pub(super) sharing_group_id: u64,
    #[serde(default)]
    pub(super) comment: String,
    #[serde(default)]
    pub(super) object_id: u64,
    pub(super) object_relation: Option<String>,
    pub(super) first_seen: Option<String>,
    pub(super) last_seen: Option<String>,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default)]
    pub(super) tags: Vec<u64>,
}

impl Attribute {
    /// The columns `value1` and `value2`; the second is empty for a plain value.
    pub(super) fn halves(&self) -> [Text<'_>; 2] {
        let composite = self.kind.contains('|') || self.kind == "malware-sample";
        let at = if composite { self.value.text.find('|') } else { None };
        let second = at.map_or("", |at| &self.value.text[at + 1..]);
        let second_key = at.map_or("", |_| &self.value.keys[1]);
        let first = &self.value.text[..at.unwrap_or(self.value.text.len())];
        let first_key = if at.is_some() { &self.value.keys[0] } else { &self.value.key };
        [Text { text: first, key: first_key }, Text { text: second, key: second_key }]
    }
}

/// A text of the database and what stands for it in comparisons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) key: &'a str,
}

/// The value of an attribute, with the keys of the whole and of the halves before and behind a `|`.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) text: String,
    key: String,
    keys: [String; 2],
}

impl Stored {
    /// Whether the database calls both equal.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl From<String> for Stored {
    fn from(text: String) -> Self {
        let (first, second) = text.split_once('|').unwrap_or((&text, ""));
        let keys = [collation::key(first), collation::key(second)];
        Self { key: collation::key(&text), keys, text }
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            Err(D::Error::custom("an attribute without value"))
        } else {
            Ok(text.into())
        }
    }
}

pub(super) fn yes() -> bool {
    true
}

fn first() -> u64 {
    1
}

pub(super) fn inherited() -> u64 {
    INHERITED
}
