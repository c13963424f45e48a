//! The built-in events, as `events.json` holds them, and a long feed of one repeated address.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::Timestamp;
use serde::Deserialize;

const DAY: u64 = 86_400;

static BUILT_IN: LazyLock<Result<Events, String>> = LazyLock::new(|| {
    let mut events: Events = serde_json::from_str(include_str!("events.json"))
        .map_err(|error| format!("events.json is damaged: {error}"))?;
    events.events.extend((0..events.feed.batches).map(|batch| events.feed.event(batch)));
    Ok(events)
});

/// All events; the error names the damage in the built-in file.
pub(super) fn built_in() -> Result<&'static Events, String> {
    BUILT_IN.as_ref().map_err(Clone::clone)
}

#[derive(Debug, Deserialize)]
pub(super) struct Events {
    organisations: BTreeMap<u64, Organisation>,
    tags: BTreeMap<u64, Tag>,
    events: Vec<Event>,
    feed: Feed,
}

impl Events {
    /// Every event with its attributes, ordered by attribute id.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&Event, &Attribute)> {
        self.events.iter().flat_map(|event| event.attributes.iter().map(move |row| (event, row)))
    }

    /// The organisation with this id; `None` when the server does not show it.
    pub(super) fn organisation(&self, id: u64) -> Option<&Organisation> {
        self.organisations.get(&id)
    }

    /// The tags with these ids.
    pub(super) fn tags<'a>(&'a self, ids: &'a [u64]) -> impl Iterator<Item = (u64, &'a Tag)> {
        ids.iter().filter_map(|&id| Some((id, self.tags.get(&id)?)))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Organisation {
    pub(super) name: String,
    pub(super) uuid: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) colour: String,
}

/// How a server writes numbers and booleans: it depends on its version and database driver.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dialect {
    /// Numbers as text, booleans as they are.
    #[default]
    Text,
    /// Numbers as they are, booleans as 0 and 1.
    Numbers,
    /// Both as text.
    Digits,
}

#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) uuid: String,
    pub(super) info: String,
    pub(super) date: Option<String>,
    pub(super) threat_level_id: u64,
    pub(super) analysis: u64,
    pub(super) timestamp: u64,
    pub(super) publish_timestamp: u64,
    #[serde(default = "yes")]
    pub(super) published: bool,
    pub(super) distribution: u64,
    pub(super) orgc_id: u64,
    #[serde(default = "no_text")]
    pub(super) extends_uuid: Option<String>,
    /// `None` leaves the key out of the answer.
    pub(super) tags: Option<Vec<u64>>,
    #[serde(default)]
    pub(super) dialect: Dialect,
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attribute {
    pub(super) id: u64,
    pub(super) uuid: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) category: String,
    pub(super) value: String,
    pub(super) timestamp: u64,
    #[serde(default = "yes")]
    pub(super) to_ids: bool,
    #[serde(default = "no_text")]
    pub(super) comment: Option<String>,
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

fn yes() -> bool {
    true
}

fn no_text() -> Option<String> {
    Some(String::new())
}

impl Attribute {
    /// Both halves of a composite value in lower case; the second is empty for a plain one.
    pub(super) fn halves(&self) -> [String; 2] {
        let composite = self.kind.contains('|') || self.kind == "malware-sample";
        let parts = if composite { self.value.split_once('|') } else { None };
        let (first, second) = parts.unwrap_or((&self.value, ""));
        [first.to_lowercase(), second.to_lowercase()]
    }
}

/// One event a day, each with the same address: a value that fills any page.
#[derive(Debug, Deserialize)]
struct Feed {
    batches: u64,
    first_event_id: u64,
    first_attribute_id: u64,
    newest: u64,
    orgc_id: u64,
    address: String,
}

impl Feed {
    fn event(&self, batch: u64) -> Event {
        let time = self.newest - (self.batches - 1 - batch) * DAY;
        Event {
            id: self.first_event_id + batch,
            uuid: format!("f00dfeed-0000-4000-8000-{batch:012x}"),
            info: format!("Sinkhole feed, batch {}", batch + 1),
            date: date(time),
            threat_level_id: batch % 4 + 1,
            analysis: 2,
            timestamp: time,
            publish_timestamp: time,
            published: true,
            distribution: 3,
            orgc_id: self.orgc_id,
            extends_uuid: no_text(),
            tags: Some(Vec::new()),
            dialect: Dialect::Text,
            attributes: vec![
                self.attribute(batch, 0, "ip-dst", self.address.clone(), time),
                self.attribute(batch, 1, "domain", format!("batch{batch}.sinkhole.example"), time),
            ],
        }
    }

    fn attribute(&self, batch: u64, at: u64, kind: &str, value: String, time: u64) -> Attribute {
        Attribute {
            id: self.first_attribute_id + 2 * batch + at,
            uuid: format!("f00dfeed-0001-4000-8{at:03x}-{batch:012x}"),
            kind: kind.to_owned(),
            category: "Network activity".to_owned(),
            value,
            timestamp: time,
            to_ids: false,
            comment: no_text(),
            object_id: 0,
            object_relation: None,
            first_seen: None,
            last_seen: None,
            deleted: false,
            tags: Vec::new(),
        }
    }
}

fn date(unix: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(unix).ok()?).ok()?;
    Some(time.strftime("%F").to_string())
}
