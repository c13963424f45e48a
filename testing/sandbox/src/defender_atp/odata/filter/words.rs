//! Cuts a filter into words.

use std::{fmt, iter::Peekable, vec::IntoIter};

use super::Problem;

/// The smallest part of a filter that means something.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Open,
    Close,
    Comma,
    /// A name, an operator, a number or a moment.
    Bare(String),
    /// What stood between single quotes; a doubled quote is one.
    Text(String),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("'('"),
            Self::Close => f.write_str("')'"),
            Self::Comma => f.write_str("','"),
            Self::Bare(word) | Self::Text(word) => write!(f, "'{word}'"),
        }
    }
}

/// The words of one filter, in order.
pub(super) struct Words(Peekable<IntoIter<Word>>);

impl Words {
    pub(super) fn of(text: &str) -> Result<Self, Problem> {
        let mut words = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (word, behind) = match first {
                '(' => (Word::Open, &rest[1..]),
                ')' => (Word::Close, &rest[1..]),
                ',' => (Word::Comma, &rest[1..]),
                '\'' => quoted(&rest[1..])?,
                _ => bare(rest),
            };
            words.push(word);
            rest = behind.trim_start();
        }
        Ok(Self(words.into_iter().peekable()))
    }

    pub(super) fn next(&mut self) -> Option<Word> {
        self.0.next()
    }

    /// Goes past this bare word if it comes next.
    pub(super) fn skip(&mut self, bare: &str) -> bool {
        self.0.next_if(|word| matches!(word, Word::Bare(word) if word == bare)).is_some()
    }
}

fn bare(text: &str) -> (Word, &str) {
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '\''))
        .unwrap_or(text.len());
    (Word::Bare(text[..end].to_owned()), &text[end..])
}

/// Reads from behind the opening quote to behind the closing one.
fn quoted(text: &str) -> Result<(Word, &str), Problem> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, behind) = rest
            .split_once('\'')
            .ok_or_else(|| Problem::odata("A text in $filter has no closing quote."))?;
        value.push_str(part);
        match behind.strip_prefix('\'') {
            Some(behind) => {
                value.push('\'');
                rest = behind;
            }
            None => return Ok((Word::Text(value), behind)),
        }
    }
}
