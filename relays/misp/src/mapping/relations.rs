//! What else an event names, as relations of a sighting (spec §4.6).

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{RelationName, Relations},
};

use super::vocabulary;
use crate::{client::Row, client::query::Form};

/// The attributes of every event of an answer, newest first.
pub(crate) struct Neighbourhood<'a> {
    by_event: HashMap<&'a str, Vec<Neighbour<'a>>>,
}

struct Neighbour<'a> {
    row: &'a Row,
    observables: Vec<Observable>,
}

impl<'a> Neighbourhood<'a> {
    pub(crate) fn new(rows: &'a [Row]) -> Self {
        let mut by_event: HashMap<_, Vec<_>> = HashMap::new();
        for row in rows {
            if let Some(event) = row.event_id.as_deref() {
                let observables = vocabulary::observables(row);
                by_event.entry(event).or_default().push(Neighbour { row, observables });
            }
        }
        for rows in by_event.values_mut() {
            rows.sort_by_key(|neighbour| (Reverse(neighbour.row.timestamp), neighbour.row.id));
        }
        Self { by_event }
    }

    /// The first `limit` relations of `asked` to the rest of its event.
    pub(super) fn relations(
        &self,
        origin: &str,
        asked: &Observable,
        event_id: Option<&str>,
        limit: usize,
    ) -> Relations {
        let mut relations = Relations::from_origin(origin);
        let Some(rows) = event_id.and_then(|id| self.by_event.get(id)) else { return relations };
        let is_asked = is_asked(asked);
        let objects: Vec<i64> =
            rows.iter().filter(|row| row.names(&is_asked)).filter_map(Neighbour::object).collect();
        let is_close = |row: &&Neighbour<'_>| {
            row.names(&is_asked) || row.object().is_some_and(|object| objects.contains(&object))
        };
        let close: HashSet<&Observable> =
            rows.iter().filter(is_close).flat_map(|row| &row.observables).collect();
        for other in rows.iter().flat_map(|row| &row.observables).filter(|other| !is_asked(other)) {
            if relations.len() >= limit {
                break;
            }
            let (source, relation, related) = relation(asked, other, close.contains(other));
            relations.add(Some(source), relation, Some(related));
        }
        relations
    }
}

impl Neighbour<'_> {
    fn names(&self, is_asked: &impl Fn(&Observable) -> bool) -> bool {
        self.observables.iter().any(is_asked)
    }

    fn object(&self) -> Option<i64> {
        self.row.object_id.filter(|object| *object != 0)
    }
}

/// Whether an observable is the asked one, whatever its spelling and type.
fn is_asked(asked: &Observable) -> impl Fn(&Observable) -> bool {
    let forms = Form::of_observable(asked);
    move |other| Form::of_text(&other.value).iter().any(|form| forms.contains(form))
}

/// Two that stand in one attribute or object, if only once, are more than related: a name
/// resolved to an address, a file's name belongs to its hash.
fn relation(
    asked: &Observable,
    other: &Observable,
    close: bool,
) -> (Observable, RelationName, Observable) {
    let is_address = |kind: Type| matches!(kind, Type::Ip | Type::Ipv6);
    let is_hash = |kind: Type| kind.hash_digits().is_some();
    let (asked, other) = (asked.clone(), other.clone());
    match (asked.kind, other.kind) {
        (Type::Domain, kind) if close && is_address(kind) => {
            (asked, RelationName::ResolvedTo, other)
        }
        (kind, Type::Domain) if close && is_address(kind) => {
            (other, RelationName::ResolvedTo, asked)
        }
        (kind, Type::FileName) if close && is_hash(kind) => {
            (other, RelationName::FileNameOf, asked)
        }
        _ => (asked, RelationName::RelatedTo, other),
    }
}
