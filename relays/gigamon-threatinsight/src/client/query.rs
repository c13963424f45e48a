//! Search terms: how an observable is written in IQL, the Insight Query Language, and which values
//! and events match it.
//!
//! IQL documents no escape. The protection is that nothing but addresses, names and hashes in
//! their normal form enters a query.
//! Specification: docs/relays/gigamon-threatinsight.md#query-language.

mod list;
mod paths;
mod texts;

use std::{collections::BTreeMap, net::IpAddr};

use relay_core::{
    Call, Observable,
    ObservableType::{self, Domain, Ip, Ipv6, Md5, Sha1, Sha256},
    Time,
};
use serde_json::{Value, json, value::RawValue};

pub use self::list::TermList;

use self::paths::Found;
use super::{
    page::Slice,
    types::{Detection, Indicator},
};
use crate::Credentials;

const MAX_NAME_BYTES: usize = 253;
const DAY_SECONDS: i64 = 86_400;

/// An observable that can be searched for, with its IQL field and normal form.
#[derive(Debug, Clone)]
pub struct SearchTerm<'a> {
    pub(crate) observable: &'a Observable,
    field: &'static str,
    value: String,
}

impl<'a> SearchTerm<'a> {
    /// Returns the search term of an observable; `None` for a value that cannot be of its type.
    #[must_use]
    pub fn of(observable: &'a Observable) -> Option<Self> {
        let field = match observable.kind {
            Ip | Ipv6 => "ip",
            Domain => "domain",
            Md5 => "md5",
            Sha1 => "sha1",
            Sha256 => "sha256",
            _ => return None,
        };
        let is_safe = |value: &str| observable.kind != Domain || is_name(value);
        let value = observable.normal_form();
        let value = value.filter(|value| is_safe(value) && value.len() <= MAX_NAME_BYTES)?;
        Some(Self { observable, field, value })
    }

    /// Returns the normal form.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the query for events that hold the value in any field.
    #[must_use]
    pub fn query(&self) -> String {
        format!("{} = '{}'", self.field, self.value)
    }

    /// Returns whether a text of the product is the same value, in any spelling.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        Observable::new(self.kind(), text).normal_form().as_deref() == Some(&self.value)
    }

    /// Returns whether the value is the hash of a file.
    pub(crate) fn is_hash(&self) -> bool {
        matches!(self.observable.kind, Md5 | Sha1 | Sha256)
    }

    /// Returns the type of the field's values: `ip` holds addresses of both versions.
    fn kind(&self) -> ObservableType {
        if self.field == "ip" { Ip } else { self.observable.kind }
    }

    fn is_in(&self, event: &RawValue) -> bool {
        let mut is_in = false;
        texts::walk(event, |_, text| is_in |= self.matches(text));
        is_in
    }

    /// Returns whether an event of a detection is about the value: whether the value stands where
    /// the rule looked, or else among the values of the detection. Where the detection does not tell
    /// where the rule looked, the value may stand anywhere.
    /// Specification: docs/relays/gigamon-threatinsight.md#matching.
    pub(crate) fn matches_event(&self, detection: &Detection, event: &RawValue) -> bool {
        let indicators = &detection.indicators;
        let paths: Vec<_> = indicators.iter().filter_map(|indicator| indicator.path()).collect();
        match paths::find(event, &paths, |text| self.matches(text)) {
            Found::Nothing => {
                let mut values = indicators.iter().flat_map(|indicator| &indicator.values);
                values.any(|value| self.matches(value)) || paths.is_empty() && self.is_in(event)
            }
            Found::OtherValues => false,
            Found::Value => true,
        }
    }
}

impl Indicator {
    /// Returns the path of the field in an event, if it leads to an address, a name or a hash.
    pub(crate) fn path(&self) -> Option<Vec<&str>> {
        let path: Vec<_> = self.field.as_deref()?.rsplit(':').next()?.split('.').collect();
        let kinds = ["ip", "domain", "md5", "sha1", "sha256"];
        path.last().is_some_and(|last| kinds.contains(last)).then_some(path)
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// The days of an event search, counted back from now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: usize,
    pub(super) until: usize,
}

/// Returns the body of an event search.
pub(super) fn search_body(
    query: &str,
    window: Window,
    slice: Slice,
    call: &Call<'_, Credentials>,
) -> Value {
    let days_ago = |days: usize| {
        let seconds = i64::try_from(days).unwrap_or(0) * DAY_SECONDS;
        call.now.plus_seconds(-seconds).with_decimals()
    };
    let mut body = json!({
        "query": query,
        "start_date": days_ago(window.from),
        "end_date": days_ago(window.until),
        "limit": slice.limit,
        "order_by": "timestamp",
        "order": "desc",
    });
    if slice.offset > 0 {
        body["offset"] = slice.offset.into();
    }
    body
}

/// Returns the entities of a device look-up: addresses and times.
pub(super) fn entities(addresses: &BTreeMap<IpAddr, Time>) -> Vec<Value> {
    let entity = |(address, time): (&IpAddr, &Time)| json!({"ip": address, "event_time": time.with_decimals()});
    addresses.iter().map(entity).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn query(kind: ObservableType, value: &str) -> Option<String> {
        SearchTerm::of(&Observable::new(kind, value)).map(|term| term.query())
    }

    #[test]
    fn every_type_has_its_query_in_normal_form() {
        let check = |kind, value: &str, expected: Option<&str>| {
            assert_eq!(query(kind, value).as_deref(), expected, "{value}");
        };
        check(Ip, "203.0.113.77", Some("ip = '203.0.113.77'"));
        check(Ip, "2001:DB8:0::1", Some("ip = '2001:db8::1'"));
        check(Ipv6, "2001:DB8:0::1", Some("ip = '2001:db8::1'"));
        check(Domain, "C2.Bad_x-1.Example.", Some("domain = 'c2.bad_x-1.example'"));
        check(Domain, "Bücher.example", Some("domain = 'xn--bcher-kva.example'"));
        check(Ipv6, "::ffff:203.0.113.77", Some("ip = '203.0.113.77'"));
        check(Md5, &"AB".repeat(16), Some(&format!("md5 = '{}'", "ab".repeat(16))));
        check(Sha1, &"AB".repeat(20), Some(&format!("sha1 = '{}'", "ab".repeat(20))));
        check(Sha256, &"AB".repeat(32), Some(&format!("sha256 = '{}'", "ab".repeat(32))));
        check(
            Domain,
            &format!("{}.example", "a".repeat(245)),
            Some(&format!("domain = '{}.example'", "a".repeat(245))),
        );
    }

    #[test]
    fn i04_a_value_that_cannot_be_of_its_type_has_no_query() {
        for (kind, value) in [
            (Ip, "203.0.113.300"),
            (Ip, "x' OR ip = '0.0.0.0/0"),
            (Ipv6, "203.0.113.7"),
            (Domain, "bad.example' OR domain != '"),
            (Domain, "bücher.example' OR domain != '"),
            (Domain, "bad example"),
            (Domain, "..."),
            (Domain, " "),
            (Md5, "0f1e"),
            (Sha1, "'"),
            (Sha256, "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
            (ObservableType::Url, "https://bad.example/"),
        ] {
            assert_eq!(query(kind, value), None, "{kind} {value}");
        }
        assert_eq!(query(Domain, &"a".repeat(254)), None);
    }

    #[test]
    fn spellings_of_one_value_are_equal() {
        let matches = |kind, value: &str, text: &str| {
            let observable = Observable::new(kind, value);
            SearchTerm::of(&observable).unwrap().matches(text)
        };
        assert!(matches(Ip, "2001:db8::77", "2001:0DB8:0000::0077"));
        assert!(matches(Ipv6, "2001:db8::77", "2001:0DB8:0000::0077"));
        assert!(matches(Domain, "c2.bad.example", "C2.BAD.example."));
        assert!(matches(Md5, &"ab".repeat(16), &"AB".repeat(16)));
        assert!(!matches(Domain, "c2.bad.example", "xc2.bad.example"));
        assert!(!matches(Ip, "203.0.113.7", ""));
    }

    /// Returns field and value of a query of one query: the text between its only two quotes.
    fn read(query: &str) -> Option<(&str, &str)> {
        let (field, literal) = query.split_once(" = ")?;
        let value = literal.strip_prefix('\'')?.strip_suffix('\'')?;
        (!value.contains(['\'', '"', '\\'])).then_some((field, value))
    }

    proptest! {
        #[test]
        fn f7_a_query_reads_back_to_exactly_its_value(
            value in prop_oneof![any::<String>(), r#"['a-z0-9. :=\\"()-]{0,40}"#, "[a-zA-Z0-9._-]{1,80}"],
            kind in prop::sample::select(vec![Ip, Ipv6, Domain, Md5, Sha1, Sha256]),
        ) {
            let observable = Observable::new(kind, value);
            if let Some(term) = SearchTerm::of(&observable) {
                let query = term.query();
                let (field, value) = read(&query).unwrap();
                prop_assert_eq!(Some(value.to_owned()), observable.normal_form());
                prop_assert!(["ip", "domain", "md5", "sha1", "sha256"].contains(&field));
            }
        }
    }

    fn check_event(
        kind: ObservableType,
        value: &str,
        indicators: Value,
        event: Value,
        expected: bool,
    ) {
        let text = json!({"indicators": indicators}).to_string();
        let detection: Detection = serde_json::from_str(&text).unwrap();
        let observable = Observable::new(kind, value);
        let term = SearchTerm::of(&observable).unwrap();
        let raw = serde_json::value::to_raw_value(&event).unwrap();
        assert_eq!(term.matches_event(&detection, &raw), expected, "{indicators} {event}");
    }

    #[test]
    fn an_event_matches_where_the_rule_looked() {
        let dst = json!([{"field": "dst.ip", "values": ["203.0.113.77"]}]);
        let to = |ip: &str| json!({"src": {"ip": "203.0.113.77"}, "dst": {"ip": ip}});
        check_event(Ip, "203.0.113.77", dst.clone(), to("203.0.113.77"), true);
        check_event(Ip, "203.0.113.77", dst.clone(), to("203.0.113.78"), false);
        check_event(
            Ip,
            "203.0.113.77",
            dst.clone(),
            json!({"dst": [{"ip": "203.0.113.77"}]}),
            true,
        );
        check_event(Ip, "203.0.113.77", dst.clone(), json!({"dst_ip": "203.0.113.77"}), true);
        check_event(Ip, "203.0.113.77", dst.clone(), json!({"dst_ip": "203.0.113.78"}), false);
        check_event(Ip, "203.0.113.77", dst.clone(), json!({"dest_ip": "203.0.113.77"}), true);
        check_event(Ip, "203.0.113.77", dst.clone(), json!({"dest_ip": "203.0.113.78"}), false);
        check_event(Ip, "203.0.113.77", dst, json!({"dst": {"ip": 7}}), false);
    }

    #[test]
    fn spellings_do_not_matter() {
        let files = json!([{"field": "http:files.sha256", "values": []}]);
        let hash = "ab".repeat(32);
        let event = json!({"files": [{"sha256": null}, {"sha256": hash.to_uppercase()}]});
        check_event(Sha256, &hash, files, event, true);
        let answers = json!([{"field": "answers.ip"}]);
        let event = json!({"answers": [{"ip": "2001:0db8:0::77"}, null, "x"]});
        check_event(Ip, "2001:db8::77", answers, event, true);
    }

    #[test]
    fn without_the_field_the_values_of_the_detection_count() {
        let intel = json!([{"field": "intel.ip", "values": ["198.51.100.24"]}]);
        let event = json!({"dst": {"ip": "198.51.100.24"}});
        check_event(Ip, "198.51.100.24", intel.clone(), event.clone(), true);
        check_event(Ip, "198.51.100.25", intel.clone(), event, false);
        check_event(Ip, "198.51.100.24", intel, json!({"intel": {"ip": null}}), true);
        let query = json!([{"field": "query.domain", "values": ["C2.bad.example"]}]);
        check_event(Domain, "c2.bad.example", query, json!({"query": null}), true);
        check_event(Domain, "c2.bad.example", json!(null), json!({"query": null}), false);
    }

    #[test]
    fn a_path_leads_to_an_address_a_name_or_a_hash() {
        let path = |field: &str| {
            let indicator = Indicator { field: field.into(), ..Indicator::default() };
            indicator.path().map(|parts| parts.join("/"))
        };
        assert_eq!(path("dst.ip").as_deref(), Some("dst/ip"));
        assert_eq!(path("http:files.sha256").as_deref(), Some("files/sha256"));
        assert_eq!(path("a:b:query.domain").as_deref(), Some("query/domain"));
        assert_eq!(path("ip").as_deref(), Some("ip"));
        for other in ["dst.asn.org", "", ":", "dst.", "http:uri.uri", "dst.IP"] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(Indicator::default().path(), None);
    }
}
