//! Functions and comparisons of text.

use serde_json::{Value, json};
use url::Url;

use super::{Function, MANY, dynamic, long, only_text, text};
use crate::kql::value::{Datum, Kind};

pub(super) fn find(name: &str) -> Option<Function> {
    if let Some(comparison) = Comparison::named(name) {
        return Function::new(2..=2, comparable, move |given| comparison.apply(given));
    }
    match name {
        "=~" => Function::new(2..=2, comparable, |given| Datum::Bool(is_like(given))),
        "!~" => Function::new(2..=2, comparable, |given| Datum::Bool(!is_like(given))),
        "has_any" => Function::new(2..=MANY, comparable, |given| {
            let text = given[0].text().to_lowercase();
            let mut terms = given[1..].iter().flat_map(Datum::elements);
            Datum::Bool(terms.any(|term| has(&text, &term.text().to_lowercase())))
        }),
        "strcat" => Function::new(1..=MANY, any_to_text, |given| {
            Datum::Text(given.iter().map(Datum::text).collect())
        }),
        "tostring" => Function::new(1..=1, any_to_text, |given| Datum::Text(given[0].text())),
        "tolower" => Function::new(1..=1, text, |given| ignoring_case(&given[0]).cast(Kind::Text)),
        "toupper" => {
            Function::new(1..=1, text, |given| Datum::Text(given[0].text().to_uppercase()))
        }
        "strlen" => {
            Function::new(1..=1, long, |given| Datum::Long(given[0].text().chars().count() as i64))
        }
        "substring" => Function::new(2..=3, any_to_text, substring),
        "replace_string" => Function::new(3..=3, text, |given| {
            Datum::Text(given[0].text().replace(&given[1].text(), &given[2].text()))
        }),
        "split" => Function::new(2..=2, dynamic, |given| {
            let (whole, separator) = (given[0].text(), given[1].text());
            Datum::Dynamic(whole.split(&separator).map(Value::from).collect())
        }),
        "strcat_array" => Function::new(2..=2, any_to_text, |given| {
            let parts: Vec<String> = given[0].elements().iter().map(Datum::text).collect();
            Datum::Text(parts.join(&given[1].text()))
        }),
        "parse_url" => Function::new(1..=1, dynamic, |given| parse_url(&given[0].text())),
        _ => None,
    }
}

/// Whether this is an operator such as `contains` or `!startswith_cs`.
pub(in crate::kql) fn is_text_comparison(name: &str) -> bool {
    Comparison::named(name).is_some()
}

/// Text in lower case; anything else stays as it is.
pub(super) fn ignoring_case(datum: &Datum) -> Datum {
    match datum.plain() {
        Datum::Text(text) => Datum::Text(text.to_lowercase()),
        other => other,
    }
}

/// `[!]has`, `contains`, `startswith` or `endswith`, with `_cs` case-sensitive.
struct Comparison {
    test: fn(&str, &str) -> bool,
    is_exact: bool,
    is_negated: bool,
}

impl Comparison {
    fn named(name: &str) -> Option<Self> {
        let positive = name.strip_prefix('!').unwrap_or(name);
        let base = positive.strip_suffix("_cs").unwrap_or(positive);
        let test: fn(&str, &str) -> bool = match base {
            "has" => has,
            "contains" => |text, part| text.contains(part),
            "startswith" => |text, part| text.starts_with(part),
            "endswith" => |text, part| text.ends_with(part),
            _ => return None,
        };
        Some(Self { test, is_exact: base != positive, is_negated: positive != name })
    }

    fn apply(&self, given: &[Datum]) -> Datum {
        let folded = |datum: &Datum| match datum.text() {
            text if self.is_exact => text,
            text => text.to_lowercase(),
        };
        let is_met = (self.test)(&folded(&given[0]), &folded(&given[1]));
        Datum::Bool(is_met != self.is_negated)
    }
}

/// Whether `term` stands in `text` with no letter or digit directly before or behind it.
fn has(text: &str, term: &str) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(term).any(|(at, found)| {
        let (before, behind) = (&text[..at], &text[at + found.len()..]);
        !is_word(before.chars().next_back()) && !is_word(behind.chars().next())
    })
}

fn is_like(given: &[Datum]) -> bool {
    given[0].text().to_lowercase() == given[1].text().to_lowercase()
}

fn comparable(kinds: &[Kind]) -> Result<Kind, String> {
    only_text(kinds)?;
    Ok(Kind::Bool)
}

fn any_to_text(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Text)
}

/// From a position on, in letters; at most so many.
fn substring(given: &[Datum]) -> Datum {
    let count = |datum: &Datum| datum.as_real().map_or(0, |number| number.max(0.0) as usize);
    let length = given.get(2).map_or(usize::MAX, count);
    Datum::Text(given[0].text().chars().skip(count(&given[1])).take(length).collect())
}

/// The parts of an absolute URL; of other text all parts are empty.
fn parse_url(text: &str) -> Datum {
    let Ok(url) = Url::parse(text) else {
        return Datum::Dynamic(json!({
            "Scheme": "", "Host": "", "Port": "", "Path": "", "Username": "", "Password": "",
            "Query Parameters": {}, "Fragment": "",
        }));
    };
    let query: serde_json::Map<String, Value> = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect();
    Datum::Dynamic(json!({
        "Scheme": url.scheme(),
        "Host": written_host(text).unwrap_or_default(),
        "Port": url.port().map(|port| port.to_string()).unwrap_or_default(),
        "Path": url.path(),
        "Username": url.username(),
        "Password": url.password().unwrap_or_default(),
        "Query Parameters": query,
        "Fragment": url.fragment().unwrap_or_default(),
    }))
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
