//! Reads entities out of answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{Entity, Kind};
use crate::{answer::Answer, observable::ObservableArgument, terminal::printable};

/// Returns what an answer of `/observe` or `/deliberate` tells of an observable.
pub(in crate::compare) fn observed(answer: &Answer, about: &ObservableArgument) -> Vec<Entity> {
    let is_asked = |one: &Value| is_about(one, about);
    let verdicts = answer.docs("verdicts").iter().filter(|one| is_asked(&one["observable"]));
    let judgements = answer.docs("judgements").iter().filter(|one| is_asked(&one["observable"]));
    let sightings: Vec<&Value> = answer
        .docs("sightings")
        .iter()
        .filter(|one| list(&one["observables"]).any(is_asked))
        .collect();
    let mut all: Vec<Entity> = verdicts.map(verdict).collect();
    all.extend(judgements.map(judgement));
    all.extend(sightings.iter().map(|one| sighting(one)));
    all.extend(indicators_of(answer, &sightings));
    let targets = sightings.iter().flat_map(|one| list(&one["targets"]));
    all.extend(once(targets.flat_map(|one| list(&one["observables"])).map(target)));
    all.extend(once(sightings.iter().flat_map(|one| list(&one["relations"])).map(relation)));
    all
}

/// Returns the links or actions that an answer lists for an observable.
pub(in crate::compare) fn listed(
    answer: &Answer,
    kind: Kind,
    about: &ObservableArgument,
) -> Vec<Entity> {
    let is_for = |item: &&Value| {
        let with = &item["query-params"];
        let id = item["id"].as_str().unwrap_or_default();
        let ends = [relay_core::url::escaped(&about.value), about.value.clone()];
        let is_named =
            id.contains(&format!("-{}-", about.kind)) && ends.iter().any(|end| id.ends_with(end));
        is_named
            || (with["observable_type"] == *about.kind && with["observable_value"] == *about.value)
    };
    list(&answer.data).filter(is_for).map(|item| link_or_action(kind, item)).collect()
}

fn verdict(doc: &Value) -> Entity {
    let fields = fields(doc, &[("disposition", "disposition_name")]);
    let label = label(&fields, &["disposition"]);
    Entity {
        kind: Kind::Verdict,
        ids: Vec::new(),
        keys: vec![Some(label.clone()), Some(String::new())],
        label,
        fields,
    }
}

fn judgement(doc: &Value) -> Entity {
    let members = [
        ("disposition", "disposition_name"),
        ("severity", "severity"),
        ("confidence", "confidence"),
        ("priority", "priority"),
        ("reason", "reason"),
        ("page", "source_uri"),
    ];
    let fields = fields(doc, &members);
    let label = label(&fields, &["disposition", "reason"]);
    let ids = ids(doc);
    let disposition = fields.get("disposition").cloned();
    let first = ids.first().cloned();
    let keys = vec![
        first.clone().map(|id| format!("{id} {label}")),
        first,
        Some(label.clone()),
        value(&doc["reason"]),
        disposition,
    ];
    Entity { kind: Kind::Judgement, label, fields, ids, keys }
}

fn sighting(doc: &Value) -> Entity {
    let members = [
        ("title", "title"),
        ("severity", "severity"),
        ("confidence", "confidence"),
        ("count", "count"),
        ("sensor", "sensor"),
        ("page", "source_uri"),
    ];
    let mut fields = fields(doc, &members);
    let seen = time(&doc["observed_time"]["start_time"]);
    fields.extend(seen.clone().map(|seen| ("seen", seen)));
    let name = name(doc, "description");
    let parts = [seen.clone(), name.clone(), fields.get("severity").cloned()];
    let label = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let ids = ids(doc);
    let keys = vec![
        Some(ids.join(" ")).filter(|all| !all.is_empty()),
        ids.first().cloned(),
        seen.clone().zip(name.clone()).map(|(seen, name)| format!("{seen} {name}")),
        value(&doc["source_uri"]),
        name,
        seen,
    ];
    Entity { kind: Kind::Sighting, label, fields, ids, keys }
}

/// Returns the indicators that sightings are of.
fn indicators_of(answer: &Answer, sightings: &[&Value]) -> Vec<Entity> {
    let is_of = |one: &&Value| sightings.iter().any(|sighting| sighting["id"] == one["source_ref"]);
    let targets: Vec<&Value> =
        answer.docs("relationships").iter().filter(is_of).map(|one| &one["target_ref"]).collect();
    let named = answer.docs("indicators").iter().filter(|one| targets.contains(&&one["id"]));
    once(named.map(indicator))
}

fn indicator(doc: &Value) -> Entity {
    let members = [("title", "title"), ("severity", "severity"), ("confidence", "confidence")];
    let fields = fields(doc, &members);
    let name = name(doc, "short_description");
    let label = name.clone().unwrap_or_else(|| "without a name".to_owned());
    let ids = ids(doc);
    let keys = vec![ids.first().cloned(), name, value(&doc["source_uri"])];
    Entity { kind: Kind::Indicator, label, fields, ids, keys }
}

fn target(observable: &Value) -> Entity {
    let label = named(observable);
    let fields = BTreeMap::from([("value", label.clone())]);
    let keys = vec![Some(label.to_lowercase())];
    Entity { kind: Kind::Target, label, fields, ids: Vec::new(), keys }
}

fn relation(relation: &Value) -> Entity {
    let name = value(&relation["relation"]).unwrap_or_default();
    let [source, related] = [named(&relation["source"]), named(&relation["related"])];
    let label = format!("{source} {name} {related}");
    let mut ends = [source.to_lowercase(), related.to_lowercase()];
    let directed = ends.join(" ");
    ends.sort();
    let undirected = ends.join(" ");
    let keys = [format!("{directed} {name}"), directed, format!("{undirected} {name}"), undirected];
    let fields = BTreeMap::from([("relation", name), ("source", source), ("related", related)]);
    let keys = keys.map(Some).to_vec();
    Entity { kind: Kind::Relation, label, fields, ids: Vec::new(), keys }
}

fn link_or_action(kind: Kind, item: &Value) -> Entity {
    let members = [("title", "title"), ("url", "url")];
    let fields = fields(item, &members);
    let label = label(&fields, &["title", "url"]);
    let keys = vec![Some(label.clone()), value(&item["title"]), value(&item["url"])];
    Entity { kind, label, fields, ids: Vec::new(), keys }
}

/// Whether an entity's observable is the one that was asked about. The first relay of MISP answered
/// about a URL without its scheme.
fn is_about(json: &Value, about: &ObservableArgument) -> bool {
    let bare = |text: &str| text.split_once("://").map_or(text, |(_, rest)| rest).to_lowercase();
    let is_value = json["value"].as_str().is_some_and(|value| bare(value) == bare(&about.value));
    is_value && json["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case(&about.kind))
}

/// Returns an observable's type and value. IPv6 addresses have a type of their own, which the Python
/// relays did not use.
fn named(observable: &Value) -> String {
    let value = value(&observable["value"]).unwrap_or_default();
    let kind = printable(observable["type"].as_str().unwrap_or_default());
    let kind = if kind == "ip" && value.contains(':') { "ipv6".to_owned() } else { kind };
    format!("{kind} {value}")
}

fn fields(doc: &Value, members: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, String> {
    let read = |(name, member): &(&'static str, &'static str)| Some((*name, value(&doc[*member])?));
    members.iter().filter_map(read).collect()
}

fn label(fields: &BTreeMap<&'static str, String>, of: &[&str]) -> String {
    let parts: Vec<_> = of.iter().filter_map(|name| fields.get(name)).map(String::as_str).collect();
    if parts.is_empty() { "without a name".to_owned() } else { parts.join(", ") }
}

/// Returns a member's text; nothing for a missing or an empty one.
fn value(member: &Value) -> Option<String> {
    let text = match member {
        Value::String(text) => printable(text.trim()),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Returns the product's own ids of an entity.
fn ids(doc: &Value) -> Vec<String> {
    list(&doc["external_ids"]).filter_map(value).collect()
}

/// Returns the title, or the first line of the member that held it in the first Python relays.
fn name(doc: &Value, former: &str) -> Option<String> {
    let first_line = |text: &str| text.lines().next().map(|line| printable(line.trim()));
    let former = || doc[former].as_str().and_then(first_line).filter(|text| !text.is_empty());
    value(&doc["title"]).or_else(former)
}

/// Returns a time to the second; the relays of Qualys wrote offsets without a colon.
fn time(member: &Value) -> Option<String> {
    let text = value(member)?;
    let seconds = text.parse::<Timestamp>().map(Timestamp::as_second);
    let time = seconds.and_then(Timestamp::from_second).map(|time| time.to_string());
    Some(time.unwrap_or(text))
}

fn list(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

/// Returns the entities without repetitions.
fn once(all: impl Iterator<Item = Entity>) -> Vec<Entity> {
    let mut kept: Vec<Entity> = Vec::new();
    for one in all {
        if kept.iter().all(|known| known.keys[0] != one.keys[0]) {
            kept.push(one);
        }
    }
    kept
}
