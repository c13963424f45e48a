//! `CTR_ENTITIES_LIMIT`: how many entities of each type are about one observable.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entity, Observable, bundle::Doc, finding::Findings, place::Place, references::by_id};

/// Finds observables with more than `max` entities of a type.
pub(super) fn check(
    docs: &[Doc<'_>],
    expected: Option<&BTreeSet<Observable>>,
    max: usize,
    findings: &mut Findings,
) {
    for ((kind, observable), total) in totals(docs, expected) {
        if total > max {
            let about = match observable {
                Some(Observable { kind, value }) => format!("{kind} {value}"),
                None => "no observable of the request".to_owned(),
            };
            let place = Place::root().key("data").key(kind.collection());
            findings.error("limit", &place, format!("{total} entities for {about}, {max} allowed"));
        }
    }
}

type Totals = BTreeMap<(Entity, Option<Observable>), usize>;

fn totals(docs: &[Doc<'_>], expected: Option<&BTreeSet<Observable>>) -> Totals {
    let mut totals = Totals::new();
    for (doc, mut about) in docs.iter().zip(observables(docs)) {
        about.retain(|observable| expected.is_none_or(|expected| expected.contains(observable)));
        let about =
            if about.is_empty() { vec![None] } else { about.into_iter().map(Some).collect() };
        for observable in about {
            *totals.entry((doc.kind, observable)).or_default() += 1;
        }
    }
    totals
}

/// The observables of each entity: a relationship has those of its source, an indicator those of
/// all entities that point to it.
fn observables(docs: &[Doc<'_>]) -> Vec<BTreeSet<Observable>> {
    let by_id = by_id(docs);
    let own = |id: Option<&str>| id.and_then(|id| by_id.get(id)).map(|doc| doc.observables());
    let mut pointed: BTreeMap<&str, BTreeSet<Observable>> = BTreeMap::new();
    for relationship in docs.iter().filter(|doc| doc.kind == Entity::Relationship) {
        if let Some(target) = relationship.text("target_ref") {
            let about = own(relationship.text("source_ref")).unwrap_or_default();
            pointed.entry(target).or_default().extend(about);
        }
    }
    let observables = |doc: &Doc<'_>| match doc.kind {
        Entity::Relationship => own(doc.text("source_ref")).unwrap_or_default(),
        Entity::Indicator => {
            doc.text("id").and_then(|id| pointed.get(id)).cloned().unwrap_or_default()
        }
        _ => doc.observables(),
    };
    docs.iter().map(observables).collect()
}
