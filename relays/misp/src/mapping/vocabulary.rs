//! From MISP's attribute types to CTIM's observable types, spec §4.1.

use relay_core::{Observable, ObservableType as Type};

use crate::client::Row;

/// The observables that an attribute holds: one, or the two halves of a composite. What cannot be
/// of its type, such as a network among addresses, is none.
pub(super) fn observables(row: &Row) -> Vec<Observable> {
    let (Some(kind), Some(value)) = (row.kind.as_deref(), row.value.as_deref()) else {
        return Vec::new();
    };
    let found = match row.halves() {
        Some((one, other)) => of_composite(kind, one, other),
        None => vec![of_plain(kind, value)],
    };
    found.into_iter().flatten().filter(|one| one.normal_form().is_some()).collect()
}

fn of_plain(kind: &str, value: &str) -> Option<Observable> {
    let kind = match kind {
        "ip-src" | "ip-dst" => return Observable::address(value),
        "url" | "uri" | "link" => {
            return has_scheme(value).then(|| Observable::new(Type::Url, value));
        }
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

fn has_scheme(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(letter)
    })
}

fn of_composite(kind: &str, one: &str, other: &str) -> Vec<Option<Observable>> {
    let file = |hash: Type| {
        vec![Observable::present(Type::FileName, Some(one)), Observable::present(hash, Some(other))]
    };
    match kind {
        "ip-src|port" | "ip-dst|port" => vec![Observable::address(one)],
        "hostname|port" => vec![Observable::present(Type::Hostname, Some(one))],
        "domain|ip" => {
            vec![Observable::present(Type::Domain, Some(one)), Observable::address(other)]
        }
        "filename|md5" | "malware-sample" => file(Type::Md5),
        "filename|sha1" => file(Type::Sha1),
        "filename|sha256" => file(Type::Sha256),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_table_is_mapped() {
        let check = |kind: &str, value: &str, expected: &[(&str, &str)]| {
            let row = Row {
                kind: Some(kind.to_owned()),
                value: Some(value.to_owned()),
                ..Row::default()
            };
            let found = observables(&row);
            let found: Vec<_> = found.iter().map(|o| (o.kind.as_str(), o.value.as_str())).collect();
            assert_eq!(found, expected, "{kind}");
        };
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
        check("comment", "x", &[]);
        check("filename|sha512", "a|b", &[]);
        check("domain|ip", "|", &[]);
        check("ip-src", "203.0.113.0/24", &[]);
        check("filename", "  ", &[]);
    }
}
