//! `CTR_ENTITIES_LIMIT`: how many entities of each type speak of one observable.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entity, Observable, bundle::Doc, finding::Findings, place::Place, references::by_id};

/// Complains where more than `most` entities of a type speak of one of the asked observables.
pub(super) fn check(
    docs: &[Doc<'_>],
    asked: Option<&BTreeSet<Observable>>,
    most: usize,
    findings: &mut Findings,
) {
    for ((kind, observable), total) in totals(docs, asked) {
        if total > most {
            let about = match observable {
                Some(Observable { kind, value }) => format!("{kind} {value}"),
                None => "no asked observable".to_owned(),
            };
            let place = Place::root().key("data").key(kind.collection());
            findings.error(
                "limit",
                &place,
                format!("{total} entities for {about}, {most} allowed"),
            );
        }
    }
}

type Totals = BTreeMap<(Entity, Option<Observable>), usize>;

fn totals(docs: &[Doc<'_>], asked: Option<&BTreeSet<Observable>>) -> Totals {
    let mut totals = Totals::new();
    for (doc, mut about) in docs.iter().zip(subjects(docs)) {
        about.retain(|observable| asked.is_none_or(|asked| asked.contains(observable)));
        let about =
            if about.is_empty() { vec![None] } else { about.into_iter().map(Some).collect() };
        for observable in about {
            *totals.entry((doc.kind, observable)).or_default() += 1;
        }
    }
    totals
}

/// What each entity is about: a relationship speaks of what its source speaks of, an indicator of
/// whatever points at it.
fn subjects(docs: &[Doc<'_>]) -> Vec<BTreeSet<Observable>> {
    let by_id = by_id(docs);
    let own = |id: Option<&str>| id.and_then(|id| by_id.get(id)).map(|doc| doc.observables());
    let mut pointed: BTreeMap<&str, BTreeSet<Observable>> = BTreeMap::new();
    for relationship in docs.iter().filter(|doc| doc.kind == Entity::Relationship) {
        if let Some(target) = relationship.text("target_ref") {
            let about = own(relationship.text("source_ref")).unwrap_or_default();
            pointed.entry(target).or_default().extend(about);
        }
    }
    let subject = |doc: &Doc<'_>| match doc.kind {
        Entity::Relationship => own(doc.text("source_ref")).unwrap_or_default(),
        Entity::Indicator => {
            doc.text("id").and_then(|id| pointed.get(id)).cloned().unwrap_or_default()
        }
        _ => doc.observables(),
    };
    docs.iter().map(subject).collect()
}
