//! How the entities of an answer hang together: ids, relationships, verdicts.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use serde_json::Value;

use super::{Entity, Observable, bundle::Doc, finding::Findings};

/// The entities of an answer by their ids; the first one where an id stands twice.
type ById<'a, 'd> = HashMap<&'d str, &'d Doc<'a>>;

pub(super) fn check(docs: &[Doc<'_>], findings: &mut Findings) {
    let by_id = check_ids(docs, findings);
    for relationship in docs.iter().filter(|doc| doc.kind == Entity::Relationship) {
        check_ends(relationship, &by_id, findings);
        check_pair(relationship, &by_id, findings);
    }
    check_orphans(docs, findings);
    check_repeated_verdicts(docs, findings);
    for verdict in docs.iter().filter(|doc| doc.kind == Entity::Verdict) {
        check_judgement(verdict, &by_id, findings);
    }
}

/// The entities by id, as [`check`] sees them, without a finding for repeated ids.
pub(super) fn by_id<'a, 'd>(docs: &'d [Doc<'a>]) -> ById<'a, 'd> {
    check_ids(docs, &mut Findings::default())
}

fn check_ids<'a, 'd>(docs: &'d [Doc<'a>], findings: &mut Findings) -> ById<'a, 'd> {
    let mut by_id = HashMap::new();
    for doc in docs {
        let Some(id) = doc.text("id") else { continue };
        match by_id.entry(id) {
            Entry::Vacant(free) => {
                free.insert(doc);
            }
            Entry::Occupied(first) => {
                let first: &Doc<'_> = first.get();
                let what = if first.value == doc.value { "the same" } else { "another" };
                let text = format!("{id} is already the id of {what} entity at {}", first.place);
                findings.error("dup-id", &doc.place.key("id"), text);
            }
        }
    }
    by_id
}

fn check_ends(relationship: &Doc<'_>, by_id: &ById<'_, '_>, findings: &mut Findings) {
    let ends = ["source_ref", "target_ref"].map(|key| (key, relationship.text(key)));
    for (key, end) in ends {
        if let Some(id) = end.filter(|id| !by_id.contains_key(id)) {
            let text = format!("{id} is not in this answer");
            findings.error("dangling-ref", &relationship.place.key(key), text);
        }
    }
    if ends[0].1.is_some() && ends[0].1 == ends[1].1 {
        findings.error("self-ref", &relationship.place, "source_ref and target_ref are the same");
    }
}

fn check_pair(relationship: &Doc<'_>, by_id: &ById<'_, '_>, findings: &mut Findings) {
    let kind_of = |key| relationship.text(key).and_then(|id| by_id.get(id)).map(|doc| doc.kind);
    let (Some(verb), Some(source), Some(target)) =
        (relationship.text("relationship_type"), kind_of("source_ref"), kind_of("target_ref"))
    else {
        return;
    };
    if !is_defined(source, verb, target) {
        let text = format!("{} {verb} {} is not defined", source.name(), target.name());
        findings.warn("relationship-pair", &relationship.place, text);
    }
}

/// CTIM's table of defined relationships, as far as relays send both ends.
fn is_defined(source: Entity, verb: &str, target: Entity) -> bool {
    use Entity::{Indicator, Judgement, Sighting};
    matches!(
        (source, verb, target),
        (_, "duplicate-of" | "related-to" | "derived-from", _)
            | (Judgement, "based-on" | "element-of", Indicator)
            | (Sighting, "based-on", Judgement | Sighting)
            | (Sighting, "sighting-of" | "member-of", Indicator)
            | (Indicator, "based-on", Indicator)
    )
}

fn check_orphans(docs: &[Doc<'_>], findings: &mut Findings) {
    let relationships = docs.iter().filter(|doc| doc.kind == Entity::Relationship);
    let linked: HashSet<_> = relationships
        .flat_map(|doc| [doc.text("source_ref"), doc.text("target_ref")])
        .flatten()
        .collect();
    for indicator in docs.iter().filter(|doc| doc.kind == Entity::Indicator) {
        if !indicator.text("id").is_some_and(|id| linked.contains(id)) {
            let text = "no relationship leads to this indicator";
            findings.warn("orphan", &indicator.place, text);
        }
    }
}

fn check_repeated_verdicts(docs: &[Doc<'_>], findings: &mut Findings) {
    let mut first = HashMap::new();
    for verdict in docs.iter().filter(|doc| doc.kind == Entity::Verdict) {
        for observable in verdict.observables() {
            let at = first.entry((observable.kind, observable.value)).or_insert(&verdict.place);
            if *at != &verdict.place {
                let text = format!("a verdict on this observable is already at {at}");
                findings.warn("several-verdicts", &verdict.place, text);
            }
        }
    }
}

fn check_judgement(verdict: &Doc<'_>, by_id: &ById<'_, '_>, findings: &mut Findings) {
    let Some(id) = verdict.text("judgement_id") else { return };
    let place = verdict.place.key("judgement_id");
    let Some(judgement) = by_id.get(id).filter(|doc| doc.kind == Entity::Judgement) else {
        findings.error("judgement-id", &place, format!("{id} is not a judgement of this answer"));
        return;
    };
    let about = |doc: &Doc<'_>| doc.value.get("observable").and_then(Observable::of);
    if about(judgement) != about(verdict) {
        findings.error("judgement-id", &place, "that judgement is about another observable");
    }
    let disposition = |doc: &Doc<'_>| doc.value.get("disposition").cloned().unwrap_or(Value::Null);
    if disposition(judgement) != disposition(verdict) {
        let text = format!("the judgement says {}", disposition(judgement));
        findings.warn("verdict-disposition", &verdict.place.key("disposition"), text);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Entity::{Indicator, Judgement, Relationship, Sighting},
        is_defined,
    };

    #[test]
    fn relationships_have_a_direction() {
        assert!(is_defined(Sighting, "sighting-of", Indicator));
        assert!(!is_defined(Indicator, "sighting-of", Sighting));
        assert!(is_defined(Judgement, "element-of", Indicator));
        assert!(!is_defined(Sighting, "element-of", Indicator));
        assert!(is_defined(Relationship, "related-to", Relationship));
        assert!(!is_defined(Judgement, "own-verb", Indicator));
    }
}
