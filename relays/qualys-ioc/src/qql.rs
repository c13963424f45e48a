//! The Qualys Query Language, as far as this relay writes it: one value in one or two fields.
//!
//! Qualys documents three kinds of quotation marks and no escape (Unified Dashboard help,
//! "Components of a QQL query"), so a literal takes a mark that its value does not hold.

use relay_core::{
    ObservableType::{self, Domain, FileName, FilePath, Ip, Ipv6, Md5, Mutex, Sha256},
    http::escaped,
};

/// Gateways take URLs of 8 KiB; a filter may fill this much of one, in bytes as sent.
const LONGEST: usize = 7 * 1024;

/// Where each type of observable stands in an event. Source: spec §1.
const FIELDS: &[(ObservableType, &[&str])] = &[
    (Md5, &["file.hash.md5"]),
    (Sha256, &["file.hash.sha256"]),
    (FileName, &["file.name"]),
    (FilePath, &["file.fullPath"]),
    (Ip, ADDRESSES),
    (Ipv6, ADDRESSES),
    (Domain, &["network.remote.address.fqdn"]),
    (Mutex, &["handle.name"]),
];

const ADDRESSES: &[&str] = &["network.local.address.ip", "network.remote.address.ip"];

/// The filter for events with this value; none for a value that QQL has no literal for, or that
/// is too long for a URL.
pub fn filter(kind: ObservableType, value: &str) -> Option<String> {
    let (_, fields) = FIELDS.iter().find(|(known, _)| *known == kind)?;
    let literal = literal(value)?;
    let clauses: Vec<_> = fields.iter().map(|field| format!("{field}: {literal}")).collect();
    Some(clauses.join(" or ")).filter(|filter| escaped(filter).len() <= LONGEST)
}

/// The value between marks. Back-slashes at its end are dropped, because the last one might
/// swallow the closing mark; control characters and a value with all three marks have no literal.
fn literal(value: &str) -> Option<String> {
    let value = value.trim_end_matches('\\');
    if value.is_empty() || value.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let mark = ['"', '`', '\''].into_iter().find(|mark| !value.contains(*mark))?;
    Some(format!("{mark}{value}{mark}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a strict reader takes for the value of a filter of one clause: a back-slash before a
    /// mark swallows it, and nothing may follow the closing mark.
    fn read(filter: &str) -> Option<&str> {
        let (_, literal) = filter.split_once(": ")?;
        let mark = literal.chars().next().filter(|mark| "\"`'".contains(*mark))?;
        let rest = &literal[1..];
        let (end, _) = rest.match_indices(mark).find(|(at, _)| !rest[..*at].ends_with('\\'))?;
        (end + 1 == rest.len()).then(|| &rest[..end])
    }

    #[test]
    fn every_type_has_its_fields() {
        let check = |kind, expected: &str| {
            assert_eq!(filter(kind, "v").as_deref(), Some(expected));
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
        assert_eq!(filter(ObservableType::Url, "v"), None);
        for (kind, _) in <crate::QualysIoc as relay_core::Relay>::ABOUT.observables {
            assert!(filter(*kind, "v").is_some(), "{kind}");
        }
    }

    #[test]
    fn i12_a_value_that_no_url_holds_has_no_filter() {
        assert!(filter(FileName, &"a".repeat(7000)).is_some());
        assert!(filter(FileName, &"ä".repeat(7000)).is_none());
        assert!(filter(FileName, &"a".repeat(1 << 16)).is_none());
    }

    #[test]
    fn i03_the_mark_is_one_that_the_value_does_not_hold() {
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
        fn f7_a_filter_reads_back_to_exactly_its_value(value in any::<String>()) {
            if let Some(filter) = filter(FileName, &value) {
                prop_assert_eq!(read(&filter), Some(value.trim_end_matches('\\')));
            }
        }

        #[test]
        fn f7_hostile_values_stay_one_literal(value in r#"["`'\\:() aor\n]{0,24}"#) {
            match filter(Mutex, &value) {
                Some(filter) => prop_assert_eq!(read(&filter), Some(value.trim_end_matches('\\'))),
                None => prop_assert!(
                    value.trim_end_matches('\\').is_empty()
                        || value.contains('\n')
                        || ['"', '`', '\''].iter().all(|mark| value.contains(*mark))
                ),
            }
        }
    }
}
