//! Comparisons of text, and the parts of a URL.

use serde_json::{Value, json};
use url::Url;

use crate::kql::value::{elements, text};

/// `[!]has`, `contains`, `startswith` or `endswith`, with `_cs` case-sensitive.
pub(super) struct Comparison {
    test: fn(&str, &str) -> bool,
    is_exact: bool,
    is_negated: bool,
}

pub(super) fn comparison(name: &str) -> Option<Comparison> {
    let positive = name.strip_prefix('!').unwrap_or(name);
    let base = positive.strip_suffix("_cs").unwrap_or(positive);
    let test: fn(&str, &str) -> bool = match base {
        "has" => has,
        "contains" => |text, part| text.contains(part),
        "startswith" => |text, part| text.starts_with(part),
        "endswith" => |text, part| text.ends_with(part),
        _ => return None,
    };
    Some(Comparison { test, is_exact: base != positive, is_negated: positive != name })
}

impl Comparison {
    pub(super) fn apply(&self, text: &str, part: &str) -> Value {
        let is_met = match self.is_exact {
            true => (self.test)(text, part),
            false => (self.test)(&text.to_lowercase(), &part.to_lowercase()),
        };
        (is_met != self.is_negated).into()
    }
}

/// Whether `term` stands in `text` with no letter or digit directly before or after it.
fn has(text: &str, term: &str) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(term).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    })
}

/// Whether the first value has one of the others as a term; arrays stand for their elements.
pub(super) fn has_any(given: &[Value]) -> bool {
    let whole = text(&given[0]).to_lowercase();
    let mut terms = given[1..].iter().flat_map(elements);
    terms.any(|term| has(&whole, &text(term).to_lowercase()))
}

/// The characters of the first value from the second on, as many as the third says.
pub(super) fn substring(given: &[Value]) -> String {
    let number = |at: usize| given.get(at).and_then(Value::as_u64).map(|number| number as usize);
    let (start, length) = (number(1).unwrap_or_default(), number(2).unwrap_or(usize::MAX));
    text(&given[0]).chars().skip(start).take(length).collect()
}

/// The parts of an absolute URL; of other text all parts are empty.
pub(super) fn parse_url(text: &str) -> Value {
    let url = Url::parse(text).ok();
    let port = url.as_ref().and_then(Url::port).map(|port| port.to_string());
    json!({
        "Scheme": url.as_ref().map_or("", Url::scheme),
        "Host": url.as_ref().and_then(|_| written_host(text)).unwrap_or_default(),
        "Port": port.unwrap_or_default(),
        "Path": url.as_ref().map_or("", Url::path),
    })
}

/// The host as it is written: the service neither lower-cases nor encodes it.
fn written_host(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => host.split(':').next(),
    }
}
