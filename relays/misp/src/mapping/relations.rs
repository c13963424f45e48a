//! Relations of sightings, docs/relays/misp.md#relations.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations},
};

use super::{types::ComparableValue, vocabulary};
use crate::client::types::Attribute;

/// The attributes of all events of an answer, by event id, newest first.
pub(crate) struct Neighbours<'a> {
    by_event: HashMap<&'a str, Vec<Neighbour<'a>>>,
}

struct Neighbour<'a> {
    attribute: &'a Attribute,
    observables: Vec<Observable>,
}

impl<'a> Neighbours<'a> {
    pub(crate) fn new(attributes: &'a [Attribute]) -> Self {
        let mut by_event: HashMap<_, Vec<_>> = HashMap::new();
        for attribute in attributes {
            if let Some(event) = attribute.event_id.as_deref() {
                let observables = vocabulary::observables(attribute);
                by_event.entry(event).or_default().push(Neighbour { attribute, observables });
            }
        }
        for neighbours in by_event.values_mut() {
            neighbours.sort_by_key(|one| (Reverse(*one.attribute.timestamp), *one.attribute.id));
        }
        Self { by_event }
    }

    /// Returns the first `limit` relations of an observable to the rest of an event.
    pub(super) fn relations(
        &self,
        origin: &str,
        observable: &Observable,
        event_id: Option<&str>,
        limit: usize,
    ) -> Relations {
        let mut relations = Relations::from_origin(origin);
        let neighbours = event_id.and_then(|id| self.by_event.get(id));
        let Some(neighbours) = neighbours else { return relations };
        let is_same = is_same(observable);
        let close = close_observables(neighbours, &is_same);
        let others = neighbours.iter().flat_map(|neighbour| &neighbour.observables);
        for other in others.filter(|other| !is_same(other)) {
            if relations.len() >= limit {
                break;
            }
            let (source, relation, related) = relation(observable, other, close.contains(other));
            relations.add(Some(source), relation, Some(related));
        }
        relations
    }
}

/// Returns the observables that stand in one attribute or one MISP object with the observable.
fn close_observables<'a>(
    neighbours: &'a [Neighbour<'_>],
    is_same: &impl Fn(&Observable) -> bool,
) -> HashSet<&'a Observable> {
    let own = neighbours.iter().filter(|neighbour| neighbour.names(is_same));
    let objects: HashSet<i64> = own.filter_map(Neighbour::object).collect();
    let is_close = |neighbour: &&Neighbour<'_>| {
        neighbour.names(is_same) || neighbour.object().is_some_and(|id| objects.contains(&id))
    };
    neighbours.iter().filter(is_close).flat_map(|neighbour| &neighbour.observables).collect()
}

impl Neighbour<'_> {
    fn names(&self, is_same: &impl Fn(&Observable) -> bool) -> bool {
        self.observables.iter().any(is_same)
    }

    /// Returns the id of the MISP object; 0 means none.
    fn object(&self) -> Option<i64> {
        self.attribute.object_id.filter(|id| *id != 0)
    }
}

/// Returns a test for the same value, in any spelling and of any type.
fn is_same(observable: &Observable) -> impl Fn(&Observable) -> bool {
    let values = ComparableValue::of_observable(observable);
    move |other| ComparableValue::of_text(&other.value).iter().any(|one| values.contains(one))
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
