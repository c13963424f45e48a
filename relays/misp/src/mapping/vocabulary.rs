//! From MISP's words to CTIM's: threat levels, TLP and attribute types.

use relay_core::{
    Observable, ObservableType as Type,
    ctim::{Disposition, Severity, Tlp},
    url::has_scheme,
};

use crate::client::types::Attribute;

/// The attribute types that hold observables, docs/relays/misp.md#attribute-types.
pub(crate) const ATTRIBUTE_TYPES: &[&str] = &[
    "url",
    "uri",
    "link",
    "ip-src",
    "ip-dst",
    "ip-src|port",
    "ip-dst|port",
    "domain",
    "domain|ip",
    "hostname",
    "hostname|port",
    "md5",
    "sha1",
    "sha256",
    "filename|md5",
    "filename|sha1",
    "filename|sha256",
    "malware-sample",
    "filename",
    "email",
    "email-src",
    "email-dst",
    "mutex",
    "user-agent",
    "regkey",
];

const TLP_LEVELS: &[(&[&str], Tlp)] = &[
    (&["red"], Tlp::Red),
    (&["amber", "amber+strict"], Tlp::Amber),
    (&["green"], Tlp::Green),
    (&["white", "clear"], Tlp::White),
];

/// Returns the disposition of an event, docs/relays/misp.md#threat-levels.
pub(super) fn disposition(threat_level_id: Option<i64>) -> Disposition {
    match threat_level_id {
        Some(1) => Disposition::Malicious,
        Some(2) => Disposition::Suspicious,
        // A low threat is not known to be good, and Clean would outrank every other verdict.
        Some(3) => Disposition::Common,
        _ => Disposition::Unknown,
    }
}

/// Returns the severity of an event, docs/relays/misp.md#threat-levels.
pub(super) fn severity(threat_level_id: Option<i64>) -> Severity {
    match threat_level_id {
        Some(1) => Severity::High,
        Some(2) => Severity::Medium,
        Some(3) => Severity::Low,
        _ => Severity::Unknown,
    }
}

/// Returns MISP's word for a threat level; none for one that says nothing.
pub(super) fn level(threat_level_id: Option<i64>) -> Option<&'static str> {
    match threat_level_id {
        Some(1) => Some("High"),
        Some(2) => Some("Medium"),
        Some(3) => Some("Low"),
        _ => None,
    }
}

/// Returns the strictest TLP among tags, docs/relays/misp.md#tlp.
pub(super) fn strictest_tlp<'a>(tags: impl Iterator<Item = &'a str>) -> Option<Tlp> {
    let tlp = |tag: &str| {
        let (label, level) = tag.split_at_checked(4)?;
        let is = |word: &&str| level.eq_ignore_ascii_case(word);
        label.eq_ignore_ascii_case("tlp:").then_some(())?;
        TLP_LEVELS.iter().find(|(words, _)| words.iter().any(is)).map(|(_, tlp)| *tlp)
    };
    tags.filter_map(tlp).max()
}

/// Returns the observables of an attribute: one, or those of both parts of a composite value.
/// A part that cannot be of its type, such as a network among addresses, is left out.
pub(super) fn observables(attribute: &Attribute) -> impl Iterator<Item = Observable> + use<> {
    let found = match (attribute.attribute_type.as_deref(), attribute.value.as_deref()) {
        (Some(attribute_type), Some(value)) => match attribute.parts() {
            Some((first, second)) => of_composite(attribute_type, first, second),
            None => [of_plain(attribute_type, value), None],
        },
        _ => [None, None],
    };
    found.into_iter().flatten()
}

fn of_plain(attribute_type: &str, value: &str) -> Option<Observable> {
    let kind = match attribute_type {
        "ip-src" | "ip-dst" => return Observable::address(value),
        // MISP also holds paths and bare hosts under these types.
        "url" | "uri" | "link" if !has_scheme(value) => return None,
        "url" | "uri" | "link" => Type::Url,
        "domain" => Type::Domain,
        "hostname" => Type::Hostname,
        "md5" => Type::Md5,
        "sha1" => Type::Sha1,
        "sha256" => Type::Sha256,
        "email" | "email-src" | "email-dst" => Type::Email,
        "filename" => Type::FileName,
        "mutex" => Type::Mutex,
        "user-agent" => Type::UserAgent,
        "regkey" => Type::RegistryKey,
        _ => return None,
    };
    Observable::present(kind, Some(value))
}

fn of_composite(attribute_type: &str, first: &str, second: &str) -> [Option<Observable>; 2] {
    let file = |hash| {
        let name = Observable::present(Type::FileName, Some(first));
        [name, Observable::present(hash, Some(second))]
    };
    match attribute_type {
        "ip-src|port" | "ip-dst|port" => [Observable::address(first), None],
        "hostname|port" => [Observable::present(Type::Hostname, Some(first)), None],
        "domain|ip" => {
            [Observable::present(Type::Domain, Some(first)), Observable::address(second)]
        }
        "filename|md5" | "malware-sample" => file(Type::Md5),
        "filename|sha1" => file(Type::Sha1),
        "filename|sha256" => file(Type::Sha256),
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(attribute_type: &str, value: &str) -> Vec<(&'static str, String)> {
        let attribute = Attribute {
            attribute_type: attribute_type.into(),
            value: value.into(),
            ..Attribute::default()
        };
        observables(&attribute).map(|one| (one.kind.as_str(), one.value)).collect()
    }

    #[track_caller]
    fn check(attribute_type: &str, value: &str, expected: &[(&'static str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(kind, value)| (*kind, (*value).to_owned())).collect();
        assert_eq!(found(attribute_type, value), expected, "{attribute_type}");
    }

    #[test]
    fn every_type_of_the_table_is_mapped() {
        check("ip-src", "203.0.113.7", &[("ip", "203.0.113.7")]);
        check("ip-dst", "2001:db8::1", &[("ipv6", "2001:db8::1")]);
        check("ip-src|port", "203.0.113.7|80", &[("ip", "203.0.113.7")]);
        check("ip-dst|port", "2001:db8::1|80", &[("ipv6", "2001:db8::1")]);
        check("domain", "bad.example", &[("domain", "bad.example")]);
        check("hostname", "a.bad.example", &[("hostname", "a.bad.example")]);
        check("hostname|port", "a.bad.example|53", &[("hostname", "a.bad.example")]);
        check(
            "domain|ip",
            "bad.example|203.0.113.7",
            &[("domain", "bad.example"), ("ip", "203.0.113.7")],
        );
        for kind in ["url", "uri", "link"] {
            check(kind, "http://bad.example/x|y", &[("url", "http://bad.example/x|y")]);
            check(kind, "/login", &[]);
            check(kind, "no scheme://bad.example", &[]);
        }
        for (hash, digits) in [("md5", 32), ("sha1", 40), ("sha256", 64)] {
            let value = "ab".repeat(digits / 2);
            check(hash, &value, &[(hash, &value)]);
            let both = format!("a.exe|{value}");
            check(&format!("filename|{hash}"), &both, &[("file_name", "a.exe"), (hash, &value)]);
            check(&format!("filename|{hash}"), "a.exe|ab", &[("file_name", "a.exe")]);
        }
        let md5 = "ab".repeat(16);
        check("malware-sample", &format!("a.exe|{md5}"), &[("file_name", "a.exe"), ("md5", &md5)]);
        for kind in ["email", "email-src", "email-dst"] {
            check(kind, "a@bad.example", &[("email", "a@bad.example")]);
        }
        check("filename", "a.exe", &[("file_name", "a.exe")]);
        check("mutex", "Global\\x", &[("mutex", "Global\\x")]);
        check("user-agent", "x/1", &[("user_agent", "x/1")]);
        check("regkey", "HKLM\\x", &[("registry_key", "HKLM\\x")]);
    }

    #[test]
    fn other_types_and_values_hold_no_observable() {
        check("comment", "x", &[]);
        check("filename|sha512", "a|b", &[]);
        check("domain|ip", "|", &[]);
        check("ip-src", "203.0.113.0/24", &[]);
        check("filename", "  ", &[]);
    }

    #[test]
    fn every_type_that_is_searched_is_mapped() {
        let md5 = "ab".repeat(16);
        let values = [
            "http://bad.example",
            "203.0.113.7",
            "203.0.113.7|80",
            "bad.example",
            &md5,
            &"ab".repeat(20),
            &"ab".repeat(32),
            &format!("a.exe|{md5}"),
        ];
        for attribute_type in ATTRIBUTE_TYPES {
            let is_mapped = values.iter().any(|value| !found(attribute_type, value).is_empty());
            assert!(is_mapped, "{attribute_type}");
        }
    }
}
