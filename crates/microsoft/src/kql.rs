//! Kusto query language: literals for values, and the parts that all queries about many values
//! share.
//!
//! Such a query declares its values as lists ([`ValueLists`]), compares columns with them, names in
//! a column `K` the value that a row was found by ([`key`]), and keeps the newest rows of each
//! ([`newest_of_each_key`]). docs/relays/graph-security.md#hunting-queries

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

/// Values in one list of a query; further ones go into a further query.
pub const MAX_LIST_VALUES: usize = 500;

/// The host of the column `RemoteUrl`, which may lack a scheme, in the spelling of the record.
pub const REMOTE_URL_HOST: &str = "tostring(parse_url(iff(RemoteUrl contains '://', RemoteUrl, strcat('http://', RemoteUrl))).Host)";

/// Writes a string literal: in single quotes, with a backslash before what would end or change it.
///
/// A literal cannot contain line ends, so they and all other control characters are escaped.
/// Source: Microsoft's page "The string data type" (Kusto).
#[must_use]
pub fn literal(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str(r"\\"),
            '\'' => text.push_str(r"\'"),
            '\t' => text.push_str(r"\t"),
            '\r' => text.push_str(r"\r"),
            '\n' => text.push_str(r"\n"),
            // Kusto ends a line at the separators of lines and paragraphs, too.
            other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}') => {
                // Writing to a `String` cannot fail; none of these needs more than four digits.
                let _ = write!(text, r"\u{:04x}", u32::from(other));
            }
            plain => text.push(plain),
        }
    }
    text.push('\'');
    text
}

/// Writes a list of string literals: `dynamic(['a', 'b'])`.
pub fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let literals: Vec<_> = values.into_iter().map(literal).collect();
    format!("dynamic([{}])", literals.join(", "))
}

/// Writes the key of a value, by which a row names what it was found by: `ip|203.0.113.80`.
#[must_use]
pub fn key(kind: &str, value: &str) -> String {
    [kind, "|", value].concat()
}

/// Writes the same key as an expression over a column: `strcat('ip|', RemoteIP)`.
#[must_use]
pub fn key_of_column(kind: &'static str, column: &'static str) -> String {
    format!("strcat('{kind}|', {column})")
}

/// Reads the type and the value of a key. A type has neither sign, so the first one ends it.
#[must_use]
pub fn read_key(key: &str) -> Option<(&str, &str)> {
    key.split_once(['|', ':'])
}

/// Writes the operators that keep the `limit` newest rows of each key `K`, by the column `time`.
#[must_use]
pub fn newest_of_each_key(time: &'static str, limit: usize) -> String {
    format!(
        "sort by K asc, {time} desc | extend Rank = row_number(1, prev(K) != K) | where Rank <= {limit}"
    )
}

/// Distributes items over queries, so that no list of values exceeds [`MAX_LIST_VALUES`]: as many
/// groups as the longest list needs, each in the order of the items. `values` returns the values of
/// an item; an item without any is left out.
pub fn groups<T, V>(items: impl IntoIterator<Item = T>, values: impl Fn(&T) -> V) -> Vec<Vec<T>>
where
    V: IntoIterator<Item = (&'static str, String)>,
{
    let mut groups: Vec<Vec<T>> = Vec::new();
    let mut counts: HashMap<&'static str, usize> = HashMap::new();
    for item in items {
        let kinds = values(&item).into_iter().map(|(kind, _)| kind);
        let index = kinds.fold(None, |last, kind| {
            let count = counts.entry(kind).or_default();
            *count += 1;
            last.max(Some((*count - 1) / MAX_LIST_VALUES))
        });
        let Some(index) = index else { continue };
        groups.resize_with(groups.len().max(index + 1), Vec::new);
        groups[index].push(item);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The values that one query searches for: a list for each kind, such as `ip` or `sha256`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValueLists(BTreeMap<&'static str, Vec<String>>);

impl ValueLists {
    /// Puts values into the list of their kind.
    pub fn of(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut lists = Self::default();
        for (kind, value) in values {
            lists.0.entry(kind).or_default().push(value);
        }
        lists
    }

    /// Whether there is a value of this kind.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    /// The name of a kind's list in the query; no word of the language and no column ends like it.
    #[must_use]
    pub fn name(kind: &str) -> String {
        format!("{kind}_values")
    }

    /// Writes the declarations of all lists: `let ip_values = dynamic(['203.0.113.80']);`, one a
    /// line.
    #[must_use]
    pub fn declarations(&self) -> String {
        let declaration = |(kind, values): (&&'static str, &Vec<String>)| {
            format!("let {} = {};\n", Self::name(kind), list(values.iter().map(String::as_str)))
        };
        self.0.iter().map(declaration).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::malicious;

    #[test]
    fn characters_that_end_a_literal_are_escaped() {
        assert_eq!(literal("a'b\\c\td\r\n"), r"'a\'b\\c\td\r\n'");
        assert_eq!(
            literal("\u{0}\u{7f}\u{85}\u{2028}\u{2029}"),
            r"'\u0000\u007f\u0085\u2028\u2029'"
        );
        assert_eq!(literal("\"“”’«東京»"), "'\"“”’«東京»'");
        assert_eq!(list(["a", "'"]), r"dynamic(['a', '\''])");
        assert_eq!(list([]), "dynamic([])");
    }

    #[test]
    fn a_list_holds_five_hundred_values_at_most() {
        let values = |kind: &'static str, count| (0..count).map(move |n| (kind, n.to_string()));
        let items: Vec<_> = values("url", 1001).chain(values("ip", 501)).collect();
        let groups = groups(&items, |item| [(*item).clone()]);
        let counts = |kind| {
            let count =
                |group: &Vec<&(&str, String)>| group.iter().filter(|it| it.0 == kind).count();
            groups.iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(counts("url"), [500, 500, 1]);
        assert_eq!(counts("ip"), [500, 1, 0]);
        let two = |item: &u32| (0..2).map(|n| ("ip", format!("{item}.{n}"))).collect::<Vec<_>>();
        assert_eq!(super::groups(0..251, two).iter().map(Vec::len).collect::<Vec<_>>(), [250, 1]);
        assert!(super::groups(0..3, |_| []).is_empty());
    }

    #[test]
    fn lists_are_declared_by_kind() {
        let values = [("url", "b"), ("ip", "203.0.113.80"), ("url", "'")];
        let lists = ValueLists::of(values.map(|(kind, value)| (kind, value.to_owned())));
        let expected =
            "let ip_values = dynamic(['203.0.113.80']);\nlet url_values = dynamic(['b', '\\'']);\n";
        assert_eq!(lists.declarations(), expected);
        assert!(lists.has("ip") && !lists.has("domain"));
    }

    proptest! {
        #[test]
        fn i02_values_arrive_as_literals(values in proptest::collection::vec(malicious::value(), 0..4)) {
            let query = format!("T | where V in~ ({})", list(values.iter().map(String::as_str)));
            let (skeleton, literals) = malicious::kql(&query);
            let places = vec!["?"; values.len()].join(", ");
            prop_assert_eq!(skeleton, format!("T | where V in~ (dynamic([{places}]))"));
            prop_assert_eq!(literals, values);
        }
    }
}
