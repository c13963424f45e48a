//! The text of a query as tokens.

use std::str::FromStr;

use jiff::SignedDuration;

use super::{
    error::QueryError,
    value::{Datum, time},
};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword, with a leading `!` or a trailing `~` where the language has one (`!in~`).
    Name(String),
    Literal(Datum),
    Mark(&'static str),
}

/// Longer marks stand before their beginnings.
const MARKS: [&str; 26] = [
    "==", "=~", "!=", "!~", "<=", ">=", "<>", "|", "(", ")", "[", "]", "{", "}", ",", ";", ":",
    "=", "<", ">", "+", "-", "*", "/", "%", ".",
];

/// Names that go on behind a hyphen, such as `mv-expand`.
const HYPHENATED: [&str; 2] = ["project", "mv"];

/// The units of a timespan literal, in nanoseconds. Longer names stand before their beginnings.
const UNITS: [(&str, i64); 8] = [
    ("microsecond", 1_000),
    ("tick", 100),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// All tokens of a text, without blanks and comments.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut reader = Reader { rest: text };
    let mut tokens = Vec::new();
    while let Some(token) = reader.token()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn token(&mut self) -> Result<Option<Token>, QueryError> {
        self.skip_blanks();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let second = self.rest.chars().nth(1).unwrap_or(' ');
        let token = match first {
            '\'' | '"' => self.text(first)?,
            '@' if matches!(second, '\'' | '"') => self.verbatim(second)?,
            '0'..='9' => self.number()?,
            '!' if second.is_ascii_alphabetic() => self.name()?,
            'a'..='z' | 'A'..='Z' | '_' | '$' => self.name()?,
            _ => self.mark()?,
        };
        Ok(Some(token))
    }

    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with("//") {
                return;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|letter| !belongs(letter)).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn name(&mut self) -> Result<Token, QueryError> {
        let negation = self.take(usize::from(self.rest.starts_with('!')));
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_$".contains(letter);
        let mut name = format!("{negation}{}", self.take_while(is_part));
        if HYPHENATED.contains(&name.as_str()) && self.rest.starts_with('-') {
            name += self.take_while(|letter| letter.is_ascii_alphabetic() || letter == '-');
        }
        if matches!(name.as_str(), "in" | "!in") && self.rest.starts_with('~') {
            name += self.take(1);
        }
        match name.as_str() {
            "true" | "false" => Ok(Token::Literal(Datum::Bool(name == "true"))),
            "datetime" if self.rest.starts_with('(') => self.datetime(),
            _ => Ok(Token::Name(name)),
        }
    }

    /// `datetime(2026-10-30T06:12:01Z)`: the text between the parentheses has no quotes.
    fn datetime(&mut self) -> Result<Token, QueryError> {
        let (inside, rest) = self.rest[1..].split_once(')').ok_or_else(QueryError::unrecognized)?;
        self.rest = rest;
        if inside.trim() == "null" {
            return Ok(Token::Literal(Datum::Null));
        }
        let time = time(inside).ok_or_else(|| {
            QueryError::semantic(format!("Failed to parse 'datetime' literal: '{inside}'"))
        })?;
        Ok(Token::Literal(Datum::Time(time)))
    }

    fn number(&mut self) -> Result<Token, QueryError> {
        let is_digit = |letter: char| letter.is_ascii_digit();
        let start = self.rest;
        self.take_while(is_digit);
        let has_fraction =
            self.rest.starts_with('.') && self.rest[1..].starts_with(|next: char| is_digit(next));
        if has_fraction {
            self.take(1);
            self.take_while(is_digit);
        }
        let digits = &start[..start.len() - self.rest.len()];
        let unit = self.take_while(|letter| letter.is_ascii_alphabetic());
        let datum = match unit {
            "" if has_fraction => Datum::Real(parsed(digits)?),
            "" => Datum::Long(parsed(digits)?),
            unit => Datum::Span(span(parsed(digits)?, unit)?),
        };
        Ok(Token::Literal(datum))
    }

    fn verbatim(&mut self, quote: char) -> Result<Token, QueryError> {
        let (inside, rest) =
            self.rest[2..].split_once(quote).ok_or_else(QueryError::unrecognized)?;
        self.rest = rest;
        Ok(Token::Literal(Datum::Text(inside.to_owned())))
    }

    fn text(&mut self, quote: char) -> Result<Token, QueryError> {
        let mut text = String::new();
        let mut letters = self.rest[1..].chars();
        loop {
            match letters.next().ok_or_else(QueryError::unrecognized)? {
                '\n' | '\r' => return Err(QueryError::unrecognized()),
                '\\' => text.push(escaped(&mut letters)?),
                letter if letter == quote => break,
                letter => text.push(letter),
            }
        }
        self.rest = letters.as_str();
        Ok(Token::Literal(Datum::Text(text)))
    }

    fn mark(&mut self) -> Result<Token, QueryError> {
        let mark = MARKS.into_iter().find(|mark| self.rest.starts_with(mark));
        let mark = mark.ok_or_else(QueryError::unrecognized)?;
        self.take(mark.len());
        Ok(Token::Mark(mark))
    }
}

/// The letter behind a backslash.
fn escaped(letters: &mut std::str::Chars<'_>) -> Result<char, QueryError> {
    let letter = match letters.next().ok_or_else(QueryError::unrecognized)? {
        plain @ ('\\' | '\'' | '"') => plain,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        'u' => with_code(letters, 4)?,
        'x' => with_code(letters, 2)?,
        _ => return Err(QueryError::unrecognized()),
    };
    Ok(letter)
}

fn with_code(letters: &mut std::str::Chars<'_>, digits: usize) -> Result<char, QueryError> {
    let code: String = letters.take(digits).collect();
    let code = u32::from_str_radix(&code, 16).ok();
    code.and_then(char::from_u32).ok_or_else(QueryError::unrecognized)
}

fn parsed<T: FromStr>(digits: &str) -> Result<T, QueryError> {
    digits.parse().map_err(|_| QueryError::unrecognized())
}

fn span(count: f64, unit: &str) -> Result<SignedDuration, QueryError> {
    let (_, nanoseconds) =
        UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(QueryError::unrecognized)?;
    Ok(SignedDuration::from_nanos((count * nanoseconds as f64) as i64))
}
