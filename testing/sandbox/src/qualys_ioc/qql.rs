//! The Qualys Query Language, as far as events are searched with it.
//!
//! No escape is documented; in this strict reading a back-slash before a closing mark swallows it.
//! Source: help of the Unified Dashboard, "Components of a QQL query" and "QQL Best Practices".

use std::net::IpAddr;

use serde_json::Value;

use crate::language::{Expression, Language, SyntaxError, Token, Tokens};

const QQL: Language = Language {
    quotes: &['"', '`', '\''],
    unquote,
    symbols: &[":"],
    is_word: |_, letter| !letter.is_whitespace() && !":()[]<>=,\"'`".contains(letter),
    ignores_case: true,
    has_comments: false,
};

/// A mark behind a back-slash does not close; the back-slash stays a part of the text.
fn unquote(rest: &str, mark: char) -> Option<(String, &str)> {
    let mut marks = rest.match_indices(mark);
    let (end, _) = marks.find(|(at, _)| !rest[..*at].ends_with('\\'))?;
    Some((rest[..end].to_owned(), &rest[end + mark.len_utf8()..]))
}

/// How a field compares.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Address,
}

/// A search token and the places in an event where its values stand (JSON pointers).
type Field = (&'static str, Kind, &'static [&'static str]);

const FIELDS: &[Field] = &[
    ("action", Kind::Text, &["/action"]),
    ("asset.hostname", Kind::Text, &["/asset/hostName"]),
    ("event.id", Kind::Text, &["/id"]),
    ("file.extension", Kind::Text, &["/file/extension"]),
    ("file.fullPath", Kind::Text, &["/file/fullPath", "/process/processFile/fullPath"]),
    ("file.hash.md5", Kind::Text, &["/file/md5", "/process/processFile/md5"]),
    ("file.hash.sha256", Kind::Text, &["/file/sha256", "/process/processFile/sha256"]),
    ("file.name", Kind::Text, &["/file/fileName", "/process/processFile/fileName"]),
    ("file.path", Kind::Text, &["/file/path"]),
    ("handle.name", Kind::Text, &["/handle/name"]),
    ("network.local.address.ip", Kind::Address, &["/network/localIP"]),
    ("network.remote.address.fqdn", Kind::Text, &["/network/remoteDns"]),
    ("network.remote.address.ip", Kind::Address, &["/network/remoteIP"]),
    ("process.name", Kind::Text, &["/process/processName"]),
    ("registry.key", Kind::Text, &["/registry/key"]),
    ("type", Kind::Text, &["/type"]),
];

/// A filter that was understood.
#[derive(Debug)]
pub(crate) struct Filter(Expression<Clause>);

#[derive(Debug, PartialEq)]
struct Clause {
    places: &'static [&'static str],
    term: Term,
}

/// What a value must be.
#[derive(Debug, PartialEq)]
enum Term {
    /// These words next to each other, in any case: `"…"` and bare text.
    Words(Vec<String>),
    /// The whole value, character by character: back-ticks.
    Exact(String),
    /// The whole value, in any case: `'…'`.
    Plain(String),
    /// The same address in any spelling, with any marks.
    Address(IpAddr),
}

impl Filter {
    /// Reads a `filter` parameter.
    ///
    /// # Errors
    ///
    /// The grammar's error, an unknown search token, or no address where one is needed.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        QQL.parse(text, clause).map(Self)
    }

    /// Whether the filter selects this event.
    pub(crate) fn selects(&self, event: &Value) -> bool {
        self.0.holds(&|clause| clause.holds(event))
    }
}

fn clause(tokens: &mut Tokens<'_>) -> Result<Clause, SyntaxError> {
    let name = tokens.word("a search token")?;
    let (_, kind, places) = FIELDS
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(&name))
        .ok_or_else(|| SyntaxError::new(format!("unknown search token {name}")))?;
    tokens.symbol(":")?;
    Ok(Clause { places, term: term(*kind, tokens)? })
}

fn term(kind: Kind, tokens: &mut Tokens<'_>) -> Result<Term, SyntaxError> {
    let missing = tokens.expected("a value");
    let (mark, text) = match tokens.next() {
        Some(Token::Word(text)) => (None, text),
        Some(Token::Quoted(mark, text)) if !text.is_empty() => (Some(mark), text),
        _ => return Err(missing),
    };
    Ok(match (kind, mark) {
        (Kind::Address, _) => Term::Address(address(&text)?),
        (Kind::Text, Some('`')) => Term::Exact(text),
        (Kind::Text, Some('\'')) => Term::Plain(text),
        (Kind::Text, _) => Term::Words(words(&text)),
    })
}

fn address(text: &str) -> Result<IpAddr, SyntaxError> {
    text.parse().map_err(|_| SyntaxError::new(format!("{text} is not an IP address")))
}

/// What the search index keeps of a text: its words in lower case.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

impl Clause {
    fn holds(&self, event: &Value) -> bool {
        let mut values = self.places.iter().filter_map(|place| event.pointer(place)?.as_str());
        values.any(|value| self.term.matches(value))
    }
}

impl Term {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Words(term) => {
                !term.is_empty() && words(value).windows(term.len()).any(|part| part == term)
            }
            Self::Exact(term) => value == term,
            Self::Plain(term) => value.eq_ignore_ascii_case(term),
            Self::Address(term) => value.parse() == Ok(*term),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "type": "FILE", "action": "CREATED",
            "file": {
                "fileName": "Drop one.exe", "fullPath": "C:\\Users\\Public\\Drop one.exe", "md5": null,
            },
            "network": {"remoteIP": "2001:db8::77", "remoteDns": "c2.bad.example"},
            "handle": {"name": "Global\\say \"hi\""},
        })
    }

    #[test]
    fn marks_decide_how_a_value_is_compared() {
        for (filter, expected) in [
            (r#"file.name: "drop ONE.exe""#, true),
            (r#"file.name: "one""#, true),
            (r#"file.name: "drop exe""#, false),
            (r#"file.name: "rop""#, false),
            ("file.name: one.exe", true),
            ("file.name: `Drop one.exe`", true),
            ("file.name: `drop one.exe`", false),
            ("file.name: `one`", false),
            ("file.name: 'drop one.exe'", true),
            ("file.name: 'one'", false),
            (r#"handle.name: `Global\say "hi"`"#, true),
            (r#"file.fullPath: "C:\Users\Public\Drop one.exe""#, true),
            (r#"network.remote.address.fqdn: "bad.example""#, true),
            (r#"file.name: "...""#, false),
            (r#"file.hash.md5: "null""#, false),
        ] {
            assert_eq!(Filter::parse(filter).unwrap().selects(&event()), expected, "{filter}");
        }
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        let selects = |address: &str| {
            let filter = format!("network.remote.address.ip: {address}");
            Filter::parse(&filter).map(|filter| filter.selects(&event()))
        };
        assert_eq!(selects(r#""2001:DB8:0:0:0:0:0:77""#), Ok(true));
        assert_eq!(selects("`2001:db8::78`"), Ok(false));
        assert!(selects(r#""2001:db8""#).is_err());
    }

    #[test]
    fn clauses_are_joined() {
        for (filter, expected) in [
            ("type: file and action: deleted", false),
            ("type: file or action: deleted", true),
            ("type:file AND NOT action:deleted", true),
            ("not (type: FILE or type: PROCESS)", false),
        ] {
            assert_eq!(Filter::parse(filter).unwrap().selects(&event()), expected, "{filter}");
        }
    }

    #[test]
    fn refuses_text_that_is_no_filter() {
        for filter in [
            "",
            "drop.exe",
            "file.name:",
            "file.name: \"\"",
            "file.name \"x\"",
            "file.nmae: \"x\"",
            "file.name: \"x",
            r#"file.path: "C:\temp\""#,
            "file.name: \"x\" file.name: \"y\"",
            "(type: FILE",
            "type: FILE)",
            "and type: FILE",
            "network.remote.address.ip: \"300.1.1.1\"",
            "event.dateTime: [\"2026-03-01\" .. \"2026-03-02\"]",
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
