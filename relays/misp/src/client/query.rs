//! The spellings under which MISP may hold an observable, spec §1.

use std::{collections::HashSet, net::IpAddr};

use relay_core::{Error, ErrorKind, Observable, ObservableType};
use url::Host;

/// Everything to search for, in one list for all observables.
pub(crate) struct Question {
    pub(crate) values: Vec<String>,
    /// Says that a value was left out because MISP would read it as a wildcard.
    pub(crate) warning: Option<Error>,
}

impl Question {
    pub(crate) fn of(wanted: &[Observable]) -> Self {
        let mut seen = HashSet::new();
        let values = wanted.iter().flat_map(spellings).filter(|value| seen.insert(value.clone()));
        let normal_forms = wanted.iter().filter_map(normal_form);
        Self {
            values: values.collect(),
            warning: normal_forms.into_iter().any(|normal| is_wildcard(&normal)).then(wildcard),
        }
    }
}

/// The spellings to search for. None for what cannot be of its type, and for what MISP would
/// not search to the letter.
pub(crate) fn spellings(observable: &Observable) -> Vec<String> {
    let Some(normal) = reported(observable) else { return Vec::new() };
    if observable.kind != ObservableType::Url {
        return vec![normal];
    }
    let mut spellings = vec![normal.clone()];
    spellings.extend(normal.split_once("://").map(|(_, rest)| rest.to_owned()));
    spellings.extend(with_slash_toggled(&normal));
    spellings.retain(|spelling| is_literal(spelling));
    spellings
}

/// The value that is reported back to MISP: the normal form, for a URL the value as asked.
pub(crate) fn reported(observable: &Observable) -> Option<String> {
    normal_form(observable).filter(|normal| is_literal(normal))
}

fn normal_form(observable: &Observable) -> Option<String> {
    let normal = observable.normal_form()?;
    match observable.kind {
        ObservableType::Domain | ObservableType::Hostname => Some(in_ascii(normal)),
        _ => Some(normal),
    }
}

/// MISP stores internationalised names as punycode too.
fn in_ascii(name: String) -> String {
    if name.is_ascii() {
        return name;
    }
    match Host::parse(&name) {
        Ok(Host::Domain(ascii)) => ascii.trim_matches('.').to_owned(),
        _ => name,
    }
}

/// `http://host` for `http://host/` and the other way round; other paths mean what they say.
fn with_slash_toggled(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find(['/', '?', '#']) {
        None => Some(format!("{url}/")),
        Some(at) if &rest[at..] == "/" => Some(url[..url.len() - 1].to_owned()),
        Some(_) => None,
    }
}

/// Whether MISP looks for exactly this: `0` and blanks are no filter to it, and would be answered
/// with every event it has.
fn is_literal(value: &str) -> bool {
    !is_wildcard(value) && !matches!(value.trim(), "" | "0")
}

fn is_wildcard(value: &str) -> bool {
    let value = value.trim();
    value.starts_with('%') || value.ends_with('%')
}

fn wildcard() -> Error {
    let text =
        "Values that begin or end with % were not searched, because MISP reads them as wildcards.";
    Error::new(ErrorKind::InvalidInput, text).as_warning()
}

/// A value in the form in which MISP's spelling and the asked one are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Compared letter by letter: URLs, file names and the like.
    Exact(String),
    /// Compared without case: names, hashes, mail addresses.
    Folded(String),
    /// Compared as addresses.
    Address(IpAddr),
}

impl Form {
    /// The forms of an observable: a row that has one of them belongs to it.
    pub(crate) fn of_observable(observable: &Observable) -> Vec<Self> {
        let address = |text: &str| text.parse().ok().map(Self::Address);
        let forms = spellings(observable).into_iter();
        match observable.kind {
            ObservableType::Ip | ObservableType::Ipv6 => {
                forms.filter_map(|s| address(&s)).collect()
            }
            ObservableType::Url
            | ObservableType::FileName
            | ObservableType::UserAgent
            | ObservableType::Mutex
            | ObservableType::RegistryKey => forms.map(Self::Exact).collect(),
            _ => forms.map(|spelling| Self::folded(&spelling)).collect(),
        }
    }

    /// Every form that a text of MISP's may be compared in.
    pub(crate) fn of_text(text: &str) -> Vec<Self> {
        let mut forms = vec![Self::Exact(text.to_owned()), Self::folded(text)];
        forms.extend(text.trim().parse().ok().map(Self::Address));
        forms
    }

    fn folded(text: &str) -> Self {
        Self::Folded(in_ascii(text.trim().trim_matches('.').to_lowercase()))
    }
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
        check(Type::Ip, "203.0.113.7", &["203.0.113.7"]);
        check(Type::Ipv6, "2001:DB8:0::1", &["2001:db8::1"]);
        check(Type::Domain, ".Bücher.Example.", &["xn--bcher-kva.example"]);
        check(Type::Md5, &"AB".repeat(16), &[&"ab".repeat(16)]);
        check(
            Type::Url,
            "http://bad.example",
            &["http://bad.example", "bad.example", "http://bad.example/"],
        );
        check(
            Type::Url,
            "http://bad.example/",
            &["http://bad.example/", "bad.example/", "http://bad.example"],
        );
        check(Type::Url, "http://bad.example/a/", &["http://bad.example/a/", "bad.example/a/"]);
        check(Type::Url, "http://bad.example?x=/", &["http://bad.example?x=/", "bad.example?x=/"]);
        check(Type::Url, "bad.example/x", &["bad.example/x"]);
        check(Type::Url, "bad.example", &["bad.example", "bad.example/"]);
    }

    #[test]
    fn i11_what_would_widen_the_search_is_not_searched() {
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
            assert!(Question::of(&[Observable::new(kind, value)]).warning.is_none(), "{value}");
        }
        for value in ["%bad.example", "bad.example%", ".%bad.example", "bad.example%. "] {
            let wanted = [value, "bad.example"].map(|v| Observable::new(Type::Domain, v));
            let question = Question::of(&wanted);
            assert_eq!(question.values, ["bad.example"], "{value}");
            assert!(question.warning.is_some_and(|warning| warning.is_warning()), "{value}");
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
    fn equal_spellings_are_asked_once() {
        let wanted = [(Type::Domain, "bad.example"), (Type::Hostname, "BAD.example")]
            .map(|(kind, value)| Observable::new(kind, value));
        assert_eq!(Question::of(&wanted).values, ["bad.example"]);
    }
}
