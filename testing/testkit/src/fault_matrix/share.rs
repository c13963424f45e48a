//! The part of an answer that is about one observable.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Answer,
    ctim::{Entity, Observable},
};

/// Everything that is about this observable, as text.
pub(super) fn of(answer: &Answer, observable: &Observable) -> BTreeSet<String> {
    docs(answer, observable).into_iter().map(Value::to_string).collect()
}

/// The documents about it, their relationships, and the indicators at the other end.
fn docs<'a>(answer: &'a Answer, observable: &Observable) -> Vec<&'a Value> {
    let own = || answer.all_docs().filter(|doc| is_about(doc, observable));
    let ids: BTreeSet<_> = own().filter_map(|doc| doc["id"].as_str()).collect();
    let leads = |end: &Value, ids: &BTreeSet<&str>| end.as_str().is_some_and(|id| ids.contains(id));
    let relationships = answer.docs("relationships").iter();
    let relationships: Vec<_> = relationships.filter(|it| leads(&it["source_ref"], &ids)).collect();
    let targets: BTreeSet<_> =
        relationships.iter().filter_map(|it| it["target_ref"].as_str()).collect();
    let indicators = answer.docs("indicators").iter().filter(|it| leads(&it["id"], &targets));
    own().chain(relationships.iter().copied()).chain(indicators).collect()
}

fn is_about(doc: &Value, observable: &Observable) -> bool {
    let several = doc["observables"].as_array().into_iter().flatten();
    several.chain(doc.get("observable")).filter_map(Observable::of).any(|one| one == *observable)
}

/// How many entities of each type there are.
pub(super) fn entities(answer: &Answer) -> BTreeMap<&'static str, usize> {
    let collections = Entity::ALL.map(Entity::collection);
    let counts = collections.map(|collection| (collection, answer.docs(collection).len()));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
