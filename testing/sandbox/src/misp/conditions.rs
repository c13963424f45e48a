//! Which attributes a search finds: its filters beside each other.
//!
//! Read: `value`, `value1`, `value2`, `type`, `category`, `object_relation`, `eventid`, `uuid`, `tags`,
//! `threat_level_id`, `to_ids`, `published`, `deleted`, `timestamp`, `attribute_timestamp`,
//! `event_timestamp`, `publish_timestamp`, `last`. The server ignores what it does not know.

use serde_json::{Map, Value};

use super::{
    access::MispError,
    collation,
    content::{Attribute, Content, Event},
    filter::{Filter, is_empty, leading_number, lists, text},
};

type Parameters = Map<String, Value>;

/// All filters of one search.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    value: Filter,
    value1: Filter,
    value2: Filter,
    kind: Filter,
    category: Filter,
    relation: Filter,
    event: Ids,
    uuid: Ids,
    tags: Tags,
    threat_level: Allowed,
    to_ids: Allowed,
    published: Allowed,
    deleted: Allowed,
    times: Vec<Span>,
}

impl Conditions {
    pub(super) fn read(given: &Parameters, content: &Content, now: u64) -> Result<Self, MispError> {
        let text = |name| present(given, name).map_or(Ok(Filter::default()), Filter::read);
        let set = |name| given.get(name).map_or(Ok(Allowed::default()), Allowed::read);
        let ids = |name| present(given, name).map(Ids::read).unwrap_or_default();
        let mut kind = text("type")?;
        kind.add_beside(&["email-src", "email-dst"], "email");
        Ok(Self {
            value: present(given, "value").map_or(Ok(Filter::default()), Filter::read_value)?,
            value1: text("value1")?,
            value2: text("value2")?,
            kind,
            category: text("category")?,
            relation: text("object_relation")?,
            event: ids("eventid"),
            uuid: ids("uuid"),
            tags: present(given, "tags").map(|tags| Tags::read(tags, content)).unwrap_or_default(),
            threat_level: set("threat_level_id")?,
            to_ids: set("to_ids")?,
            published: set("published")?,
            deleted: present(given, "deleted").map_or(Ok(Allowed::only(0)), deleted)?,
            times: times(given, now)?,
        })
    }

    /// Whether rows come in the order of their first halves, by the index that serves such a search.
    pub(super) fn follows_first_halves(given: &Parameters) -> bool {
        present(given, "value1").is_some() && present(given, "value").is_none()
    }

    pub(super) fn finds(&self, event: &Event, row: &Attribute) -> bool {
        let [first, second] = row.halves();
        self.deleted.allows(row.deleted.into())
            && self.event.pass(&[event.id], &[&event.uuid])
            && self.threat_level.allows(event.threat_level_id)
            && self.to_ids.allows(row.to_ids.into())
            && self.published.allows(event.published.into())
            && self.value.passes(&[first, second])
            && self.value1.passes(&[first])
            && self.value2.passes(&[second])
            && self.kind.passes_text(&row.kind)
            && self.category.passes_text(&row.category)
            && self.relation.passes_text(row.object_relation.as_deref().unwrap_or_default())
            && self.uuid.pass(&[], &[&event.uuid, &row.uuid])
            && self.tags.pass(event, row)
            && self.times.iter().all(|span| span.contains(event, row))
    }
}

/// A parameter that PHP does not call empty.
fn present<'a>(given: &'a Parameters, name: &str) -> Option<&'a Value> {
    given.get(name).filter(|value| !is_empty(value))
}

fn deleted(value: &Value) -> Result<Allowed, MispError> {
    if value == "only" {
        return Ok(Allowed::only(1));
    }
    let terms = lists(value).into_iter().filter(|(operator, _)| *operator != "NOT");
    Allowed::read(&terms.flat_map(|(_, terms)| terms).collect())
}

/// The numbers that a column may hold; `None` is any. A text counts as the number that it begins with.
#[derive(Debug, Default)]
struct Allowed(Option<Vec<u64>>);

impl Allowed {
    fn only(number: u64) -> Self {
        Self(Some(vec![number]))
    }

    fn read(value: &Value) -> Result<Self, MispError> {
        match value {
            Value::Null | Value::Bool(false) => Ok(Self::default()),
            Value::Object(_) => Err(MispError::internal()),
            Value::Array(items) => Ok(Self(Some(items.iter().map(whole).collect()))),
            scalar => Ok(Self::only(whole(scalar))),
        }
    }

    fn allows(&self, number: u64) -> bool {
        self.0.as_ref().is_none_or(|allowed| allowed.contains(&number))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ids and times are whole"
)]
fn whole(value: &Value) -> u64 {
    leading_number(&text(value)) as u64
}

/// Ids and uuids that are wanted and excluded.
#[derive(Debug, Default)]
struct Ids {
    any: Vec<String>,
    none: Vec<String>,
}

impl Ids {
    fn read(value: &Value) -> Self {
        let mut ids = Self::default();
        for (operator, terms) in lists(value) {
            let list = if operator == "NOT" { &mut ids.none } else { &mut ids.any };
            list.extend(terms.iter().map(text));
        }
        ids
    }

    fn pass(&self, numbers: &[u64], uuids: &[&str]) -> bool {
        let is = |id: &String| {
            let uuid = id.len() == 36;
            if uuid || numbers.is_empty() {
                uuids.contains(&id.as_str())
            } else {
                numbers.contains(&whole(&Value::from(id.as_str())))
            }
        };
        (self.any.is_empty() || self.any.iter().any(is)) && !self.none.iter().any(is)
    }
}

/// Ids of the tags that attribute or event must have one of, all of, and none of.
#[derive(Debug, Default)]
struct Tags {
    any: Option<Vec<u64>>,
    all: Vec<Option<u64>>,
    none: Vec<u64>,
}

impl Tags {
    /// Names have case; `%` makes a pattern of one; a number is an id.
    fn read(value: &Value, content: &Content) -> Self {
        let mut tags = Self::default();
        for (operator, terms) in lists(value) {
            let names: Vec<String> = terms.iter().map(text).collect();
            let ids = |name: &String| -> Vec<u64> {
                let id = name.parse::<u64>();
                content.tag_ids(|known| named(known, name)).chain(id).collect()
            };
            match operator {
                "NOT" => tags.none = names.iter().flat_map(ids).collect(),
                "AND" => tags.all = names.iter().map(|name| ids(name).first().copied()).collect(),
                _ => tags.any = Some(names.iter().flat_map(ids).collect()),
            }
        }
        tags
    }

    fn pass(&self, event: &Event, row: &Attribute) -> bool {
        let has = |id: &u64| row.tags.contains(id) || event.tags.contains(id);
        self.any.as_ref().is_none_or(|any| any.iter().any(has))
            && self.all.iter().all(|id| id.as_ref().is_some_and(has))
            && !self.none.iter().any(has)
    }
}

fn named(known: &str, name: &str) -> bool {
    if name.contains('%') { collation::like(known, name) } else { known == name }
}

/// A time that has to lie between two points, both included, in Unix seconds.
#[derive(Debug)]
struct Span {
    parameter: &'static str,
    from: u64,
    to: u64,
}

impl Span {
    fn contains(&self, event: &Event, row: &Attribute) -> bool {
        let time = match self.parameter {
            "event_timestamp" => event.timestamp,
            "publish_timestamp" | "last" => event.publish_timestamp,
            _ => row.timestamp,
        };
        (self.from..=self.to).contains(&time)
    }
}

fn times(given: &Parameters, now: u64) -> Result<Vec<Span>, MispError> {
    let parameters =
        ["timestamp", "attribute_timestamp", "event_timestamp", "publish_timestamp", "last"];
    let named = parameters.into_iter().filter_map(|name| Some((name, given.get(name)?)));
    let used = named.filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)));
    used.map(|(parameter, value)| {
        let (from, to) = match value.as_array().map(Vec::as_slice) {
            Some([one, other]) => {
                let (one, other) = (moment(one, now), moment(other, now));
                (one.min(other), one.max(other))
            }
            Some(_) => return Err(MispError::internal()),
            None => (moment(value, now), u64::MAX),
        };
        Ok(Span { parameter, from, to })
    })
    .collect()
}

/// A Unix time, or so much before now, such as `7d`; what is neither lies in the future.
fn moment(value: &Value, now: u64) -> u64 {
    let text = text(value);
    if let Ok(time) = text.parse() {
        return time;
    }
    let mut amount = text.chars();
    let seconds = match amount.next_back() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        Some('s') => 1,
        _ => return now + 1,
    };
    let amount = amount.as_str().parse::<u64>().ok();
    amount.map_or(now + 1, |amount| now.saturating_sub(amount.saturating_mul(seconds)))
}
