//! The search's `order`: rules of a column and a direction, all of which have to be known.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    collation::key,
    content::{Attribute, Event},
    filter::is_empty,
};

/// A column that rows can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    Id,
    EventId,
    ObjectId,
    Type,
    Category,
    Value,
    Distribution,
    Timestamp,
    ObjectRelation,
    PublishTimestamp,
}

/// Columns in their order of weight, each with whether it runs downwards. Empty is the server's own order.
#[derive(Debug, Default)]
pub(super) struct Order(Vec<(Column, bool)>);

impl Order {
    /// Reads a text, in which commas stand between rules, or a list of rules. One unknown rule drops all.
    pub(super) fn read(value: &Value) -> Self {
        if is_empty(value) {
            return Self::default();
        }
        let rules: Option<Vec<_>> = match value {
            Value::String(text) => text.split(',').map(rule).collect(),
            Value::Array(items) => items.iter().map(|item| rule(item.as_str()?)).collect(),
            Value::Object(items) => items.values().map(|item| rule(item.as_str()?)).collect(),
            _ => None,
        };
        Self(rules.unwrap_or_default())
    }

    /// Orders rows; those that are equal stay as they are.
    pub(super) fn apply(&self, rows: &mut [(&Event, &Attribute)]) {
        rows.sort_by(|one, other| {
            let compared = self.0.iter().map(|(column, down)| {
                let ordering = compare(*column, *one, *other);
                if *down { ordering.reverse() } else { ordering }
            });
            compared.fold(Ordering::Equal, Ordering::then)
        });
    }
}

/// `Attribute.timestamp desc`: a model, which is `Attribute` if none is named, a column, and a direction,
/// which counts behind exactly one blank only.
fn rule(text: &str) -> Option<(Column, bool)> {
    let items: Vec<&str> = text.trim().split(' ').collect();
    let down = items.len() == 2 && items[1].eq_ignore_ascii_case("desc");
    let (model, column) = items[0].split_once('.').unwrap_or(("Attribute", items[0]));
    let column = match (model, column.to_ascii_lowercase().as_str()) {
        ("Event", "publish_timestamp") => Column::PublishTimestamp,
        ("Attribute", "id") => Column::Id,
        ("Attribute", "event_id") => Column::EventId,
        ("Attribute", "object_id") => Column::ObjectId,
        ("Attribute", "type") => Column::Type,
        ("Attribute", "category") => Column::Category,
        ("Attribute", "value") => Column::Value,
        ("Attribute", "distribution") => Column::Distribution,
        ("Attribute", "timestamp") => Column::Timestamp,
        ("Attribute", "object_relation") => Column::ObjectRelation,
        _ => return None,
    };
    Some((column, down))
}

fn compare(column: Column, one: (&Event, &Attribute), other: (&Event, &Attribute)) -> Ordering {
    let ((event, row), (other_event, other_row)) = (one, other);
    match column {
        Column::Id => row.id.cmp(&other_row.id),
        Column::EventId => event.id.cmp(&other_event.id),
        Column::ObjectId => row.object_id.cmp(&other_row.object_id),
        Column::Type => key(&row.kind).cmp(&key(&other_row.kind)),
        Column::Category => key(&row.category).cmp(&key(&other_row.category)),
        Column::Value => key(&row.value.text).cmp(&key(&other_row.value.text)),
        Column::Distribution => row.distribution.cmp(&other_row.distribution),
        Column::Timestamp => row.timestamp.cmp(&other_row.timestamp),
        Column::ObjectRelation => row.object_relation.cmp(&other_row.object_relation),
        Column::PublishTimestamp => event.publish_timestamp.cmp(&other_event.publish_timestamp),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Column, Order};

    #[test]
    fn rules_are_read_as_the_server_reads_them() {
        let newest = vec![(Column::Timestamp, true)];
        for known in [
            json!("Attribute.timestamp desc"),
            json!("Attribute.timestamp DESC"),
            json!("timestamp desc"),
            json!(" Attribute.TIMESTAMP desc "),
            json!(["Attribute.timestamp desc"]),
        ] {
            assert_eq!(Order::read(&known).0, newest, "{known}");
        }
        for upwards in ["id", "id up", "Attribute.id  desc"] {
            assert_eq!(Order::read(&json!(upwards)).0, [(Column::Id, false)], "{upwards}");
        }
        assert_eq!(Order::read(&json!("timestamp desc, id")).0.len(), 2);
    }

    #[test]
    fn one_unknown_rule_drops_all() {
        for unknown in [
            json!("attribute.timestamp desc"),
            json!("Event.timestamp desc"),
            json!(["Attribute.timestamp desc", "Event.threat_level_id asc"]),
            json!({"Attribute.timestamp": "desc"}),
            json!("Attribute.nothing desc"),
            json!(""),
            json!(true),
        ] {
            assert!(Order::read(&unknown).0.is_empty(), "{unknown}");
        }
    }
}
