//! The text of a filter as tokens with their positions.

use jiff::Timestamp;
use serde_json::Value;

use super::FilterError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, a keyword or a qualified type name.
    Name(String),
    Literal(Value),
    Time(Timestamp),
    Mark(char),
}

/// A token and the position of its first character.
pub(super) type Placed = (usize, Token);

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let length = match first {
            ' ' | '\t' => first.len_utf8(),
            '(' | ')' | ',' | ':' | '/' => {
                tokens.push((at, Token::Mark(first)));
                1
            }
            '\'' => {
                let (value, length) = quoted(&text[at..]).ok_or_else(|| unterminated(at, text))?;
                tokens.push((at, Token::Literal(Value::String(value))));
                length
            }
            _ => {
                let word = word(&text[at..]);
                tokens.push((at, meaning(word).ok_or_else(|| FilterError::syntax(at, text))?));
                word.len()
            }
        };
        at += length;
    }
    Ok(tokens)
}

fn unterminated(at: usize, text: &str) -> FilterError {
    FilterError::new(format!(
        "There is an unterminated string literal at position {at} in '{text}'."
    ))
}

/// The text between quotes, where two quotes stand for one, and how much of the filter it takes.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '\'' {
            value.push(letter);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Some((value, at + 1));
        }
    }
    None
}

/// Everything up to the next blank or mark. The colons of a time belong to it.
fn word(text: &str) -> &str {
    let is_time = text.starts_with(|first: char| first.is_ascii_digit());
    let ends = |letter: char| " \t(),/'".contains(letter) || letter == ':' && !is_time;
    let end = text.find(ends).unwrap_or(text.len()).max(1);
    text.get(..end).unwrap_or(text)
}

fn meaning(word: &str) -> Option<Token> {
    match word {
        "true" => return Some(Token::Literal(Value::Bool(true))),
        "false" => return Some(Token::Literal(Value::Bool(false))),
        "null" => return Some(Token::Literal(Value::Null)),
        _ => {}
    }
    let is_name = |letter: char| letter.is_alphanumeric() || "_.$@".contains(letter);
    if word.starts_with(|first: char| first.is_alphabetic() || "_$@".contains(first)) {
        return word.chars().all(is_name).then(|| Token::Name(word.to_owned()));
    }
    let number = serde_json::from_str::<Value>(word).ok().filter(Value::is_number);
    number.map(Token::Literal).or_else(|| word.parse().ok().map(Token::Time))
}
