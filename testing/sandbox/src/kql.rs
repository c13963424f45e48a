//! A small interpreter of the Kusto query language, on which advanced hunting of both Microsoft products runs.
//!
//! It reads: `let` (a scalar, a list or rows), `materialize`, `print`; the operators `where`, `extend`, `project`,
//! `project-away`, `summarize`, `sort`, `take`, `distinct`, `count`, `mv-expand … to typeof(…)`, `union`, and
//! `join` of the kinds `inner` and `leftouter` on columns of one name; literals of text, whole numbers, truth
//! values, timespans, `datetime(…)` and `dynamic([…])`; `value.member` and `value[index]`; the functions in
//! `functions`, the aggregates in `summarize`, and `now`, `ago`, `prev`, `row_number`. All else is refused.
//!
//! A query is parsed, its names and types are checked against the tables even when they hold no row, as the
//! service does, and then it is evaluated over rows in memory.

mod bind;
mod engine;
mod functions;
mod parse;
mod steps;
mod summarize;
mod syntax;
mod table;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use table::{ResultTable, Tables};

use crate::language::SyntaxError;

/// Runs a query over `tables`.
///
/// Errors: a syntax or a semantic error in the service's words; both are a 400 for the caller.
pub(crate) fn run(query: &str, tables: &Tables) -> Result<ResultTable, QueryError> {
    let query = parse::query(query)?;
    Ok(engine::run(&query, tables)?.into())
}

/// Why a query cannot run. Prints as the `message` of the service's 400 response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueryError {
    /// The text is not a query.
    Syntax(&'static str),
    /// A name, a type or an argument does not fit.
    Semantic(String),
}

impl QueryError {
    fn semantic(text: impl Into<String>) -> Self {
        Self::Semantic(text.into())
    }

    /// For a part of the language that the service has and this interpreter has not.
    fn unsupported(part: impl fmt::Display) -> Self {
        Self::Semantic(format!("The sandbox's interpreter does not know {part}"))
    }

    /// The same error as seen from an operator, such as `'where' operator: …`.
    fn in_operator(self, operator: &str) -> Self {
        match self {
            Self::Semantic(text) if !text.starts_with('\'') => {
                Self::Semantic(format!("'{operator}' operator: {text}"))
            }
            other => other,
        }
    }
}

impl From<SyntaxError> for QueryError {
    fn from(_: SyntaxError) -> Self {
        Self::Syntax("A recognition error occurred.")
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => write!(out, "{text}. Fix syntax errors in your query."),
            Self::Semantic(text) => write!(out, "{text}. Fix semantic errors in your query."),
        }
    }
}
