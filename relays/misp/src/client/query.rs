//! Values and bodies of the searches, docs/relays/misp.md#observables.

use std::{collections::HashSet, ops::RangeInclusive};

use relay_core::{Error, ErrorKind, Observable, ObservableType};
use serde::Serialize;

/// Attributes that one search asks for, at the least and at the most.
const PAGE_SIZES: RangeInclusive<usize> = 500..=5000;

/// The body of `POST /attributes/restSearch`, docs/relays/misp.md#search-for-values.
#[derive(Serialize)]
pub(super) struct Search<'a> {
    #[serde(rename = "returnFormat")]
    return_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<AnyOf<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eventid: Option<&'a [String]>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    attribute_types: Option<&'a [&'a str]>,
    #[serde(rename = "includeContext", skip_serializing_if = "Option::is_none")]
    include_context: Option<u8>,
    #[serde(rename = "includeEventTags", skip_serializing_if = "Option::is_none")]
    include_event_tags: Option<u8>,
    limit: usize,
    page: usize,
}

/// A list of values. In this form MISP reads neither `!` as negation nor `&&` as a list.
#[derive(Serialize)]
struct AnyOf<'a> {
    #[serde(rename = "OR")]
    values: &'a [String],
}

/// Whether attributes come with the tags of their events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventTags {
    Include,
    Omit,
}

impl<'a> Search<'a> {
    const EMPTY: Self = Self {
        return_format: "json",
        value: None,
        eventid: None,
        attribute_types: None,
        include_context: None,
        include_event_tags: None,
        limit: 0,
        page: 1,
    };

    /// Searches for attributes that hold one of `values`, at most `limit` of them.
    pub(super) fn by_values(values: &'a [String], limit: usize, tags: EventTags) -> Self {
        Self {
            value: Some(AnyOf { values }),
            include_context: Some(1),
            include_event_tags: (tags == EventTags::Include).then_some(1),
            limit,
            ..Self::EMPTY
        }
    }

    /// Searches for the attributes of these types in events.
    pub(super) fn by_events(ids: &'a [String], attribute_types: &'a [&'a str]) -> Self {
        Self {
            eventid: Some(ids),
            attribute_types: Some(attribute_types),
            limit: *PAGE_SIZES.end(),
            ..Self::EMPTY
        }
    }

    pub(super) fn is_by_values(&self) -> bool {
        self.value.is_some()
    }
}

/// Returns the number of attributes to ask for, so that each observable may have `entity_limit`.
pub(super) fn page_size(entity_limit: usize, observables: usize) -> usize {
    (entity_limit * observables).clamp(*PAGE_SIZES.start(), *PAGE_SIZES.end())
}

/// The values to search for all observables of a call, each once.
pub(crate) struct SearchValues {
    pub(crate) values: Vec<String>,
    /// Names the observables that were left out, because MISP reads them as wildcards.
    pub(crate) warning: Option<Error>,
}

impl SearchValues {
    pub(crate) fn of(observables: &[Observable]) -> Self {
        let mut seen = HashSet::new();
        let values =
            observables.iter().flat_map(spellings).filter(|value| seen.insert(value.clone()));
        let mut normal_forms = observables.iter().filter_map(Observable::normal_form);
        Self {
            values: values.collect(),
            warning: normal_forms.any(|value| is_wildcard(&value)).then(wildcard_warning),
        }
    }
}

/// Returns the spellings under which MISP may hold an observable; none for a value that cannot be
/// of its type, and for one that MISP would not search literally.
pub(crate) fn spellings(observable: &Observable) -> Vec<String> {
    let mut spellings = observable.spellings();
    if observable.kind == ObservableType::Url {
        // MISP stores URLs as they were entered, with or without a scheme.
        let bare = |url: &String| url.split_once("://").map(|(_, rest)| rest.to_owned());
        spellings.extend(spellings.first().and_then(bare));
    }
    spellings.retain(|spelling| is_literal(spelling));
    spellings
}

/// Returns the value of a sighting: the normal form, of a URL the value as sent.
pub(crate) fn sighting_value(observable: &Observable) -> Option<String> {
    let normal = observable.normal_form()?;
    let is_url = observable.kind == ObservableType::Url;
    let value = if is_url { observable.value.clone() } else { normal };
    is_literal(&value).then_some(value)
}

/// MISP drops a filter of `0` or blanks and returns every event.
fn is_literal(value: &str) -> bool {
    !is_wildcard(value) && !matches!(value.trim(), "" | "0")
}

fn is_wildcard(value: &str) -> bool {
    let value = value.trim();
    value.starts_with('%') || value.ends_with('%')
}

fn wildcard_warning() -> Error {
    let message =
        "Values that begin or end with % were not searched, because MISP reads them as wildcards.";
    Error::new(ErrorKind::InvalidInput, message).as_warning()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ObservableType as Type;

    fn check(kind: Type, value: &str, expected: &[&str]) {
        assert_eq!(spellings(&Observable::new(kind, value)), expected, "{value}");
    }

    #[test]
    fn each_type_has_its_spellings() {
        check(Type::Ip, "203.0.113.7", &["203.0.113.7", "::ffff:203.0.113.7"]);
        check(Type::Ipv6, "2001:DB8:0::1", &["2001:db8::1"]);
        check(Type::Domain, ".Bücher.Example.", &["xn--bcher-kva.example", "bücher.example"]);
        check(Type::Md5, &"AB".repeat(16), &[&"ab".repeat(16)]);
        check(
            Type::Url,
            "http://bad.example",
            &["http://bad.example", "http://bad.example/", "bad.example"],
        );
        check(
            Type::Url,
            "http://bad.example/",
            &["http://bad.example/", "http://bad.example", "bad.example/"],
        );
        check(Type::Url, "http://bad.example/a/", &["http://bad.example/a/", "bad.example/a/"]);
        check(Type::Url, "http://bad.example?x=/", &["http://bad.example?x=/", "bad.example?x=/"]);
        check(Type::Url, "bad.example/x", &["bad.example/x"]);
        check(Type::Url, "bad.example", &["bad.example", "bad.example/"]);
    }

    #[test]
    fn i11_values_that_would_widen_the_search_are_not_searched() {
        for (kind, value) in [
            (Type::Domain, "0"),
            (Type::Url, " 0 "),
            (Type::Url, "  "),
            (Type::Ip, "bad"),
            (Type::Sha1, "abc"),
            (Type::Domain, ".."),
            (Type::Domain, ".0."),
        ] {
            check(kind, value, &[]);
            let search = SearchValues::of(&[Observable::new(kind, value)]);
            assert!(search.warning.is_none(), "{value}");
        }
        for value in ["%bad.example", "bad.example%", ".%bad.example", "bad.example%. "] {
            let observables = [value, "bad.example"].map(|v| Observable::new(Type::Domain, v));
            let search = SearchValues::of(&observables);
            assert_eq!(search.values, ["bad.example"], "{value}");
            assert!(search.warning.is_some_and(|warning| warning.is_warning()), "{value}");
        }
    }

    #[test]
    fn i11_no_spelling_of_a_url_widens_the_search() {
        check(Type::Url, "http://%", &[]);
        check(Type::Url, "http://%.example/x", &["http://%.example/x"]);
        check(Type::Url, "http://bad%/", &["http://bad%/", "bad%/"]);
        check(Type::Url, "http://0", &["http://0", "http://0/"]);
        check(Type::Url, "x:// ", &["x:// ", "x:// /"]);
    }

    #[test]
    fn equal_spellings_are_searched_once() {
        let observables = [(Type::Domain, "bad.example"), (Type::Hostname, "BAD.example")]
            .map(|(kind, value)| Observable::new(kind, value));
        assert_eq!(SearchValues::of(&observables).values, ["bad.example"]);
    }
}
