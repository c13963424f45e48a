//! The Insight Query Language, as far as events are selected with it: `=`, `!=` and `IN`.
//!
//! An array matches when one of its elements does.
//! Source: FortiNDR Cloud user guide, "Core IQL concepts" and "IQL operators".

mod field;

use std::{mem, net::IpAddr};

use serde_json::Value;

use crate::language::{Expression, Language, SyntaxError, Token, Tokens, unquote_plainly};
use field::Field;

const IQL: Language = Language {
    quotes: &['\'', '"'],
    unquote: unquote_plainly,
    symbols: &["==", "=", "!=", "<>", ","],
    is_word: |_, letter| letter.is_ascii_alphanumeric() || "._:-".contains(letter),
    ignores_case: true,
    has_comments: false,
};

/// A query that was understood.
#[derive(Debug)]
pub(super) struct Query(Expression<Clause>);

#[derive(Debug)]
struct Clause {
    field: Field,
    comparison: Comparison,
}

#[derive(Debug)]
enum Comparison {
    /// `= x`, `IN (…)`: a value of the field is in the list.
    In(Vec<Literal>),
    /// `NOT IN (…)`: no value of the field is in the list.
    NotIn(Vec<Literal>),
    /// `!= x`: a value of the field is another one.
    Other(Literal),
    /// `= null`: the field has no value.
    Absent,
    /// `!= null`: the field has a value.
    Present,
}

#[derive(Debug, PartialEq)]
enum Literal {
    Text(String),
    Address(IpAddr),
    Number(f64),
    Bool(bool),
    Null,
}

impl Query {
    /// Reads a query over events such as `known`.
    ///
    /// # Errors
    ///
    /// The grammar's error, or a field that none of the known events has.
    pub(super) fn parse<'a>(
        text: &str,
        known: impl Iterator<Item = &'a Value> + Clone,
    ) -> Result<Self, SyntaxError> {
        IQL.parse(text, |tokens| {
            let clause = Clause::read(tokens)?;
            match known.clone().any(|event| clause.field.exists_in(event)) {
                true => Ok(clause),
                false => {
                    Err(SyntaxError::new(format!("no event has a field {}", clause.field.name())))
                }
            }
        })
        .map(Self)
    }

    /// Whether the query selects this event.
    pub(super) fn selects(&self, event: &Value) -> bool {
        self.0.holds(&|clause| clause.holds(event))
    }
}

impl Clause {
    fn read(tokens: &mut Tokens<'_>) -> Result<Self, SyntaxError> {
        let field = Field::read(&tokens.word("a field")?);
        Ok(Self { field, comparison: Comparison::read(tokens)? })
    }

    fn holds(&self, event: &Value) -> bool {
        let mut values = self.field.values(event).into_iter();
        match &self.comparison {
            Comparison::In(list) => values.any(|value| list.iter().any(|one| one.is(value))),
            Comparison::NotIn(list) => !values.any(|value| list.iter().any(|one| one.is(value))),
            Comparison::Other(literal) => values.any(|value| !literal.is(value)),
            Comparison::Absent => values.next().is_none(),
            Comparison::Present => values.next().is_some(),
        }
    }
}

impl Comparison {
    fn read(tokens: &mut Tokens<'_>) -> Result<Self, SyntaxError> {
        if tokens.takes_symbol("=") || tokens.takes_symbol("==") {
            return Ok(match Literal::read(tokens)? {
                Literal::Null => Self::Absent,
                literal => Self::In(vec![literal]),
            });
        }
        if tokens.takes_symbol("!=") || tokens.takes_symbol("<>") {
            return Ok(match Literal::read(tokens)? {
                Literal::Null => Self::Present,
                literal => Self::Other(literal),
            });
        }
        let is_negated = tokens.takes_word("not");
        if !tokens.takes_word("in") {
            return Err(tokens.expected("one of =, !=, IN"));
        }
        let list = Literal::read_list(tokens)?;
        Ok(if is_negated { Self::NotIn(list) } else { Self::In(list) })
    }
}

impl Literal {
    fn read(tokens: &mut Tokens<'_>) -> Result<Self, SyntaxError> {
        let missing = tokens.expected("a value");
        match tokens.next() {
            Some(Token::Quoted(_, text)) => Ok(Self::of_text(text)),
            Some(Token::Word(word)) => Self::of_word(&word).ok_or(missing),
            _ => Err(missing),
        }
    }

    fn read_list(tokens: &mut Tokens<'_>) -> Result<Vec<Self>, SyntaxError> {
        tokens.symbol("(")?;
        let list = tokens.list(Self::read)?;
        tokens.symbol(")")?;
        let first = list.first().map(mem::discriminant);
        match list.iter().all(|one| Some(mem::discriminant(one)) == first) {
            true => Ok(list),
            false => Err(SyntaxError::new("the values of a list must be of one type")),
        }
    }

    fn of_text(text: String) -> Self {
        text.parse().map_or(Self::Text(text), Self::Address)
    }

    fn of_word(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "true" => Some(Self::Bool(true)),
            "false" => Some(Self::Bool(false)),
            "null" => Some(Self::Null),
            word => {
                let number = || word.parse().ok().map(Self::Number);
                word.parse().ok().map(Self::Address).or_else(number)
            }
        }
    }

    /// Whether a value of an event is this one. Texts are compared letter by letter, addresses in
    /// any spelling.
    fn is(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value == text,
            Self::Address(address) => {
                value.as_str().and_then(|text| text.parse().ok()) == Some(*address)
            }
            Self::Number(number) => value.as_f64() == Some(*number),
            Self::Bool(bool) => value == bool,
            Self::Null => value.is_null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "uuid": "u-1", "event_type": "dns", "rejected": false, "rcode": 0, "rcode_name": null,
            "src": {"ip": "10.20.30.47", "internal": true},
            "dst": {"ip": "2001:db8::1", "internal": false},
            "query": {"domain": "c2.bad.example"},
            "answers": [{"ip": "203.0.113.77"}, {"ip": "203.0.113.78"}],
            "san_dns": ["www.bad.example"], "files": [{"md5": "0f", "sha1": null}],
        })
    }

    fn selects(query: &str) -> Result<bool, SyntaxError> {
        let event = event();
        Query::parse(query, [&event].into_iter()).map(|query| query.selects(&event))
    }

    #[test]
    fn a_field_means_every_field_that_ends_with_it() {
        for (query, expected) in [
            ("ip = '203.0.113.78'", true),
            ("ip = 10.20.30.47", true),
            ("src.ip = '203.0.113.77'", false),
            ("answers.ip = '203.0.113.77'", true),
            ("dns:src.ip = '10.20.30.47'", true),
            ("domain = 'c2.bad.example'", true),
            ("domain = 'www.bad.example'", true),
            ("query.domain = 'www.bad.example'", false),
            ("domain = 'C2.bad.example'", false),
            ("domain = 'bad.example'", false),
            ("ip = '2001:0DB8:0:0::1'", true),
            ("uuid = 'u-1'", true),
            ("md5 == \"0f\"", true),
        ] {
            assert_eq!(selects(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn flat_events_are_searched_by_the_same_fields() {
        let flat = json!({"src_ip": "10.20.30.48", "dst_ip": "203.0.113.90", "src_ip_bytes": 7});
        for (query, expected) in [
            ("ip = '203.0.113.90'", true),
            ("src.ip = '10.20.30.48'", true),
            ("src.ip = '203.0.113.90'", false),
        ] {
            let query = Query::parse(query, [&flat].into_iter()).unwrap();
            assert_eq!(query.selects(&flat), expected);
        }
    }

    #[test]
    fn comparisons_follow_the_guide() {
        for (query, expected) in [
            ("answers.ip != '203.0.113.77'", true),
            ("src.ip != '10.20.30.47'", false),
            ("src.ip <> '10.20.30.48'", true),
            ("answers.ip IN ('198.51.100.1', '203.0.113.78')", true),
            ("ip IN ('2001:db8::2', '203.0.113.78')", true),
            ("ip IN (8.8.8.8, 2001:db8::1)", true),
            ("domain IN ('bad.example', 'www.bad')", false),
            ("rcode IN (1, 0)", true),
            ("answers.ip not in ('198.51.100.1', '203.0.113.78')", false),
            ("rcode_name = null", true),
            ("rcode_name != null", false),
            ("rcode != null", true),
            ("rcode = 0 and rejected = false and src.internal = TRUE", true),
            ("rcode = '0'", false),
            ("(md5 = '1' OR md5 = '0f') AND NOT rcode = 1", true),
        ] {
            assert_eq!(selects(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_pasted_quote_changes_the_query() {
        assert_eq!(selects("domain = 'x' OR ip = '203.0.113.77'"), Ok(true));
        assert!(selects("domain = 'o'neil.example'").is_err());
    }

    #[test]
    fn refuses_text_that_is_no_query() {
        for query in [
            "",
            "203.0.113.77",
            "ip '203.0.113.77'",
            "ip =",
            "ip = '203.0.113.77",
            "ip = word",
            "ip IN ()",
            "ip IN ('203.0.113.77'",
            "ip IN ('203.0.113.77', 'c2.bad.example')",
            "rcode IN (0, '1')",
            "ip LIKE '203.%'",
            "ip > '203.0.113.77'",
            "hostname = 'x'",
            "flow:src.ip = '10.20.30.47'",
            "ip = '10.20.30.47' ip = '10.20.30.47'",
        ] {
            assert!(selects(query).is_err(), "{query}");
        }
    }
}
