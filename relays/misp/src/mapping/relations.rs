//! Relations of sightings, docs/relays/misp.md#relations.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations, Tlp},
};

use super::{
    types::{MatchedEvent, MatchedObservable},
    vocabulary,
};
use crate::{
    client::types::{Attribute, Identity},
    equality::Index,
};

/// The attributes of all events of an answer.
#[derive(Default)]
pub(crate) struct Neighbours {
    /// Of the observables of the call.
    index: Arc<Index>,
    /// By event id, newest first.
    by_event: HashMap<String, Vec<Neighbour>>,
    seen: HashSet<Identity>,
}

struct Neighbour {
    attribute: Arc<Attribute>,
    observables: Vec<NeighbourObservable>,
    /// Its own TLP; without one it has its event's.
    tlp: Tlp,
}

struct NeighbourObservable {
    observable: Observable,
    /// The numbers of the observables of the call that are the same, in any spelling and of any type.
    same: Vec<usize>,
}

impl Neighbours {
    pub(crate) fn new(index: &Arc<Index>) -> Self {
        Self { index: index.clone(), ..Self::default() }
    }

    /// Adds attributes. Repeats are left out.
    pub(crate) fn add(&mut self, attributes: impl IntoIterator<Item = Arc<Attribute>>) {
        let attributes = attributes.into_iter();
        self.seen.reserve(attributes.size_hint().0);
        for attribute in attributes {
            if self.seen.insert(Identity(attribute.clone())) {
                self.push(Neighbour::new(attribute, &self.index));
            }
        }
        self.sort();
    }

    /// Returns these attributes and then those of others.
    pub(crate) fn with(mut self, others: Self) -> Self {
        for neighbour in others.by_event.into_values().flatten() {
            if self.seen.insert(Identity(neighbour.attribute.clone())) {
                self.push(neighbour);
            }
        }
        self.sort();
        self
    }

    fn push(&mut self, neighbour: Neighbour) {
        if let Some(event) = neighbour.attribute.event_id.clone().into_inner() {
            self.by_event.entry(event).or_default().push(neighbour);
        }
    }

    fn sort(&mut self) {
        for event in self.by_event.values_mut() {
            event.sort_by_key(|one| (Reverse(*one.attribute.timestamp), *one.attribute.id));
        }
    }

    /// Returns whether an observable has fewer relations to the rest of an event than `limit`.
    pub(crate) fn has_fewer_relations(
        &self,
        of: &MatchedObservable,
        matched: &MatchedEvent,
        limit: usize,
    ) -> bool {
        // An attribute holds two observables at the most.
        let observables = 2 * (self.of_event(matched).len() + matched.attributes().count());
        observables < limit || self.relations("", of, matched, limit).0.len() < limit
    }

    fn of_event(&self, matched: &MatchedEvent) -> &[Neighbour] {
        let neighbours = matched.event_id().and_then(|id| self.by_event.get(id));
        neighbours.map_or(&[], Vec::as_slice)
    }

    /// Returns the first `limit` relations of an observable to the rest of an event, and whether
    /// there are more: what stands in an attribute with it, then in a MISP object with it, then in
    /// the event.
    pub(crate) fn relations(
        &self,
        origin: &str,
        MatchedObservable { observable, number, .. }: &MatchedObservable,
        matched: &MatchedEvent,
        limit: usize,
    ) -> (Relations, bool) {
        let event = self.of_event(matched);
        let holders = event.iter().filter(|one| one.holds(*number)).map(|one| &*one.attribute);
        let objects: HashSet<i64> =
            matched.attributes().chain(holders).filter_map(Attribute::object).collect();
        let is_sibling = |one: &Neighbour| {
            one.attribute.object().is_some_and(|object| objects.contains(&object))
        };
        let halves: Vec<Observable> = matched
            .attributes()
            .flat_map(vocabulary::observables)
            .filter(|one| one != observable && !self.index.same(one).contains(number))
            .collect();
        let tlp = matched.tlp().unwrap_or(UNLABELLED);
        let visible = || event.iter().filter(|one| one.tlp <= tlp);
        let in_attributes = visible().filter(|one| one.holds(*number));
        let in_objects = visible().filter(|one| is_sibling(one));
        let close = in_attributes.chain(in_objects).flat_map(|one| one.others(*number));
        let close = halves.iter().chain(close).map(|one| (one, true));
        let rest = visible().flat_map(|one| one.others(*number)).map(|one| (one, false));
        let mut seen = HashSet::new();
        let mut relations = Relations::from_origin(origin);
        for (other, is_close) in close.chain(rest).filter(|(one, _)| seen.insert(*one)) {
            if relations.len() >= limit {
                return (relations, true);
            }
            let (source, relation, related) = relation(observable, other, is_close);
            relations.add(Some(source), relation, Some(related));
        }
        (relations, false)
    }
}

impl Neighbour {
    fn new(attribute: Arc<Attribute>, index: &Index) -> Self {
        let tlp = vocabulary::strictest_tlp(attribute.tag_names()).unwrap_or(Tlp::White);
        let observables = vocabulary::observables(&attribute).map(|observable| {
            let same = index.same(&observable);
            NeighbourObservable { observable, same }
        });
        Self { observables: observables.collect(), attribute, tlp }
    }

    /// Whether it holds an observable of the call.
    fn holds(&self, number: usize) -> bool {
        self.observables.iter().any(|one| one.same.contains(&number))
    }

    /// Returns its observables but for one of the call.
    fn others(&self, number: usize) -> impl Iterator<Item = &Observable> {
        let others = self.observables.iter().filter(move |one| !one.same.contains(&number));
        others.map(|one| &one.observable)
    }
}

/// What CTIM takes an entity without a TLP for.
const UNLABELLED: Tlp = Tlp::Green;

impl Attribute {
    /// Returns the id of the MISP object; 0 means none.
    pub(crate) fn object(&self) -> Option<i64> {
        self.object_id.filter(|id| *id != 0)
    }
}

/// Two observables that stand in one attribute or object, if only once, are more than related: a
/// name resolved to an address, a file's name belongs to its hash.
fn relation(
    observable: &Observable,
    other: &Observable,
    is_close: bool,
) -> (Observable, RelationName, Observable) {
    let is_address = |kind: Type| matches!(kind, Type::Ip | Type::Ipv6);
    let is_hash = |kind: Type| kind.hash_digits().is_some();
    let (observable, other) = (observable.clone(), other.clone());
    match (observable.kind, other.kind) {
        (Type::Domain, kind) if is_close && is_address(kind) => {
            (observable, RelationName::ResolvedTo, other)
        }
        (kind, Type::Domain) if is_close && is_address(kind) => {
            (other, RelationName::ResolvedTo, observable)
        }
        (kind, Type::FileName) if is_close && is_hash(kind) => {
            (other, RelationName::FileNameOf, observable)
        }
        _ => (observable, RelationName::RelatedTo, other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::search::FoundAttribute;

    fn attribute(id: i64, attribute_type: &str, value: &str) -> Arc<Attribute> {
        let attribute = json!({"id": id, "event_id": "7", "type": attribute_type, "value": value});
        Arc::new(serde_json::from_str(&attribute.to_string()).unwrap())
    }

    #[test]
    fn relations_are_counted_each_once_and_without_the_observable_itself() {
        let asked = [Observable::new(Type::Domain, "Bad.example")];
        let index = Arc::new(Index::new(&asked));
        let found = attribute(1, "domain|ip", "bad.example|203.0.113.7");
        let named = index.named(&found);
        let found = [FoundAttribute { attribute: found, named }];
        let matches = MatchedObservable::all(&asked, 0, &found);
        let mut neighbours = Neighbours::new(&index);
        let [FoundAttribute { attribute: first, .. }] = found;
        neighbours.add([first.clone(), first, attribute(2, "hostname", "BAD.example")]);
        let mut others = Neighbours::new(&index);
        others.add([attribute(3, "ip-dst", "203.0.113.7"), attribute(4, "filename", "a.exe")]);
        let neighbours = neighbours.with(others);

        let event = &matches[0].events[0];
        let count = |limit| {
            let (relations, is_cut) = neighbours.relations("", &matches[0], event, limit);
            (relations.len(), is_cut)
        };
        assert_eq!([count(1), count(2), count(9)], [(1, true), (2, false), (2, false)]);
        let has_fewer = |limit| neighbours.has_fewer_relations(&matches[0], event, limit);
        assert_eq!([1, 2, 3, 100].map(has_fewer), [false, false, true, true]);
    }
}
