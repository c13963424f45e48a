//! Writes queries in QQL, the Qualys Query Language: one value in one or two fields.
//!
//! Qualys documents three quotation marks and no escape (Unified Dashboard help, "Components of a
//! QQL query"), so a literal uses a mark that its value does not contain.
//! Specification: docs/relays/qualys-ioc.md#query-language.

use relay_core::{
    Error, ErrorKind, Observable,
    ObservableType::{self, Domain, FileName, FilePath, Ip, Ipv6, Md5, Mutex, Sha256},
    Partial, Relay,
    url::escaped,
};

use crate::QualysIoc;

/// The longest query in bytes, percent-encoded: gateways accept URLs of 8 KiB.
const MAX_QUERY_BYTES: usize = 7 * 1024;

/// The fields that hold the values of each type.
const FIELDS: &[(ObservableType, &[&str])] = &[
    (Md5, &["file.hash.md5"]),
    (Sha256, &["file.hash.sha256"]),
    (FileName, &["file.name"]),
    (FilePath, &["file.fullPath"]),
    (Ip, ADDRESS_FIELDS),
    (Ipv6, ADDRESS_FIELDS),
    (Domain, &["network.remote.address.fqdn"]),
    (Mutex, &["handle.name"]),
];

const ADDRESS_FIELDS: &[&str] = &["network.local.address.ip", "network.remote.address.ip"];

/// What most fields take at most, with what stands beside them.
const USUAL_FIELD_BYTES: usize = 40;

/// What joins two clauses.
const OR: &str = " or ";

/// An observable that can be searched for, and the query that finds its events.
#[derive(Debug)]
pub(crate) struct SearchTerm<'a> {
    pub(crate) observable: &'a Observable,
    /// Its normal form.
    pub(crate) value: String,
    pub(crate) query: String,
}

impl SearchTerm<'_> {
    /// Returns whether events show which value found them. Names, paths, domains and mutexes do not,
    /// because Qualys compares them by tokens.
    fn is_exact(&self) -> bool {
        matches!(self.observable.kind, Md5 | Sha256 | Ip | Ipv6)
    }
}

/// Returns the observables that can be searched for. One without a normal form is left out, one
/// that QQL cannot express has a warning.
pub(crate) fn search_terms(observables: &[Observable]) -> Partial<Vec<SearchTerm<'_>>> {
    let mut terms = Partial::<Vec<_>>::default();
    for observable in observables {
        let Some(value) = observable.normal_form() else { continue };
        match query(observable.kind, &value) {
            Some(query) => terms.data.push(SearchTerm { observable, value, query }),
            None => terms.errors.push(not_searchable(observable.kind)),
        }
    }
    terms
}

/// Returns the numbers of the terms that are searched for together: hashes and addresses, at most so
/// many and as many as a URL has place for; every other term alone. Groups stand in the order of
/// their first terms.
pub(crate) fn groups(terms: &[SearchTerm<'_>], max_terms: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    // The group that still has place, and the bytes of its query.
    let mut open: Option<(usize, usize)> = None;
    for (number, term) in terms.iter().enumerate() {
        if !term.is_exact() {
            groups.push(vec![number]);
            continue;
        }
        let bytes = escaped(&term.query).len();
        let longer = open.map(|(group, used)| (group, used + escaped(OR).len() + bytes));
        let has_place = |(group, bytes): &(usize, usize)| {
            groups[*group].len() < max_terms && *bytes <= MAX_QUERY_BYTES
        };
        let (group, bytes) = longer.filter(has_place).unwrap_or((groups.len(), bytes));
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(number);
        open = Some((group, bytes));
    }
    groups
}

/// Returns the query for events with any of these values.
pub(crate) fn joined(terms: &[&SearchTerm<'_>]) -> String {
    terms.iter().map(|term| term.query.as_str()).collect::<Vec<_>>().join(OR)
}

/// Returns the query for events with this value; `None` for a value that has no literal or is too
/// long for a URL.
#[must_use]
pub fn query(kind: ObservableType, value: &str) -> Option<String> {
    let (_, fields) = FIELDS.iter().find(|(known, _)| *known == kind)?;
    let literal = literal(value)?;
    let mut query = String::with_capacity(fields.len() * (USUAL_FIELD_BYTES + literal.len()));
    for field in *fields {
        let or = if query.is_empty() { "" } else { OR };
        [or, field, ": ", &literal].iter().for_each(|part| query.push_str(part));
    }
    Some(query).filter(|query| is_short(query))
}

/// Whether a query fits when it is escaped, which makes it three times as long at most.
fn is_short(query: &str) -> bool {
    3 * query.len() <= MAX_QUERY_BYTES || escaped(query).len() <= MAX_QUERY_BYTES
}

/// Returns the value in quotation marks; `None` for a value with control characters or with all
/// three marks.
fn literal(value: &str) -> Option<String> {
    // A back-slash at the end might escape the closing mark.
    let value = value.trim_end_matches('\\');
    if value.is_empty() || value.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let mark = ['"', '`', '\''].into_iter().find(|mark| !value.contains(*mark))?;
    Some(format!("{mark}{value}{mark}"))
}

fn not_searchable(kind: ObservableType) -> Error {
    let name = QualysIoc::ABOUT.name_of(kind).unwrap_or(kind.as_str());
    let text = format!(
        "Qualys was not asked about a {name} that is too long or holds characters its query language cannot quote."
    );
    Error::new(ErrorKind::InvalidInput, text).as_warning()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the value of a query of one clause as a strict parser reads it: a back-slash before
    /// a mark escapes it, and nothing may follow the closing mark.
    fn read(query: &str) -> Option<&str> {
        let (_, literal) = query.split_once(": ")?;
        let mark = literal.chars().next().filter(|mark| "\"`'".contains(*mark))?;
        let rest = &literal[1..];
        let (end, _) = rest.match_indices(mark).find(|(at, _)| !rest[..*at].ends_with('\\'))?;
        (end + 1 == rest.len()).then(|| &rest[..end])
    }

    #[test]
    fn every_type_has_its_fields() {
        let check = |kind, expected: &str| {
            assert_eq!(query(kind, "v").as_deref(), Some(expected));
        };
        check(Md5, r#"file.hash.md5: "v""#);
        check(Sha256, r#"file.hash.sha256: "v""#);
        check(FileName, r#"file.name: "v""#);
        check(FilePath, r#"file.fullPath: "v""#);
        let address = r#"network.local.address.ip: "v" or network.remote.address.ip: "v""#;
        check(Ip, address);
        check(Ipv6, address);
        check(Domain, r#"network.remote.address.fqdn: "v""#);
        check(Mutex, r#"handle.name: "v""#);
        assert_eq!(query(ObservableType::Url, "v"), None);
        for (kind, _) in QualysIoc::ABOUT.observables {
            assert!(query(*kind, "v").is_some(), "{kind}");
        }
    }

    #[test]
    fn hashes_and_addresses_are_searched_for_together_and_all_else_alone() {
        let observables = [
            Observable::new(FileName, "a.exe"),
            Observable::new(Md5, "ab".repeat(16)),
            Observable::new(Domain, "bad.example"),
            Observable::new(Sha256, "cd".repeat(32)),
            Observable::new(Mutex, "m"),
            Observable::new(FilePath, "C:\\a.exe"),
            Observable::new(Ipv6, "2001:db8::77"),
            Observable::new(Ip, "203.0.113.77"),
        ];
        let terms = search_terms(&observables).data;
        let groups = groups(&terms, 100);
        assert_eq!(groups, [vec![0], vec![1, 3, 6, 7], vec![2], vec![4], vec![5]]);
        let joint: Vec<_> = groups[1].iter().map(|number| &terms[*number]).collect();
        assert!(joined(&joint[..2]).contains(r#"ab" or file.hash.sha256: "cd"#));
    }

    #[test]
    fn i12_no_group_is_too_long_for_a_url() {
        let groups_of = |kind, value: fn(usize) -> String| {
            let observables: Vec<_> =
                (0..200).map(|number| Observable::new(kind, value(number))).collect();
            let terms = search_terms(&observables).data;
            let groups = groups(&terms, 200);
            for group in &groups {
                let joint: Vec<_> = group.iter().map(|number| &terms[*number]).collect();
                assert!(escaped(&joined(&joint)).len() <= MAX_QUERY_BYTES);
            }
            assert_eq!(groups.iter().flatten().count(), 200);
            groups.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(groups_of(Md5, |number| format!("{number:032x}")), [110, 90]);
        assert_eq!(groups_of(Sha256, |number| format!("{number:064x}")), [71, 71, 58]);
        assert!(groups_of(Ip, |number| format!("198.151.100.{number}"))[0] >= 60);
        let longest = |number| format!("2001:db8:1111:2222:3333:4444:5555:{number:x}");
        assert!(groups_of(Ipv6, longest)[0] >= 30);
    }

    #[test]
    fn a_query_holds_the_normal_form() {
        let check = |kind, value: &str, expected: &str| {
            let observables = [Observable::new(kind, value)];
            let terms = search_terms(&observables).data;
            assert!(terms[0].query.ends_with(&format!(r#": "{expected}""#)), "{value}");
        };
        check(Domain, "BÜCHER.example.", "xn--bcher-kva.example");
        check(Ip, "::FFFF:203.0.113.80", "203.0.113.80");
        check(Ipv6, "::ffff:cb00:7150", "203.0.113.80");
        check(Ip, "2001:DB8:0::77", "2001:db8::77");
        check(Sha256, &"AB".repeat(32), &"ab".repeat(32));
    }

    #[test]
    fn i12_a_value_too_long_for_a_url_has_no_query() {
        assert!(query(FileName, &"a".repeat(7000)).is_some());
        assert!(query(FileName, &"ä".repeat(7000)).is_none());
        assert!(query(FileName, &"a".repeat(1 << 16)).is_none());
    }

    #[test]
    fn i03_the_quotation_mark_is_one_that_the_value_does_not_contain() {
        let check = |value: &str, expected: Option<&str>| {
            assert_eq!(literal(value).as_deref(), expected, "{value}");
        };
        check(r"C:\Users\a.exe", Some(r#""C:\Users\a.exe""#));
        check(r"C:\Users\\", Some(r#""C:\Users""#));
        check(r#"x" or file.name: "y"#, Some(r#"`x" or file.name: "y`"#));
        check("a\"b`c", Some("'a\"b`c'"));
        check("a\"b`c'd", None);
        check(r"\\", None);
        check("a\nb", None);
        check("a\u{7f}b", None);
        check("a\0", None);
        check("it's `x`", Some("\"it's `x`\""));
        check("密码 é", Some("\"密码 é\""));
    }

    proptest! {
        #[test]
        fn f7_a_query_reads_back_to_exactly_its_value(value in any::<String>()) {
            if let Some(query) = query(FileName, &value) {
                prop_assert_eq!(read(&query), Some(value.trim_end_matches('\\')));
            }
        }

        #[test]
        fn f7_malicious_values_stay_one_literal(value in r#"["`'\\:() aor\n]{0,24}"#) {
            match query(Mutex, &value) {
                Some(query) => prop_assert_eq!(read(&query), Some(value.trim_end_matches('\\'))),
                None => prop_assert!(
                    value.trim_end_matches('\\').is_empty()
                        || value.contains('\n')
                        || ['"', '`', '\''].iter().all(|mark| value.contains(*mark))
                ),
            }
        }
    }
}
