//! Several search terms in one query, and which of them an event is about.
//! Specification: docs/relays/gigamon-threatinsight.md#lists.

use std::collections::{BTreeMap, BTreeSet};

use relay_core::{Observable, ObservableType};
use serde_json::value::RawValue;

use super::{SearchTerm, texts};

/// Members that hold a plain name where the query language has a field `domain`.
const NAMES: [&str; 2] = ["san_dns", "server_name_indication"];

/// Search terms of one field.
#[derive(Debug)]
pub struct TermList {
    field: &'static str,
    kind: ObservableType,
    /// The places of the terms, by normal form.
    places: BTreeMap<String, Vec<usize>>,
}

impl TermList {
    /// Returns the list of terms that have the same field; `None` for no term.
    #[must_use]
    pub fn of(terms: &[&SearchTerm<'_>]) -> Option<Self> {
        let first = terms.first()?;
        let mut places = BTreeMap::<_, Vec<_>>::new();
        for (place, term) in terms.iter().enumerate() {
            places.entry(term.value.clone()).or_default().push(place);
        }
        Some(Self { field: first.field, kind: first.kind(), places })
    }

    /// Returns the query for events that hold one of the values in any field.
    #[must_use]
    pub fn query(&self) -> String {
        let values: Vec<_> = self.places.keys().map(|value| format!("'{value}'")).collect();
        match values.as_slice() {
            [value] => format!("{} = {value}", self.field),
            _ => format!("{} IN ({})", self.field, values.join(", ")),
        }
    }

    /// Returns the places of the terms whose value an event holds where the query language looks for
    /// it, or else anywhere.
    pub(crate) fn named_in(&self, event: &RawValue) -> BTreeSet<usize> {
        let (mut in_field, mut anywhere) = (BTreeSet::new(), BTreeSet::new());
        texts::walk(event, |name, text| {
            let value = Observable::new(self.kind, text).normal_form();
            let Some(places) = value.and_then(|value| self.places.get(&value)) else { return };
            anywhere.extend(places);
            if self.is_in_field(name) {
                in_field.extend(places);
            }
        });
        if in_field.is_empty() { anywhere } else { in_field }
    }

    /// A field that is not given in full means every field that ends with it; in flat events the end
    /// follows an underscore.
    fn is_in_field(&self, name: &str) -> bool {
        let is_flat =
            |name: &str| name.strip_suffix(self.field).is_some_and(|rest| rest.ends_with('_'));
        name == self.field || is_flat(name) || self.field == "domain" && NAMES.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relay_core::ObservableType::{Domain, Ip, Ipv6, Md5};
    use serde_json::{Value, json};

    use super::*;

    fn with_list<T>(observables: &[Observable], look: impl Fn(TermList) -> T) -> T {
        let terms: Vec<_> = observables.iter().filter_map(SearchTerm::of).collect();
        look(TermList::of(&terms.iter().collect::<Vec<_>>()).unwrap())
    }

    fn named(observables: &[Observable], event: Value) -> Vec<usize> {
        let event = serde_json::value::to_raw_value(&event).unwrap();
        with_list(observables, |list| list.named_in(&event).into_iter().collect())
    }

    fn addresses() -> [Observable; 3] {
        [
            Observable::new(Ip, "203.0.113.77"),
            Observable::new(Ip, "2001:DB8::77"),
            Observable::new(Ipv6, "2001:db8:0::77"),
        ]
    }

    #[test]
    fn every_value_is_in_the_query_once() {
        let query = |observables: &[Observable]| with_list(observables, |list| list.query());
        assert_eq!(query(&addresses()), "ip IN ('2001:db8::77', '203.0.113.77')");
        assert_eq!(query(&addresses()[1..]), "ip = '2001:db8::77'");
        let names = ["Bücher.example", "c2.bad.example."].map(|name| Observable::new(Domain, name));
        assert_eq!(query(&names), "domain IN ('c2.bad.example', 'xn--bcher-kva.example')");
    }

    #[test]
    fn an_event_is_about_the_values_that_it_holds_in_the_field() {
        let flow = json!({"src": {"ip": "203.0.113.77"}, "dst": {"ip": "2001:0db8::0077"}});
        assert_eq!(named(&addresses(), flow), [0, 1, 2]);
        let flat = json!({"src_ip": "10.0.0.1", "dest_ip": "203.0.113.77"});
        assert_eq!(named(&addresses(), flat), [0]);
        let dns = json!({"answers": [{"ip": "203.0.113.7"}, {"ip": "203.0.113.77"}, null]});
        assert_eq!(named(&addresses(), dns), [0]);
        let other = json!({"src": {"ip": "203.0.113.7"}, "count": 7, "is": true, "note": null});
        assert!(named(&addresses(), other).is_empty());
    }

    #[test]
    fn other_members_count_only_where_the_field_names_none() {
        let [a, b] = ["a.example", "b.example"].map(|name| Observable::new(Domain, name));
        let names = [a, b];
        let query = |name: &str| json!({"query": {"domain": name}, "helo": "b.example"});
        assert_eq!(named(&names, query("A.example")), [0]);
        assert_eq!(named(&names, query("c.example")), [1]);
        assert_eq!(named(&names, json!({"san_dns": ["x.example", "a.example"]})), [0]);
        assert_eq!(named(&names, json!({"server_name_indication": "b.example"})), [1]);
        assert_eq!(named(&names, json!({"http": {"hostname": "b.example"}})), [1]);
        let md5 = [Observable::new(Md5, "AB".repeat(16))];
        assert_eq!(named(&md5, json!({"files": [{"md5": "ab".repeat(16)}]})), [0]);
    }

    proptest! {
        #[test]
        fn f7_a_list_reads_back_to_exactly_its_values(
            values in prop::collection::vec(r#"['a-z0-9. :,=\\"()-]{0,20}"#, 1..6),
        ) {
            let names: Vec<_> =
                values.into_iter().map(|value| Observable::new(Domain, value)).collect();
            let terms: Vec<_> = names.iter().filter_map(SearchTerm::of).collect();
            if let Some(list) = TermList::of(&terms.iter().collect::<Vec<_>>()) {
                let query = list.query();
                let read: BTreeSet<_> = query.split('\'').skip(1).step_by(2).collect();
                let expected: BTreeSet<_> = terms.iter().map(SearchTerm::value).collect();
                prop_assert_eq!(read, expected);
            }
        }
    }
}
