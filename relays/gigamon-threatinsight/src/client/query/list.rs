//! Several search terms in one query, and which of them an event is about.
//! Specification: docs/relays/gigamon-threatinsight.md#lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use relay_core::{Observable, ObservableType};
use serde_json::value::RawValue;

use super::{SearchTerm, texts};

/// Members that hold a plain name where the query language has a field `domain`.
const NAMES: [&str; 2] = ["san_dns", "server_name_indication"];

/// Search terms that one query looks for.
#[derive(Debug, Default)]
pub struct TermList {
    clauses: Vec<Clause>,
}

/// The values of one field. They are of one type, so that no address stands among names.
#[derive(Debug)]
struct Clause {
    field: &'static str,
    kind: ObservableType,
    has_addresses: bool,
    /// The places of the terms, by normal form.
    places: BTreeMap<String, Vec<usize>>,
}

impl TermList {
    /// Returns the list of the terms, whose places are their numbers.
    #[must_use]
    pub fn of(terms: &[&SearchTerm<'_>]) -> Self {
        let mut list = Self::default();
        for (place, term) in terms.iter().enumerate() {
            list.places(term).push(place);
        }
        list
    }

    fn places(&mut self, term: &SearchTerm<'_>) -> &mut Vec<usize> {
        let has_addresses = term.value.parse::<IpAddr>().is_ok();
        let is_its =
            |clause: &Clause| clause.field == term.field && clause.has_addresses == has_addresses;
        let index = self.clauses.iter().position(is_its).unwrap_or(self.clauses.len());
        if index == self.clauses.len() {
            let (field, kind) = (term.field, term.kind());
            self.clauses.push(Clause { field, kind, has_addresses, places: BTreeMap::new() });
        }
        self.clauses[index].places.entry(term.value.clone()).or_default()
    }

    /// Returns the query for events that hold one of the values in any field.
    #[must_use]
    pub fn query(&self) -> String {
        self.clauses.iter().map(Clause::query).collect::<Vec<_>>().join(" OR ")
    }

    /// Returns the places of the terms whose value an event holds where the query language looks for
    /// it, or else anywhere.
    pub(crate) fn named_in(&self, event: &RawValue) -> BTreeSet<usize> {
        let in_field = self.places_in(event, Clause::is_in_field);
        if in_field.is_empty() { self.places_in(event, |_, _| true) } else { in_field }
    }

    fn places_in(
        &self,
        event: &RawValue,
        is_looked_at: impl Fn(&Clause, &str) -> bool,
    ) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        texts::walk(event, |name, text| {
            let clauses = self.clauses.iter().filter(|clause| is_looked_at(clause, name));
            found.extend(clauses.filter_map(|clause| clause.places_of(text)).flatten());
        });
        found
    }
}

impl Clause {
    fn query(&self) -> String {
        let values: Vec<_> = self.places.keys().map(|value| format!("'{value}'")).collect();
        match values.as_slice() {
            [value] => format!("{} = {value}", self.field),
            _ => format!("{} IN ({})", self.field, values.join(", ")),
        }
    }

    fn places_of(&self, text: &str) -> Option<&Vec<usize>> {
        self.places.get(&Observable::new(self.kind, text).normal_form()?)
    }

    /// A field that is not given in full means every field that ends with it; in flat events the end
    /// follows an underscore.
    fn is_in_field(&self, name: &str) -> bool {
        let is_flat = || name.strip_suffix(self.field).is_some_and(|rest| rest.ends_with('_'));
        name == self.field || is_flat() || self.field == "domain" && NAMES.contains(&name)
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
        look(TermList::of(&terms.iter().collect::<Vec<_>>()))
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
        let names = ["a.example", "203.0.113.9", "b.example"];
        let names = names.map(|name| Observable::new(Domain, name));
        let all = [addresses().as_slice(), &names].concat();
        assert_eq!(
            query(&all),
            "ip IN ('2001:db8::77', '203.0.113.77') OR domain IN ('a.example', 'b.example') OR domain = '203.0.113.9'"
        );
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
            let query = TermList::of(&terms.iter().collect::<Vec<_>>()).query();
            let read: BTreeSet<_> = query.split('\'').skip(1).step_by(2).collect();
            let expected: BTreeSet<_> = terms.iter().map(SearchTerm::value).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
