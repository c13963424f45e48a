//! A long feed: one event a day, each with the same address, so that this value fills any page.

use jiff::Timestamp;
use serde::Deserialize;

use super::content::{Attribute, Event, inherited};

const DAY: u64 = 86_400;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    batches: u64,
    first_event_id: u64,
    first_attribute_id: u64,
    newest: u64,
    orgc_id: u64,
    address: String,
}

impl Feed {
    /// The events, oldest first.
    pub(super) fn events(&self) -> impl Iterator<Item = Event> + '_ {
        (0..self.batches).map(|batch| self.event(batch))
    }

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
            sharing_group_id: 0,
            orgc_id: self.orgc_id,
            org_id: 1,
            extends_uuid: String::new(),
            tags: Vec::new(),
            objects: Vec::new(),
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
            value: value.into(),
            timestamp: time,
            to_ids: false,
            distribution: inherited(),
            sharing_group_id: 0,
            comment: String::new(),
            object_id: 0,
            object_relation: None,
            first_seen: None,
            last_seen: None,
            deleted: false,
            tags: Vec::new(),
        }
    }
}

fn date(unix: u64) -> String {
    let time = i64::try_from(unix).ok().and_then(|unix| Timestamp::from_second(unix).ok());
    time.unwrap_or_default().strftime("%F").to_string()
}
