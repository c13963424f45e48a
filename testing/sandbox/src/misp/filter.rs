//! MISP's search filters: the forms it takes, how it reads them, and when it drops them.
//!
//! Read: texts, lists and objects with `OR`, `NOT` and `AND` (which is read as `OR`), a leading `!`, `&&`
//! in a text, `%` at an end, numbers. An object with other keys counts as a list of its values.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv6Addr},
};

use serde_json::{Map, Value};

use super::{
    access::MispError,
    collation::{self, key},
    content::Text,
};

/// Terms that the columns must and must not match. An empty filter passes everything.
#[derive(Debug, Default)]
pub(super) struct Filter {
    any: Vec<Terms>,
    none: Terms,
}

impl Filter {
    /// Reads a filter; a list inside of a list is the server's internal error.
    pub(super) fn read(value: &Value) -> Result<Self, MispError> {
        Self::of(lists(value), |_, term| term)
    }

    /// Reads the filter `value`, whose IPv6 addresses the server compresses. Of each excluded term it cuts
    /// the first character and puts a `!` there, so that the exclusion has no effect.
    pub(super) fn read_value(value: &Value) -> Result<Self, MispError> {
        Self::of(lists(value), |operator, term| match term {
            Value::String(text) if operator == "NOT" => {
                let cut: String = text.chars().skip(1).collect();
                format!("!{}", compressed(&cut)).into()
            }
            Value::String(text) => compressed(&text).into(),
            other => other,
        })
    }

    fn of(
        lists: Vec<(&'static str, Vec<Value>)>,
        change: impl Fn(&str, Value) -> Value,
    ) -> Result<Self, MispError> {
        let mut filter = Self::default();
        for (operator, terms) in lists {
            let mut read = Terms::default();
            for term in terms {
                read.add(operator, change(operator, term))?;
            }
            match operator {
                "NOT" => filter.none = read,
                _ if read.is_empty() => {}
                _ => filter.any.push(read),
            }
        }
        Ok(filter)
    }

    /// Adds a term to each list that has one of these.
    pub(super) fn add_beside(&mut self, present: &[&str], added: &str) {
        for terms in self.any.iter_mut().chain([&mut self.none]) {
            if present.iter().any(|one| terms.equal.contains(*one)) {
                terms.equal.insert(key(added));
            }
        }
    }

    /// Whether one of the columns matches each list of wanted terms and none is excluded.
    pub(super) fn passes(&self, columns: &[Text<'_>]) -> bool {
        self.any.iter().all(|terms| columns.iter().any(|text| terms.match_text(*text)))
            && !columns.iter().any(|text| self.none.match_text(*text))
    }

    /// The same for one text without a prepared key.
    pub(super) fn passes_text(&self, text: &str) -> bool {
        self.passes(&[Text { text, key: &key(text) }])
    }
}

/// What is asked for, by operator.
pub(super) fn lists(value: &Value) -> Vec<(&'static str, Vec<Value>)> {
    let operators = ["OR", "NOT", "AND"];
    match value {
        Value::Object(given) if operators.iter().any(|name| given.contains_key(*name)) => {
            let known = operators.into_iter().filter_map(|name| Some((name, given.get(name)?)));
            known.map(|(name, terms)| (name, terms_of(terms))).collect()
        }
        Value::Object(given) => signed(given.values().cloned()),
        Value::Array(items) => signed(items.iter().cloned()),
        scalar => {
            let text = text(scalar);
            let parts = text.split("&&").filter(|part| !part.is_empty());
            signed(parts.map(Value::from))
        }
    }
}

fn terms_of(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Object(entries) => Map::values(entries).cloned().collect(),
        scalar => vec![scalar.clone()],
    }
}

/// Terms of which a leading `!` excludes one; numbers stay numbers, lists become the word `Array`.
fn signed(terms: impl Iterator<Item = Value>) -> Vec<(&'static str, Vec<Value>)> {
    let (mut wanted, mut excluded) = (Vec::new(), Vec::new());
    for term in terms {
        match term {
            Value::Null => {}
            Value::Number(_) => wanted.push(term),
            other => match text(&other).strip_prefix('!') {
                Some(rest) => excluded.push(rest.into()),
                None => wanted.push(text(&other).into()),
            },
        }
    }
    let lists = [("OR", wanted), ("NOT", excluded)];
    lists.into_iter().filter(|(_, terms)| !terms.is_empty()).collect()
}

/// What a column is compared with: keys of equal texts, SQL patterns if `%` stands at an end, numbers.
#[derive(Debug, Default)]
struct Terms {
    equal: HashSet<String>,
    like: Vec<String>,
    numbers: Vec<f64>,
    /// A term that is equal to nothing.
    never: bool,
}

impl Terms {
    fn add(&mut self, operator: &str, term: Value) -> Result<(), MispError> {
        match term {
            Value::Number(number) => self.numbers.extend(number.as_f64()),
            Value::Null => self.never = true,
            Value::Array(_) | Value::Object(_) => return Err(MispError::internal()),
            other => self.add_text(operator, text(&other)),
        }
        Ok(())
    }

    /// Wanted patterns are texts at the same time; with `AND` they have to be both.
    fn add_text(&mut self, operator: &str, text: String) {
        let pattern = text.starts_with('%') || text.ends_with('%');
        if !pattern || operator != "NOT" {
            self.equal.insert(key(&text));
        }
        if pattern && operator != "AND" {
            self.like.push(text);
        }
    }

    fn is_empty(&self) -> bool {
        self.equal.is_empty() && self.like.is_empty() && self.numbers.is_empty() && !self.never
    }

    /// Whether the text is equal to one of the terms or fits one of the patterns.
    fn match_text(&self, text: Text<'_>) -> bool {
        self.equal.contains(text.key)
            || self.like.iter().any(|pattern| collation::like(text.text, pattern))
            || (!self.numbers.is_empty() && self.numbers.contains(&leading_number(text.text)))
    }
}

/// The number that SQL reads in a text: what stands at its beginning, else 0.
pub(super) fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let end =
        text.find(|end: char| !matches!(end, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
    (0..=end).rev().find_map(|end| text[..end].parse().ok()).unwrap_or(0.0)
}

/// An IPv6 address as the server writes it; any other text, also an address that begins with a colon, as
/// it is.
pub(super) fn compressed(text: &str) -> String {
    match text.parse() {
        Ok(IpAddr::V6(address)) if !text.starts_with(':') => shortest(address),
        _ => text.to_owned(),
    }
}

/// The C library's form, which writes the last 32 bits as IPv4 behind 96 bits of zeros, too.
fn shortest(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => match address.octets() {
            [.., a, b, c, d] => format!("::{a}.{b}.{c}.{d}"),
        },
        _ => address.to_string(),
    }
}

/// Whether PHP calls the value empty: the server drops such a filter.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => matches!(text.as_str(), "" | "0"),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
    }
}

/// The text that PHP makes of a value.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Null | Value::Bool(false) => String::new(),
        Value::Array(_) | Value::Object(_) => "Array".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(filter: Value, texts: &[&str]) -> bool {
        let keys: Vec<_> = texts.iter().map(|text| key(text)).collect();
        let columns: Vec<_> =
            texts.iter().zip(&keys).map(|(text, key)| Text { text, key }).collect();
        Filter::read(&filter).unwrap().passes(&columns)
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
        assert!(!passes(json!({"or": ["a"]}), &["a"]));
        assert!(Filter::read(&json!({"OR": [["a"]]})).is_err());
    }

    #[test]
    fn numbers_equal_texts_by_what_these_begin_with() {
        for text in ["8443", "8443.0 ", "8443 is a port"] {
            assert!(passes(json!({"OR": [8443]}), &[text]), "{text}");
        }
        assert!(passes(json!({"OR": [0]}), &["a.example"]));
        assert!(!passes(json!({"OR": [0]}), &["192.0.2.1"]));
        assert!(!passes(json!({"OR": ["0"]}), &["a.example"]));
    }

    #[test]
    fn an_excluded_value_has_no_effect() {
        let filter = Filter::read_value(&json!({"OR": ["a", "b"], "NOT": ["b"]})).unwrap();
        assert!(filter.passes_text("b"));
    }

    #[test]
    fn addresses_are_compressed_unless_they_begin_with_a_colon() {
        for (given, expected) in [
            ("2001:0DB8:0000::0001", "2001:db8::1"),
            ("0:0:0:0:0:ffff:c000:23c", "::ffff:192.0.2.60"),
            ("0::c000:23d", "::192.0.2.61"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("::c000:23d", "::c000:23d"),
            ("::FFFF:c000:23c", "::FFFF:c000:23c"),
            ("[2001:DB8::1]", "[2001:DB8::1]"),
            ("192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(compressed(given), expected);
        }
    }
}
