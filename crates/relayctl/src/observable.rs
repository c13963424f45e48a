//! Observables as they are typed on a command line: `ip=203.0.113.7`, or `203.0.113.7` alone.

use std::{net::IpAddr, str::FromStr};

use relay_core::ObservableType;
use serde::{Deserialize, Serialize};

/// A type and a value, as the relay protocol sends them; the value is not checked here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObservableArgument {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
}

impl ObservableArgument {
    pub(crate) fn new(kind: ObservableType, value: &str) -> Self {
        Self { kind: kind.as_str().to_owned(), value: value.to_owned() }
    }

    /// Whether an observable of an answer is this one.
    pub(crate) fn is(&self, json: &serde_json::Value) -> bool {
        json["type"] == *self.kind && json["value"] == *self.value
    }
}

impl FromStr for ObservableArgument {
    type Err = String;

    /// Reads a type and a value, or a value whose type can be told from its form. A `=` belongs to the
    /// value unless the name of a type stands before it.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let typed = text.split_once('=').and_then(|(kind, value)| {
            let kind = kind.parse::<ObservableType>().ok()?;
            Some(Self::new(kind, value))
        });
        let observable = typed.or_else(|| guessed(text).map(|kind| Self::new(kind, text)));
        observable.filter(|one| !one.value.is_empty()).ok_or_else(|| explained(text))
    }
}

/// Returns the type of a value that has the form of only one: an address, a hash, a URL, a mail
/// address or a name with dots.
fn guessed(value: &str) -> Option<ObservableType> {
    let is_hex = value.chars().all(|letter| letter.is_ascii_hexdigit());
    let is_hash = |kind: &&ObservableType| is_hex && kind.hash_digits() == Some(value.len());
    let hashes = [ObservableType::Md5, ObservableType::Sha1, ObservableType::Sha256];
    if let Some(hash) = hashes.iter().find(is_hash) {
        return Some(*hash);
    }
    match value.parse() {
        Ok(IpAddr::V4(_)) => return Some(ObservableType::Ip),
        Ok(IpAddr::V6(_)) => return Some(ObservableType::Ipv6),
        Err(_) => {}
    }
    if value.contains("://") {
        return Some(ObservableType::Url);
    }
    match value.split_once('@') {
        Some((name, host)) if !name.is_empty() && is_name(host) => Some(ObservableType::Email),
        None if is_name(value) && is_file(value) => Some(ObservableType::FileName),
        None if is_name(value) => Some(ObservableType::Domain),
        _ => None,
    }
}

/// Endings of files that are no top-level domain.
const FILE_ENDINGS: [&str; 16] = [
    "bat", "bin", "dll", "doc", "docx", "exe", "hta", "jar", "js", "lnk", "msi", "pdf", "ps1",
    "scr", "vbs", "xlsx",
];

fn is_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| FILE_ENDINGS.contains(&&*end.to_lowercase()))
}

/// Whether a text is a name of DNS with two labels at least, whose last one is no number.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_inner = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
        !label.is_empty() && label.chars().all(is_inner)
    };
    let labels: Vec<&str> = text.split('.').collect();
    let is_top = |label: &&str| label.chars().any(char::is_alphabetic);
    labels.len() > 1
        && labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(is_top)
}

fn explained(text: &str) -> String {
    match text.split_once('=') {
        Some((kind, value)) if !kind.is_empty() && !value.is_empty() => {
            format!(
                "{kind} is no type of observable; ip, domain, url, sha256 and file_name are some"
            )
        }
        _ => "the type cannot be told from the value; write type=value, such as file_name=drop.exe"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let read = text.parse::<ObservableArgument>().ok();
        let read = read.as_ref().map(|one| (one.kind.as_str(), one.value.as_str()));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn a_type_may_have_capitals_and_a_value_any_sign() {
        check("ip=203.0.113.7", Some(("ip", "203.0.113.7")));
        check("IP=203.0.113.7", Some(("ip", "203.0.113.7")));
        check("file_name=a=b.exe", Some(("file_name", "a=b.exe")));
        check("url=http://x.example/?a=b", Some(("url", "http://x.example/?a=b")));
        check("ip=", None);
        check("foo=bar", None);
    }

    #[test]
    fn a_type_is_told_from_the_form() {
        check("203.0.113.7", Some(("ip", "203.0.113.7")));
        check("2001:db8::7", Some(("ipv6", "2001:db8::7")));
        check("bad.example", Some(("domain", "bad.example")));
        check("drop.EXE", Some(("file_name", "drop.EXE")));
        check("bücher.example", Some(("domain", "bücher.example")));
        check("http://x.example/?a=b", Some(("url", "http://x.example/?a=b")));
        check("mara@bad.example", Some(("email", "mara@bad.example")));
        for (digits, kind) in [(32, "md5"), (40, "sha1"), (64, "sha256")] {
            let hash = "aB".repeat(digits / 2);
            check(&hash, Some((kind, &hash)));
        }
        for unclear in ["", "drop", "1.2.3", "203.0.113.0/24", "C:\\x.exe", "abc123", "a..b"] {
            check(unclear, None);
        }
    }
}
