//! The operators after a `|`.

use super::{Parsed, scalar};
use crate::{
    kql::{
        QueryError,
        syntax::{Expression, Join, Named, SortKey, Step},
        value::Kind,
    },
    language::{SyntaxError, Tokens},
};

pub(super) fn step(tokens: &mut Tokens<'_>) -> Parsed<Step> {
    let name = tokens.word("").map_err(|_| QueryError::Syntax("Query operator expected."))?;
    match full_name(name, tokens)?.as_str() {
        "where" | "filter" => Ok(Step::Where(scalar(tokens)?)),
        "extend" => Ok(Step::Extend(tokens.list(named)?)),
        "project" => Ok(Step::Project(tokens.list(named)?)),
        "project-away" => Ok(Step::ProjectAway(tokens.list(column)?)),
        "summarize" => summarize(tokens),
        "sort" | "order" => {
            word(tokens, "by")?;
            Ok(Step::Sort(tokens.list(sort_key)?))
        }
        "take" | "limit" => Ok(Step::Take(scalar(tokens)?)),
        "distinct" => distinct(tokens),
        "join" => join(tokens),
        "union" => Ok(Step::Union(tokens.list(scalar)?)),
        "mv-expand" => Ok(Step::Expand(tokens.list(expansion)?)),
        "count" => Ok(Step::Count),
        other => Err(QueryError::unsupported(format_args!("the operator '{other}'"))),
    }
}

/// Joins the parts of a name such as `mv-expand`.
fn full_name(mut name: String, tokens: &mut Tokens<'_>) -> Parsed<String> {
    while tokens.takes_symbol("-") {
        name = format!("{name}-{}", tokens.word("an operator")?);
    }
    Ok(name)
}

fn column(tokens: &mut Tokens<'_>) -> Parsed<String> {
    Ok(tokens.word("a column")?)
}

fn word(tokens: &mut Tokens<'_>, expected: &str) -> Result<(), SyntaxError> {
    if tokens.takes_word(expected) { Ok(()) } else { Err(tokens.expected(expected)) }
}

/// `name = value`, or a value alone.
pub(super) fn named(tokens: &mut Tokens<'_>) -> Parsed<Named> {
    let name = if tokens.is_before("=") { Some(column(tokens)?) } else { None };
    if name.is_some() {
        tokens.symbol("=")?;
    }
    Ok(Named { name, value: scalar(tokens)? })
}

fn summarize(tokens: &mut Tokens<'_>) -> Parsed<Step> {
    let mut aggregates = Vec::new();
    if tokens.peek_word() != Some("by") {
        aggregates = tokens.list(named)?;
    }
    let by = if tokens.takes_word("by") { tokens.list(named)? } else { Vec::new() };
    Ok(Step::Summarize { aggregates, by })
}

/// Descending unless said otherwise.
fn sort_key(tokens: &mut Tokens<'_>) -> Parsed<SortKey> {
    let value = scalar(tokens)?;
    let is_ascending = tokens.takes_word("asc");
    tokens.takes_word("desc");
    Ok(SortKey { value, is_ascending })
}

fn distinct(tokens: &mut Tokens<'_>) -> Parsed<Step> {
    if tokens.takes_symbol("*") {
        return Ok(Step::Distinct(vec![Named { name: None, value: Expression::Star }]));
    }
    Ok(Step::Distinct(tokens.list(named)?))
}

/// `kind=… right on column, …`
fn join(tokens: &mut Tokens<'_>) -> Parsed<Step> {
    let kind = match tokens.is_before("=") {
        true => {
            word(tokens, "kind")?;
            tokens.symbol("=")?;
            tokens.word("a kind")?
        }
        false => "innerunique".to_owned(),
    };
    if !["inner", "leftouter"].contains(&kind.as_str()) {
        return Err(QueryError::unsupported(format_args!("the join kind '{kind}'")));
    }
    let right = Box::new(scalar(tokens)?);
    word(tokens, "on")?;
    Ok(Step::Join(Join { is_outer: kind == "leftouter", right, on: tokens.list(column)? }))
}

/// `[name =] array [to typeof(kind)]`
fn expansion(tokens: &mut Tokens<'_>) -> Parsed<(Named, Kind)> {
    let item = named(tokens)?;
    if !tokens.takes_word("to") {
        return Ok((item, Kind::Dynamic));
    }
    word(tokens, "typeof")?;
    tokens.symbol("(")?;
    let kind = Kind::named(&tokens.word("a type")?).ok_or_else(|| tokens.expected("a type"))?;
    tokens.symbol(")")?;
    Ok((item, kind))
}
