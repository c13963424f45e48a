//! The built-in data of both accounts, moved in time. The `about` of a record names its purpose.
//! A file that cannot be read would give no data; the tests look at all of it.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use serde::Deserialize;
use serde_json::Value;

use super::RECORDED_AT;

const DETECTIONS: &str = include_str!("data/detections.json");
const RULES: &str = include_str!("data/rules.json");
const EVENTS: &str = include_str!("data/events.json");
const LEASES: &str = include_str!("data/leases.json");
/// What the first customer has of [`incident`](crate::incident).
const INCIDENT: &str = include_str!("data/incident.json");
const SECOND_ACCOUNT: &str = include_str!("data/second_account.json");

/// The fields that hold a time, in detections, events and leases.
const TIMES: [&str; 7] =
    ["timestamp", "first_seen", "last_seen", "created", "updated", "lease_start", "lease_end"];

/// The data of both customers.
pub(super) struct Data {
    pub(super) first: Records,
    pub(super) second: Records,
}

/// The data of one customer.
#[derive(Default, Deserialize)]
pub(super) struct Records {
    pub(super) detections: Vec<DetectionRecord>,
    pub(super) rules: Vec<Value>,
    pub(super) events: Vec<EventRecord>,
    pub(super) leases: Vec<Value>,
}

/// A detection.
#[derive(Deserialize)]
pub(super) struct DetectionRecord {
    /// Values that find it besides those of its indicators.
    #[serde(default)]
    pub(super) found_by: Vec<String>,
    pub(super) detection: Value,
}

/// An event, and the ways to it.
#[derive(Deserialize)]
pub(super) struct EventRecord {
    /// The detections that it belongs to.
    #[serde(default)]
    pub(super) detections: Vec<String>,
    /// Whether the event search knows it.
    #[serde(default = "yes")]
    pub(super) searchable: bool,
    pub(super) event: Value,
}

fn yes() -> bool {
    true
}

impl Data {
    /// The data as of `now`.
    pub(super) fn at(now: Timestamp) -> Self {
        let recorded = RECORDED_AT.parse().unwrap_or(now);
        let shift = SignedDuration::from_secs(now.as_second() - recorded.as_second());
        let mut data = Self {
            first: Records {
                detections: serde_json::from_str(DETECTIONS).unwrap_or_default(),
                rules: serde_json::from_str(RULES).unwrap_or_default(),
                events: serde_json::from_str(EVENTS).unwrap_or_default(),
                leases: serde_json::from_str(LEASES).unwrap_or_default(),
            },
            second: serde_json::from_str(SECOND_ACCOUNT).unwrap_or_default(),
        };
        data.first.add(serde_json::from_str(INCIDENT).unwrap_or_default());
        data.first.shift(shift);
        data.second.shift(shift);
        data
    }
}

impl Records {
    fn add(&mut self, more: Self) {
        self.detections.extend(more.detections);
        self.rules.extend(more.rules);
        self.events.extend(more.events);
        self.leases.extend(more.leases);
    }

    fn shift(&mut self, by: SignedDuration) {
        let detections = self.detections.iter_mut().map(|record| &mut record.detection);
        let events = self.events.iter_mut().map(|record| &mut record.event);
        for item in detections.chain(events).chain(&mut self.leases) {
            for field in TIMES {
                if let Some(Value::String(time)) = item.get_mut(field) {
                    *time = shifted(time, by).unwrap_or_else(|| time.clone());
                }
            }
        }
    }
}

/// The time moved by whole seconds; fraction and offset stay as they are written. `None` for what
/// is no time.
fn shifted(time: &str, by: SignedDuration) -> Option<String> {
    let (seconds, rest) = time.split_at_checked("2026-03-03T10:00:00".len())?;
    let moved: DateTime = seconds.parse::<DateTime>().ok()?.checked_add(by).ok()?;
    Some(format!("{}{rest}", moved.strftime("%Y-%m-%dT%H:%M:%S")))
}

/// A time in a request. RFC 3339.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Moment(pub(super) Timestamp);

impl TryFrom<String> for Moment {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

/// The time in a field of a record; `None` when it cannot be read.
pub(super) fn time_of(item: &Value, field: &str) -> Option<Timestamp> {
    item.get(field)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn recorded_at() -> Timestamp {
        RECORDED_AT.parse().unwrap()
    }

    fn newest_event(records: &Records) -> Timestamp {
        let times = records.events.iter().filter_map(|one| time_of(&one.event, "timestamp"));
        times.max().unwrap()
    }

    #[test]
    fn both_accounts_can_be_read() {
        let data = Data::at(recorded_at());
        for (records, least) in [(&data.first, (10, 8, 30, 3)), (&data.second, (1, 1, 2, 1))] {
            assert!(records.detections.len() >= least.0);
            assert!(records.rules.len() >= least.1);
            assert!(records.events.len() >= least.2);
            assert!(records.leases.len() >= least.3);
        }
    }

    #[test]
    fn uuids_are_not_used_twice() {
        let data = Data::at(recorded_at());
        for records in [&data.first, &data.second] {
            let detections = records.detections.iter().map(|one| &one.detection["uuid"]);
            let events = records.events.iter().map(|one| &one.event["uuid"]);
            let uuids: Vec<_> = detections.chain(events).filter_map(Value::as_str).collect();
            assert_eq!(uuids.iter().collect::<BTreeSet<_>>().len(), uuids.len());
        }
    }

    #[test]
    fn every_event_belongs_to_a_detection_or_can_be_searched() {
        let records = Data::at(recorded_at()).first;
        let known = |uuid| records.detections.iter().any(|one| one.detection["uuid"] == uuid);
        for record in &records.events {
            assert!(record.searchable || !record.detections.is_empty());
            assert!(record.detections.iter().all(|uuid| known(uuid.as_str())));
        }
    }

    #[test]
    fn the_newest_event_is_an_hour_old_at_any_present() {
        let hour = SignedDuration::from_hours(1);
        for now in [RECORDED_AT, "2024-02-29T00:00:00Z", "2031-12-31T23:59:59Z"] {
            let now: Timestamp = now.parse().unwrap();
            let data = Data::at(now);
            assert_eq!(newest_event(&data.first), now - hour);
            assert!(newest_event(&data.second) <= now - hour);
        }
    }

    #[test]
    fn a_time_keeps_its_spelling_when_it_moves() {
        let day = SignedDuration::from_hours(24);
        for (time, moved) in [
            ("2026-02-28T23:00:00.412Z", Some("2026-03-01T23:00:00.412Z")),
            ("2026-02-28T23:00:00Z", Some("2026-03-01T23:00:00Z")),
            ("2026-02-28T23:00:00.123456+02:00", Some("2026-03-01T23:00:00.123456+02:00")),
            ("yesterday", None),
            ("a text as long as a time", None),
            ("", None),
        ] {
            assert_eq!(shifted(time, day).as_deref(), moved);
        }
    }
}
