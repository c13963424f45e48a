//! MISP's search filters: the forms it takes, how it parses them, and when it drops them.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Terms that a value must and must not match. The default, also a dropped filter, passes everything.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
pub(super) struct Filter {
    any: Terms,
    none: Terms,
}

impl Filter {
    /// Whether one of these lower-case texts matches and none is excluded.
    pub(super) fn passes(&self, texts: &[&str]) -> bool {
        (self.any.is_empty() || self.any.match_any(texts)) && !self.none.match_any(texts)
    }

    /// Adds a term; a leading `!` excludes it.
    fn add(&mut self, term: &str) {
        match term.strip_prefix('!') {
            Some(excluded) => self.none.add(excluded),
            None => self.any.add(term),
        }
    }
}

impl From<Value> for Filter {
    fn from(value: Value) -> Self {
        if is_blank(&value) {
            return Self::default();
        }
        match value {
            Value::Object(lists) if lists.contains_key("OR") || lists.contains_key("NOT") => {
                from_lists(&lists)
            }
            Value::Object(lists) => from_terms(lists.values().map(text)),
            Value::Array(items) => from_terms(items.iter().map(text)),
            scalar => from_terms(text(&scalar).split("&&").filter(|part| !part.is_empty())),
        }
    }
}

/// The object form: its terms are taken literally, but for `%`.
fn from_lists(lists: &Map<String, Value>) -> Filter {
    let terms = |name| lists.get(name).map(Terms::from).unwrap_or_default();
    Filter { any: terms("OR"), none: terms("NOT") }
}

fn from_terms(terms: impl Iterator<Item = impl AsRef<str>>) -> Filter {
    let mut filter = Filter::default();
    terms.for_each(|term| filter.add(term.as_ref()));
    filter
}

/// Terms in lower case: equal texts, and SQL patterns if `%` stands at an end.
#[derive(Debug, Default)]
struct Terms {
    equal: HashSet<String>,
    like: Vec<String>,
}

impl From<&Value> for Terms {
    fn from(value: &Value) -> Self {
        let mut terms = Self::default();
        match value {
            Value::Array(items) => items.iter().for_each(|item| terms.add(&text(item))),
            scalar => terms.add(&text(scalar)),
        }
        terms
    }
}

impl Terms {
    fn add(&mut self, term: &str) {
        let term = term.to_lowercase();
        if term.starts_with('%') || term.ends_with('%') {
            self.like.push(term);
        } else {
            // The database ignores blanks at the end when it compares.
            self.equal.insert(term.trim_end().to_owned());
        }
    }

    fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.like.is_empty()
    }

    fn match_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| {
            self.equal.contains(text.trim_end()) || self.like.iter().any(|like| fits(like, text))
        })
    }
}

/// SQL's `LIKE`: `%` stands for any text, `_` for one character.
fn fits(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // At each position: whether the pattern so far fits the text up to there.
    let mut so_far = vec![false; text.len() + 1];
    so_far[0] = true;
    for symbol in pattern.chars() {
        so_far = match symbol {
            '%' => from_first_fit(&so_far),
            _ => step(symbol, &text, &so_far),
        };
    }
    so_far[text.len()]
}

fn from_first_fit(so_far: &[bool]) -> Vec<bool> {
    let first = so_far.iter().position(|&fit| fit).unwrap_or(so_far.len());
    (0..so_far.len()).map(|at| at >= first).collect()
}

fn step(symbol: char, text: &[char], so_far: &[bool]) -> Vec<bool> {
    let moved =
        text.iter().zip(so_far).map(|(&found, &fit)| fit && (symbol == '_' || symbol == found));
    std::iter::once(false).chain(moved).collect()
}

/// Whether PHP calls the value empty, blank text included: the server drops such a filter.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => matches!(text.trim(), "" | "0"),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
    }
}

/// The text of a scalar: PHP does not care whether a number is written as one.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(filter: Value, texts: &[&str]) -> bool {
        Filter::from(filter).passes(texts)
    }

    #[test]
    fn patterns_follow_sql() {
        for (pattern, text, expected) in [
            ("%.example", "bad.example", true),
            ("bad%", "bad.example", true),
            ("%d.ex%", "bad.example", true),
            ("b_d%", "bad.example", true),
            ("%", "", true),
            ("%.example", "bad.example.test", false),
            ("%a%b%c%", "acb", false),
            ("_%", "", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn plain_text_is_split_and_negated() {
        assert!(passes(json!("a.example&&b.example"), &["b.example"]));
        assert!(!passes(json!("!a.example"), &["a.example"]));
        assert!(passes(json!("!a.example"), &["b.example"]));
        assert!(!passes(json!("a.example&&!x"), &["a.example", "x"]));
    }

    #[test]
    fn a_list_is_negated_but_not_split() {
        assert!(!passes(json!(["a&&b"]), &["a"]));
        assert!(passes(json!(["a&&b"]), &["a&&b"]));
        assert!(passes(json!(["!a"]), &["b"]));
    }

    #[test]
    fn the_object_form_is_literal_but_for_patterns() {
        assert!(passes(json!({"OR": ["!a&&b"]}), &["!a&&b"]));
        assert!(!passes(json!({"OR": ["!a"]}), &["b"]));
        assert!(passes(json!({"OR": ["%.example"]}), &["b.example"]));
        assert!(!passes(json!({"OR": ["a"], "NOT": ["x"]}), &["a", "x"]));
    }

    #[test]
    fn blank_filters_are_dropped() {
        for blank in
            [json!(null), json!(""), json!(" "), json!("0"), json!(0), json!([]), json!({})]
        {
            assert!(passes(blank.clone(), &["anything"]), "{blank}");
        }
    }

    #[test]
    fn case_and_blanks_at_the_end_do_not_count() {
        assert!(passes(json!({"OR": ["BAD.example "]}), &["bad.example"]));
    }
}
