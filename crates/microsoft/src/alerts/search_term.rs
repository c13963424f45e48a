//! Observables in the form in which Microsoft's alerts are searched for them.

use std::net::IpAddr;

use relay_core::{Observable, ObservableType};

use crate::spelling;

/// One observable of a call, and the value that alerts are searched for.
#[derive(Debug)]
pub(super) struct SearchTerm<'a> {
    /// The observable's index in the caller's list.
    pub(super) index: usize,
    pub(super) observable: &'a Observable,
    /// The observable's [normal form](Observable::normal_form).
    pub(super) normal_form: String,
    pub(super) value: NormalizedValue,
}

/// A value in normal form: addresses parsed, all others as [`Observable::normal_form`] writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NormalizedValue {
    Address(IpAddr),
    Domain(String),
    Hostname(String),
    Email(String),
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
    pub(super) fn of_all(observables: impl IntoIterator<Item = &'a Observable>) -> Vec<Self> {
        let indexed = observables.into_iter().enumerate();
        indexed.filter_map(|(index, observable)| Self::new(index, observable)).collect()
    }

    /// Returns none for types that alerts hold no evidence of, for values that cannot be of their
    /// type, and for values with control characters, which no alert has.
    pub(super) fn new(index: usize, observable: &'a Observable) -> Option<Self> {
        if observable.value.contains(|letter: char| letter.is_ascii_control()) {
            return None;
        }
        let normal_form = observable.normal_form()?;
        let value = normal_form.clone();
        let value = match observable.kind {
            ObservableType::Ip | ObservableType::Ipv6 => {
                NormalizedValue::Address(spelling::address(&value)?)
            }
            ObservableType::Domain => NormalizedValue::Domain(value),
            ObservableType::Hostname => NormalizedValue::Hostname(value),
            ObservableType::Email => NormalizedValue::Email(value),
            ObservableType::Url => NormalizedValue::Url(value),
            ObservableType::FileName => NormalizedValue::FileName(value),
            ObservableType::FilePath => NormalizedValue::FilePath(value),
            ObservableType::Md5 => NormalizedValue::Hash(HashType::Md5, value),
            ObservableType::Sha1 => NormalizedValue::Hash(HashType::Sha1, value),
            ObservableType::Sha256 => NormalizedValue::Hash(HashType::Sha256, value),
            _ => return None,
        };
        Some(Self { index, observable, normal_form, value })
    }
}

impl NormalizedValue {
    /// The value as text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Address(ip) => ip.to_string(),
            Self::Domain(value)
            | Self::Hostname(value)
            | Self::Email(value)
            | Self::Url(value)
            | Self::FileName(value)
            | Self::FilePath(value)
            | Self::Hash(_, value) => value.clone(),
        }
    }

    /// The spellings in which an alert may hold the value, whatever the case of its letters.
    pub(super) fn spellings(&self) -> Vec<String> {
        match self {
            Self::Address(_) => Observable::new(ObservableType::Ip, self.text()).spellings(),
            Self::Domain(name) | Self::Hostname(name) => {
                Observable::new(ObservableType::Domain, name).spellings()
            }
            Self::Url(url) => Observable::new(ObservableType::Url, url).spellings(),
            _ => vec![self.text()],
        }
    }
}

/// Splits a path behind its last separator into folder and name; none where there is no separator
/// or no name.
pub(super) fn folder_and_name(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.split_at(path.rfind(['\\', '/'])? + 1);
    (!name.is_empty()).then_some((folder, name))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (ObservableType::User, "mara"),
        ] {
            assert!(!is_searched(kind, value), "{kind} {value}");
        }
        assert!(is_searched(ObservableType::Ip, "2001:DB8::1"));
        assert!(is_searched(ObservableType::FileName, "blanks are no control characters"));
    }
}
