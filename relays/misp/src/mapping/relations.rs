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

use super::{types::MatchedEvent, vocabulary};
use crate::{
    client::types::Attribute,
    equality::{Form, forms_of_named},
};

/// The attributes of all events of an answer, by event id, newest first.
#[derive(Default)]
pub(crate) struct Neighbours {
    by_event: HashMap<String, EventNeighbours>,
}

#[derive(Default)]
struct EventNeighbours {
    list: Vec<Neighbour>,
    /// The places of the observables in the list: of the neighbour, and in it.
    by_form: HashMap<Form, Vec<(usize, usize)>>,
}

struct Neighbour {
    attribute: Arc<Attribute>,
    observables: Vec<Observable>,
    /// Its own TLP; without one it has its event's.
    tlp: Tlp,
}

impl Neighbours {
    /// Repeats are left out.
    pub(crate) fn new(attributes: impl IntoIterator<Item = Arc<Attribute>>) -> Self {
        let mut by_event: HashMap<String, EventNeighbours> = HashMap::new();
        let mut seen = HashSet::new();
        for attribute in attributes {
            let is_new = seen.insert(attribute.identity());
            if let Some(event) = attribute.event_id.clone().into_inner().filter(|_| is_new) {
                by_event.entry(event).or_default().list.push(Neighbour::new(attribute));
            }
        }
        by_event.values_mut().for_each(EventNeighbours::sort);
        Self { by_event }
    }

    /// Returns the first `limit` relations of an observable to the rest of an event, and whether
    /// there are more: what stands in an attribute with it, then in a MISP object with it, then in
    /// the event.
    pub(crate) fn relations(
        &self,
        origin: &str,
        (observable, own): (&Observable, &HashSet<Form>),
        matched: &MatchedEvent,
        limit: usize,
    ) -> (Relations, bool) {
        let mut relations = Relations::from_origin(origin);
        let event = matched.event_id().and_then(|id| self.by_event.get(id));
        let same = event.map(|event| event.places_of(own)).unwrap_or_default();
        let close = event.map(|event| event.close_to(&same, matched)).unwrap_or_default();
        let is_other =
            |one: &Observable| !forms_of_named(one).iter().any(|form| own.contains(form));
        let halves = matched.attributes().flat_map(vocabulary::observables).filter(is_other);
        let close: Vec<_> = halves.chain(close).collect();
        let known: HashSet<_> = close.iter().cloned().collect();
        let rest =
            event.into_iter().flat_map(|event| event.observables(&same, matched, |_, _| true));
        let rest = rest.filter(|one| !known.contains(*one)).map(|one| (one.clone(), false));
        let mut seen = HashSet::new();
        let all = close.into_iter().map(|one| (one, true)).chain(rest);
        for (other, is_close) in all.filter(|(one, _)| seen.insert(one.clone())) {
            if relations.len() >= limit {
                return (relations, true);
            }
            let (source, relation, related) = relation(observable, &other, is_close);
            relations.add(Some(source), relation, Some(related));
        }
        (relations, false)
    }
}

impl EventNeighbours {
    /// Puts the newest first and notes which observables they name.
    fn sort(&mut self) {
        self.list.sort_by_key(|one| (Reverse(*one.attribute.timestamp), *one.attribute.id));
        for (place, neighbour) in self.list.iter().enumerate() {
            for (part, observable) in neighbour.observables.iter().enumerate() {
                for form in forms_of_named(observable) {
                    self.by_form.entry(form).or_default().push((place, part));
                }
            }
        }
    }

    /// Returns the other observables of attributes and MISP objects that hold the observable.
    fn close_to(&self, same: &HashSet<(usize, usize)>, matched: &MatchedEvent) -> Vec<Observable> {
        let places: HashSet<usize> = same.iter().map(|(place, _)| *place).collect();
        let mut objects: HashSet<i64> =
            matched.attributes().filter_map(Attribute::object).collect();
        objects.extend(places.iter().filter_map(|place| self.list[*place].attribute.object()));
        let is_sibling = |one: &Neighbour| {
            one.attribute.object().is_some_and(|object| objects.contains(&object))
        };
        let in_attributes = |place: usize, _: &Neighbour| places.contains(&place);
        let in_objects = |_: usize, one: &Neighbour| is_sibling(one);
        let in_attributes = self.observables(same, matched, in_attributes);
        in_attributes.chain(self.observables(same, matched, in_objects)).cloned().collect()
    }

    /// Returns the places of the observable itself, in any spelling and of any type.
    fn places_of(&self, own: &HashSet<Form>) -> HashSet<(usize, usize)> {
        own.iter().filter_map(|form| self.by_form.get(form)).flatten().copied().collect()
    }

    /// Returns the observables of neighbours of a kind, but for the observable itself and those of a
    /// stricter TLP.
    fn observables<'a>(
        &'a self,
        same: &'a HashSet<(usize, usize)>,
        matched: &MatchedEvent,
        is_wanted: impl Fn(usize, &Neighbour) -> bool + 'a,
    ) -> impl Iterator<Item = &'a Observable> + 'a {
        let tlp = matched.tlp().unwrap_or(UNLABELLED);
        let wanted = self.list.iter().enumerate();
        let wanted = wanted.filter(move |(place, one)| one.tlp <= tlp && is_wanted(*place, one));
        wanted.flat_map(move |(place, one)| {
            let parts = one.observables.iter().enumerate();
            parts.filter(move |(part, _)| !same.contains(&(place, *part))).map(|(_, one)| one)
        })
    }
}

impl Neighbour {
    fn new(attribute: Arc<Attribute>) -> Self {
        let tlp = vocabulary::strictest_tlp(attribute.tag_names()).unwrap_or(Tlp::White);
        let observables = vocabulary::observables(&attribute);
        Self { attribute, observables, tlp }
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
