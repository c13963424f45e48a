//! Observables in the form in which Microsoft's alerts are searched for them.

use std::net::IpAddr;

use relay_core::{Observable, ObservableType};

/// One observable of a call, and the value that alerts are searched for.
#[derive(Debug)]
pub(super) struct SearchTerm<'a> {
    /// The observable's index in the caller's list.
    pub(super) index: usize,
    pub(super) observable: &'a Observable,
    pub(super) value: NormalizedValue,
}

/// A value in normal form: addresses parsed; names and hashes in lower case; URLs, file names and
/// paths as the caller spelt them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NormalizedValue {
    Address(IpAddr),
    Domain(String),
    Hostname(String),
    Url(String),
    FileName(String),
    FilePath(String),
    Hash(HashType, String),
}

/// A type of file hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HashType {
    Md5,
    Sha1,
    Sha256,
}

impl HashType {
    /// The word of Microsoft Graph, which is CTIM's as well.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

impl<'a> SearchTerm<'a> {
    /// Returns the terms of those observables that alerts can be searched for.
    pub(super) fn of_all(observables: &'a [Observable]) -> Vec<Self> {
        let indexed = observables.iter().enumerate();
        indexed.filter_map(|(index, observable)| Self::new(index, observable)).collect()
    }

    /// Returns none for types that alerts hold no evidence of, for values that cannot be of their
    /// type, and for values with control characters, which no alert has.
    pub(super) fn new(index: usize, observable: &'a Observable) -> Option<Self> {
        if observable.value.contains(|letter: char| letter.is_ascii_control()) {
            return None;
        }
        let value = observable.normal_form()?;
        let value = match observable.kind {
            ObservableType::Ip | ObservableType::Ipv6 => {
                NormalizedValue::Address(value.parse().ok()?)
            }
            ObservableType::Domain => NormalizedValue::Domain(value),
            ObservableType::Hostname => NormalizedValue::Hostname(value),
            ObservableType::Url => NormalizedValue::Url(value),
            ObservableType::FileName => NormalizedValue::FileName(value),
            ObservableType::FilePath => NormalizedValue::FilePath(value),
            ObservableType::Md5 => NormalizedValue::Hash(HashType::Md5, value),
            ObservableType::Sha1 => NormalizedValue::Hash(HashType::Sha1, value),
            ObservableType::Sha256 => NormalizedValue::Hash(HashType::Sha256, value),
            _ => return None,
        };
        Some(Self { index, observable, value })
    }
}

impl NormalizedValue {
    /// The value as text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Address(ip) => ip.to_string(),
            Self::Domain(value)
            | Self::Hostname(value)
            | Self::Url(value)
            | Self::FileName(value)
            | Self::FilePath(value)
            | Self::Hash(_, value) => value.clone(),
        }
    }
}

/// Splits a path behind its last separator into folder and name; none where there is no separator
/// or no name.
pub(super) fn folder_and_name(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.split_at(path.rfind(['\\', '/'])? + 1);
    (!name.is_empty()).then_some((folder, name))
}

/// Returns the host of a URL with or without a scheme, without user information and port.
/// docs/relays/graph-security.md#strategies
pub(super) fn host(url: &str) -> &str {
    let (origin, _) = origin_and_rest(url);
    let authority = origin.rsplit('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.split_once(']') {
        Some((bracketed, _)) => bracketed.trim_start_matches('['),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Splits a URL in front of its path: scheme and authority, whose case has no meaning, and the rest.
pub(super) fn origin_and_rest(url: &str) -> (&str, &str) {
    let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let start = match url.find("://") {
        Some(at) if is_scheme(&url[..at]) => at + 3,
        _ => 0,
    };
    let end = url[start..].find(['/', '?', '#', '\\']).map_or(url.len(), |at| start + at);
    url.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_with_and_without_a_scheme() {
        let check = |url: &str, expected: &str| assert_eq!(host(url), expected, "{url}");
        check("https://cdn.example/a/b?c=d://e", "cdn.example");
        check("https://user:pass@cdn.example:8443/a", "cdn.example");
        check("cdn.example/a", "cdn.example");
        check("user@cdn.example:80", "cdn.example");
        check("cdn.example?next=https://other.example/", "cdn.example");
        check("https://[2001:db8::1]:443/x", "2001:db8::1");
        check("https://cdn.example#x@other.example", "cdn.example");
        check("", "");
    }

    #[test]
    fn the_origin_ends_in_front_of_the_path() {
        let check = |url: &str, origin: &str| assert_eq!(origin_and_rest(url).0, origin, "{url}");
        check("HTTPS://Cdn.Example/A?b", "HTTPS://Cdn.Example");
        check("cdn.example?next=https://other.example/", "cdn.example");
        check("https://cdn.example", "https://cdn.example");
    }

    #[test]
    fn a_path_is_split_behind_its_last_separator() {
        assert_eq!(folder_and_name(r"C:\Users\upd.exe"), Some((r"C:\Users\", "upd.exe")));
        assert_eq!(folder_and_name("/tool"), Some(("/", "tool")));
        for path in ["upd.exe", r"C:\Users\", ""] {
            assert_eq!(folder_and_name(path), None, "{path}");
        }
    }

    #[test]
    fn values_that_no_alert_can_hold_are_not_searched() {
        let is_searched =
            |kind, value: &str| SearchTerm::new(0, &Observable::new(kind, value)).is_some();
        for (kind, value) in [
            (ObservableType::Ip, "not an address"),
            (ObservableType::Ipv6, "203.0.113.7"),
            (ObservableType::Sha256, "abc"),
            (ObservableType::Domain, "..."),
            (ObservableType::FileName, "a\nb"),
            (ObservableType::Url, "https://a.example/\u{7f}"),
            (ObservableType::Email, "mara@contoso.example"),
        ] {
            assert!(!is_searched(kind, value), "{kind} {value}");
        }
        assert!(is_searched(ObservableType::Ip, "2001:DB8::1"));
        assert!(is_searched(ObservableType::FileName, "blanks are no control characters"));
    }
}
