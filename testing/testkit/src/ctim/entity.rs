//! What looks wrong in one entity although its schema allows it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Entity,
    finding::{Findings, quoted},
    place::Place,
    uri,
    vocabulary::Vocabulary,
};

/// Priorities from here to 100 are for curated lists and humans.
const HIGHEST_AUTOMATIC_PRIORITY: i64 = 90;

pub(super) fn check(kind: Entity, entity: &Value, place: &Place, findings: &mut Findings) {
    check_links(entity, place, findings);
    match kind {
        Entity::Sighting => check_sighting(entity, place, findings),
        Entity::Judgement => check_priority(entity, place, findings),
        Entity::Relationship => {
            let verb = entity.get("relationship_type");
            Vocabulary::RelationshipTypes.check(verb, &place.key("relationship_type"), findings);
        }
        Entity::Indicator | Entity::Verdict => {}
    }
}

fn check_links(entity: &Value, place: &Place, findings: &mut Findings) {
    for key in ["source_uri", "reason_uri"] {
        check_absolute(entity.get(key), &place.key(key), findings);
    }
    for (index, reference) in items(entity, "external_references") {
        let place = place.key("external_references").index(index).key("url");
        check_absolute(reference.get("url"), &place, findings);
    }
}

fn check_absolute(link: Option<&Value>, place: &Place, findings: &mut Findings) {
    let Some(link) = link.and_then(Value::as_str) else { return };
    if !link.is_empty() && !uri::is_absolute(link) {
        findings.warn("uri-relative", place, format!("{} has no scheme", quoted(&link.into())));
    }
}

fn check_priority(judgement: &Value, place: &Place, findings: &mut Findings) {
    let Some(priority) = judgement.get("priority").and_then(Value::as_i64) else { return };
    if !(0..=HIGHEST_AUTOMATIC_PRIORITY).contains(&priority) {
        let text = format!("{priority} is outside 0 to 90, where automated judgements belong");
        findings.warn("priority", &place.key("priority"), text);
    }
}

fn check_sighting(sighting: &Value, place: &Place, findings: &mut Findings) {
    if items(sighting, "observables").next().is_none() {
        findings.warn("no-observable", place, "the sighting names no observable");
    }
    Vocabulary::Sensors.check(sighting.get("sensor"), &place.key("sensor"), findings);
    Vocabulary::Resolutions.check(sighting.get("resolution"), &place.key("resolution"), findings);
    check_targets(sighting, place, findings);
    check_relations(sighting, place, findings);
    if let Some(table) = sighting.get("data") {
        check_table(table, &place.key("data"), findings);
    }
}

fn check_targets(sighting: &Value, place: &Place, findings: &mut Findings) {
    for (index, target) in items(sighting, "targets").filter(|(_, target)| target.is_object()) {
        let place = place.key("targets").index(index);
        Vocabulary::Sensors.check(target.get("type"), &place.key("type"), findings);
        if items(target, "observables").next().is_none() {
            findings.warn("no-observable", &place, "the target names no observable");
        }
    }
}

fn check_relations(sighting: &Value, place: &Place, findings: &mut Findings) {
    let place = place.key("relations");
    let mut different = BTreeSet::new();
    for (index, relation) in items(sighting, "relations") {
        let here = place.index(index);
        Vocabulary::Relations.check(relation.get("relation"), &here.key("relation"), findings);
        let source = relation.get("source").filter(|source| !source.is_null());
        if source.is_some() && source == relation.get("related") {
            findings.warn("relation-self", &here, "source and related are the same observable");
        }
        different.insert(relation.to_string());
    }
    let all = items(sighting, "relations").count();
    if different.len() < all {
        let text = format!("{all} relations, of which {} differ", different.len());
        findings.warn("relation-repeat", &place, text);
    }
}

fn check_table(table: &Value, place: &Place, findings: &mut Findings) {
    let columns = items(table, "columns").count();
    for (index, row) in items(table, "rows") {
        let cells = row.as_array().map_or(columns, Vec::len);
        if cells != columns {
            let text = format!("{cells} cells for {columns} columns");
            findings.warn("row-width", &place.key("rows").index(index), text);
        }
    }
    let rows = items(table, "rows").count();
    if let Some(count) = table.get("row_count").and_then(Value::as_i64)
        && usize::try_from(count) != Ok(rows)
    {
        let text = format!("says {count}, there are {rows} rows");
        findings.warn("row-count", &place.key("row_count"), text);
    }
}

/// The items of a list with their indices; none when there is no list under the key.
fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (usize, &'v Value)> + use<'v> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().enumerate()
}
