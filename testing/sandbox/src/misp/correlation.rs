//! Attributes of other events that hold the same value.

use serde_json::{Value, json};

use super::{
    content::{Attribute, Event},
    row::{View, fields},
};

/// Types whose values correlate with nothing.
const WITHOUT: [&str; 6] = ["comment", "text", "port", "AS", "size-in-bytes", "user-agent"];

/// What `includeCorrelations` shows at an attribute: newest event first.
pub(super) fn related(view: &View<'_>, event: &Event, of: &Attribute) -> Vec<Value> {
    let own = of.halves().map(|half| half.key);
    let same = |row: &Attribute| {
        let halves = row.halves();
        let mut keys = halves.iter().map(|half| half.key).filter(|key| !key.is_empty());
        !row.deleted && !WITHOUT.contains(&row.kind.as_str()) && keys.any(|key| own.contains(&key))
    };
    if WITHOUT.contains(&of.kind.as_str()) {
        return Vec::new();
    }
    let visible = view
        .content
        .attributes()
        .filter(|(other, row)| other.id != event.id && same(row) && view.shows(other, row));
    let mut related: Vec<_> = visible.collect();
    related.reverse();
    related.into_iter().map(|(other, row)| shown(view, other, row)).collect()
}

fn shown(view: &View<'_>, event: &Event, of: &Attribute) -> Value {
    let number = |number| view.numbers.number(number);
    let mut row = fields(of, event.id, view.numbers);
    if let Some(members) = row.as_object_mut() {
        for absent in ["deleted", "disable_correlation", "first_seen", "last_seen"] {
            members.remove(absent);
        }
    }
    row["Event"] = json!({
        "id": number(event.id),
        "uuid": event.uuid,
        "threat_level_id": number(event.threat_level_id),
        "analysis": number(event.analysis),
        "info": event.info,
        "extends_uuid": event.extends_uuid,
        "distribution": number(event.distribution),
        "sharing_group_id": number(event.sharing_group_id),
        "published": event.published,
        "date": event.date,
        "orgc_id": number(event.orgc_id),
        "org_id": number(event.org_id),
    });
    row
}
