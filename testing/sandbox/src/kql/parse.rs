//! Text to the parsed query: statements and scalar expressions; the operators are in `operator`.

mod operator;

use serde_json::Value;

use super::{
    QueryError, functions,
    syntax::{Expression, Query, Step},
    value::{Kind, nanoseconds},
};
use crate::language::{Language, SyntaxError, Token, Tokens};

const KQL: Language = Language {
    quotes: &['\'', '"'],
    unquote,
    symbols: &[
        "==", "=~", "!=", "!~", "<=", ">=", "|", "[", "]", ",", ";", "=", "<", ">", "+", "-", "*",
        ".", ":", "!", "~",
    ],
    is_word: |_, letter| letter.is_ascii_alphanumeric() || "_$".contains(letter),
    ignores_case: false,
    has_comments: true,
};

/// Comparisons written as signs.
const SIGNS: [&str; 8] = ["==", "!=", "=~", "!~", "<=", ">=", "<", ">"];

/// The units of a timespan literal, in nanoseconds.
const UNITS: [(&str, i64); 6] = [
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

type Parsed<T> = Result<T, QueryError>;

/// Reads a literal of one line with back-slash escapes.
fn unquote(rest: &str, mark: char) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '\n' | '\r' => return None,
            '\\' => text.push(match letters.next()? {
                plain @ ('\\' | '\'' | '"') => plain,
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = letters.by_ref().take(4).collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                _ => return None,
            }),
            letter if letter == mark => return Some((text, letters.as_str())),
            letter => text.push(letter),
        }
    }
}

/// Parses `let name = …; …; body`.
pub(super) fn query(text: &str) -> Parsed<Query> {
    let mut tokens = KQL.tokens(text)?;
    let mut lets = Vec::new();
    while tokens.takes_word("let") {
        let name = tokens.word("a name")?;
        tokens.symbol("=")?;
        lets.push((name, expression(&mut tokens)?));
        tokens.symbol(";")?;
    }
    if tokens.peek().is_none() {
        return Err(QueryError::Syntax("The incomplete fragment is unexpected."));
    }
    let body = expression(&mut tokens)?;
    tokens.takes_symbol(";");
    tokens.end()?;
    Ok(Query { lets, body })
}

/// A scalar, or a source of rows with the operators after it.
fn expression(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    let (mut source, mut steps) = (None, Vec::new());
    if tokens.takes_word("print") {
        steps.push(Step::Print(tokens.list(operator::named)?));
    } else if tokens.takes_word("union") {
        steps.push(Step::Union(tokens.list(scalar)?));
    } else {
        source = Some(scalar(tokens)?);
    }
    while tokens.takes_symbol("|") {
        steps.push(operator::step(tokens)?);
    }
    Ok(match source {
        Some(alone) if steps.is_empty() => alone,
        source => Expression::Pipe(source.map(Box::new), steps),
    })
}

fn scalar(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    chain(tokens, &["or"], |tokens| chain(tokens, &["and"], comparison))
}

/// Operands with operators between them, from left to right.
fn chain(
    tokens: &mut Tokens<'_>,
    operators: &[&'static str],
    operand: fn(&mut Tokens<'_>) -> Parsed<Expression>,
) -> Parsed<Expression> {
    let mut left = operand(tokens)?;
    while let Some(operator) =
        operators.iter().find(|it| tokens.takes_word(it) || tokens.takes_symbol(it))
    {
        left = Expression::call(*operator, [left, operand(tokens)?]);
    }
    Ok(left)
}

fn sum(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    chain(tokens, &["+", "-"], member)
}

fn comparison(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    let left = sum(tokens)?;
    if let Some(sign) = SIGNS.into_iter().find(|sign| tokens.takes_symbol(sign)) {
        return Ok(Expression::call(sign, [left, sum(tokens)?]));
    }
    let sign = if tokens.takes_symbol("!") { "!" } else { "" };
    let Some(word) = tokens.peek_word().filter(|word| functions::is_comparison(word)) else {
        return if sign.is_empty() {
            Ok(left)
        } else {
            Err(tokens.expected("a comparison").into())
        };
    };
    let mut name = format!("{sign}{word}");
    tokens.next();
    if name.ends_with("in") && tokens.takes_symbol("~") {
        name.push('~');
    }
    let mut operands = vec![left];
    match functions::takes_list(&name) {
        true => operands.extend(arguments(tokens)?),
        false => operands.push(sum(tokens)?),
    }
    Ok(Expression::Call(name, operands))
}

/// `value.name`, `value[index]`
fn member(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    let mut value = primary(tokens)?;
    loop {
        if tokens.takes_symbol(".") {
            let name = Expression::text(tokens.word("a member")?);
            value = Expression::call("[]", [value, name]);
        } else if tokens.takes_symbol("[") {
            value = Expression::call("[]", [value, tokens.nested(scalar)?]);
            tokens.symbol("]")?;
        } else {
            return Ok(value);
        }
    }
}

fn primary(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    let missing = tokens.expected("a value");
    match tokens.next() {
        Some(Token::Quoted(_, text)) => Ok(Expression::text(text)),
        Some(Token::Symbol("*")) => Ok(Expression::Star),
        Some(Token::Symbol("(")) => {
            let inside = tokens.nested(expression)?;
            tokens.symbol(")")?;
            Ok(inside)
        }
        Some(Token::Word(word)) => of_word(word, tokens),
        _ => Err(missing.into()),
    }
}

fn of_word(word: String, tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        return number(&word);
    }
    let is_call = matches!(tokens.peek(), Some(Token::Symbol("(")));
    match word.as_str() {
        "true" | "false" => Ok(Expression::Literal((word == "true").into(), Kind::Bool)),
        "datetime" if is_call => datetime(tokens),
        "dynamic" if is_call => {
            tokens.symbol("(")?;
            let value = json(tokens)?;
            tokens.symbol(")")?;
            Ok(Expression::Literal(value, Kind::Dynamic))
        }
        _ if is_call => Ok(Expression::Call(word, arguments(tokens)?)),
        _ => Ok(Expression::Name(word)),
    }
}

/// `(value, …)`
fn arguments(tokens: &mut Tokens<'_>) -> Parsed<Vec<Expression>> {
    tokens.symbol("(")?;
    if tokens.takes_symbol(")") {
        return Ok(Vec::new());
    }
    let arguments = tokens.nested(|tokens| tokens.list(expression))?;
    tokens.symbol(")")?;
    Ok(arguments)
}

/// `500`, or a timespan such as `30d`.
fn number(word: &str) -> Parsed<Expression> {
    let digits = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let (count, unit) = (digits.parse::<i64>().ok(), &word[digits.len()..]);
    if unit.is_empty() {
        let count = count.ok_or_else(unreadable)?;
        return Ok(Expression::Literal(count.into(), Kind::Long));
    }
    let unit = UNITS.into_iter().find(|(name, _)| *name == unit);
    let length = count.zip(unit).and_then(|(count, (_, unit))| count.checked_mul(unit));
    Ok(Expression::Literal(length.ok_or_else(unreadable)?.into(), Kind::Span))
}

fn unreadable() -> QueryError {
    SyntaxError::new("an unreadable literal").into()
}

/// `datetime(2026-10-30T06:12:01Z)`: the text between the parentheses has no quotes.
fn datetime(tokens: &mut Tokens<'_>) -> Parsed<Expression> {
    tokens.symbol("(")?;
    let inside = tokens.text_before(")")?;
    tokens.symbol(")")?;
    let time = nanoseconds(inside).ok_or_else(|| {
        QueryError::semantic(format!("Failed to parse 'datetime' literal: '{inside}'"))
    })?;
    Ok(Expression::Literal(time.into(), Kind::Time))
}

/// The inside of `dynamic(…)`: texts, whole numbers, truth values, null, and lists of them.
fn json(tokens: &mut Tokens<'_>) -> Parsed<Value> {
    let missing = tokens.expected("a value");
    match tokens.next() {
        Some(Token::Quoted(_, text)) => Ok(text.into()),
        Some(Token::Word(word)) => serde_json::from_str(&word).map_err(|_| missing.into()),
        Some(Token::Symbol("[")) if tokens.takes_symbol("]") => Ok(Value::Array(Vec::new())),
        Some(Token::Symbol("[")) => {
            let items = tokens.nested(|tokens| tokens.list(json))?;
            tokens.symbol("]")?;
            Ok(items.into())
        }
        _ => Err(missing.into()),
    }
}
