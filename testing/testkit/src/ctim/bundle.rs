//! The collections of an enrichment answer: their counts, their entities, their observables.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Entity, Expectation, Observable, entity, finding::Findings, limit, place::Place, references,
};

/// An entity and its place in an answer.
#[derive(Debug)]
pub(super) struct Doc<'a> {
    pub(super) kind: Entity,
    pub(super) value: &'a Value,
    pub(super) place: Place,
}

impl Doc<'_> {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }

    /// The observables that the entity itself names; indicators and relationships name none.
    pub(super) fn observables(&self) -> BTreeSet<Observable> {
        let list = self.value.get("observables").and_then(Value::as_array);
        match self.kind {
            Entity::Sighting => list.into_iter().flatten().filter_map(Observable::of).collect(),
            _ => self.value.get("observable").and_then(Observable::of).into_iter().collect(),
        }
    }
}

/// Checks `data` of an enrichment answer; wrong types are found by the schema.
pub(super) fn check(data: Option<&Value>, expected: &Expectation, findings: &mut Findings) {
    let Some(data) = data.filter(|data| data.is_object()) else { return };
    let mut docs = Vec::new();
    for kind in Entity::ALL {
        let place = Place::root().key("data").key(kind.collection());
        if let Some(collection) = data.get(kind.collection()) {
            docs.extend(check_collection(kind, collection, &place, findings));
        }
    }
    references::check(&docs, findings);
    if let Some(observables) = &expected.observables {
        check_observables(&docs, observables, findings);
    }
    if let Some(max) = expected.limit {
        limit::check(&docs, expected.observables.as_ref(), max, findings);
    }
}

fn check_collection<'a>(
    kind: Entity,
    collection: &'a Value,
    place: &Place,
    findings: &mut Findings,
) -> Vec<Doc<'a>> {
    let Some(docs) = collection.get("docs").and_then(Value::as_array) else { return Vec::new() };
    if let Some(count) = collection.get("count").and_then(Value::as_i64)
        && usize::try_from(count) != Ok(docs.len())
    {
        let text = format!("says {count}, there are {} docs", docs.len());
        findings.error("count", &place.key("count"), text);
    }
    if docs.is_empty() {
        findings.warn("empty-collection", place, "a collection without docs; leave it out");
    }
    let docs = docs.iter().enumerate().filter(|(_, doc)| doc.is_object());
    let docs =
        docs.map(|(index, value)| Doc { kind, value, place: place.key("docs").index(index) });
    docs.inspect(|doc| entity::check(kind, doc.value, &doc.place, findings)).collect()
}

fn check_observables(docs: &[Doc<'_>], expected: &BTreeSet<Observable>, findings: &mut Findings) {
    for doc in docs {
        let about = doc.observables();
        let (wrong, key) = match doc.kind {
            Entity::Sighting => {
                let named = doc.value.get("observables").and_then(Value::as_array);
                let any = named.is_some_and(|named| !named.is_empty());
                (any && about.is_disjoint(expected), "observables")
            }
            Entity::Judgement | Entity::Verdict => (!about.is_subset(expected), "observable"),
            Entity::Indicator | Entity::Relationship => (false, ""),
        };
        if wrong {
            findings.error(
                "not-asked",
                &doc.place.key(key),
                "this observable is not in the request",
            );
        }
    }
}
