//! Observables in the form in which Graph is asked about them.

use std::net::IpAddr;

use relay_core::{Observable, ObservableType};

/// One observable of the question, and what is looked for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// Where it stands in the question.
    pub(super) place: usize,
    pub(super) asked: &'a Observable,
    pub(super) form: Form,
}

/// What is looked for: addresses parsed; names and hashes in lower case; URLs, file names and
/// paths as they were asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Address(IpAddr),
    Domain(String),
    Hostname(String),
    Url(String),
    FileName(String),
    FilePath(String),
    Hash(Hash, String),
}

/// A kind of file hash, by Graph's name for the property and CTIM's for the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
}

impl Hash {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

impl<'a> Wanted<'a> {
    /// None for types that alerts hold no evidence of, values that cannot be of their type, and
    /// values with control characters, which no alert has.
    pub(super) fn of(place: usize, asked: &'a Observable) -> Option<Self> {
        if asked.value.contains(|letter: char| letter.is_ascii_control()) {
            return None;
        }
        let value = asked.normal_form()?;
        let form = match asked.kind {
            ObservableType::Ip | ObservableType::Ipv6 => Form::Address(value.parse().ok()?),
            ObservableType::Domain => Form::Domain(value),
            ObservableType::Hostname => Form::Hostname(value),
            ObservableType::Url => Form::Url(value),
            ObservableType::FileName => Form::FileName(value),
            ObservableType::FilePath => Form::FilePath(value),
            ObservableType::Md5 => Form::Hash(Hash::Md5, value),
            ObservableType::Sha1 => Form::Hash(Hash::Sha1, value),
            ObservableType::Sha256 => Form::Hash(Hash::Sha256, value),
            _ => return None,
        };
        Some(Self { place, asked, form })
    }
}

impl Form {
    /// What is looked for, as text.
    pub(super) fn value(&self) -> String {
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

/// A path cut behind its last separator into folder and name; none where there is no separator
/// or no name.
pub(super) fn folder_and_name(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.split_at(path.rfind(['\\', '/'])? + 1);
    (!name.is_empty()).then_some((folder, name))
}

/// The host of a URL with or without a scheme: without user info, port, path and query.
pub(super) fn host(url: &str) -> &str {
    let (origin, _) = origin_and_rest(url);
    let authority = origin.rsplit('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.split_once(']') {
        Some((bracketed, _)) => bracketed.trim_start_matches('['),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// A URL cut in front of its path: scheme and authority, whose case means nothing, and the rest.
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
    fn hosts_are_found_with_and_without_scheme() {
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
    fn paths_are_cut_behind_the_last_separator() {
        assert_eq!(folder_and_name(r"C:\Users\upd.exe"), Some((r"C:\Users\", "upd.exe")));
        assert_eq!(folder_and_name("/tool"), Some(("/", "tool")));
        for path in ["upd.exe", r"C:\Users\", ""] {
            assert_eq!(folder_and_name(path), None, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_evidence_is_not_asked() {
        let is_asked = |kind, value: &str| Wanted::of(0, &Observable::new(kind, value)).is_some();
        for (kind, value) in [
            (ObservableType::Ip, "not an address"),
            (ObservableType::Ipv6, "203.0.113.7"),
            (ObservableType::Sha256, "abc"),
            (ObservableType::Domain, "..."),
            (ObservableType::FileName, "a\nb"),
            (ObservableType::Url, "https://a.example/\u{7f}"),
            (ObservableType::Email, "mara@contoso.example"),
        ] {
            assert!(!is_asked(kind, value), "{kind} {value}");
        }
        assert!(is_asked(ObservableType::Ip, "2001:DB8::1"));
        assert!(is_asked(ObservableType::FileName, "tab is control, a blank is not"));
    }
}
