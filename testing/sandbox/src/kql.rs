//! A small interpreter of the Kusto query language: the advanced hunting of both Microsoft products runs on it.
//!
//! A query is parsed (`parse`), its names and types are checked against the tables as the service does,
//! even when they hold no row (`bind`), and then it is evaluated over rows in memory (`steps`).

mod aggregate;
mod bind;
mod engine;
mod error;
mod functions;
mod parse;
mod steps;
mod syntax;
mod table;
mod token;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use error::QueryError;
pub(crate) use table::{ResultTable, Tables};
pub(crate) use value::Kind;

/// Runs a query over `tables`.
///
/// # Errors
///
/// A syntax or a semantic error in the service's words; both are a 400 for the caller.
pub(crate) fn run(query: &str, tables: &Tables) -> Result<ResultTable, QueryError> {
    let query = parse::query(query)?;
    Ok(engine::answer(&query, tables)?.into())
}
