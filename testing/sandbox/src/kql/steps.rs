//! The operators: each takes a table and gives a table.

mod combine;
mod order;
mod rows;
mod shape;
mod summarize;

use super::{
    engine::Engine,
    error::QueryError,
    syntax::{Expression, Named, Step},
    table::{Column, Table},
    value::{Datum, Kind},
};

type Done = Result<Table, QueryError>;

impl Engine<'_> {
    pub(super) fn step(&self, step: &Step, table: Table) -> Done {
        match step {
            Step::Where(predicate) => self.keep_where(predicate, table),
            Step::Extend(items) => self.extend(items, table),
            Step::Serialize(items) => self.extend(items, Table { is_serialized: true, ..table }),
            Step::Project(items) => self.project(items, table),
            Step::ProjectAway(names) => without(names, table),
            Step::ProjectKeep(names) => only(names, table),
            Step::ProjectRename(pairs) => renamed(pairs, table),
            Step::Summarize { aggregates, by } => self.summarize(aggregates, by, &table),
            Step::Sort(keys) => self.sort(keys, table),
            Step::Take(count) => take(count, table),
            Step::Distinct(items) => self.distinct(items, table),
            Step::Join(join) => self.join(join, table),
            Step::Union(union) => self.union(union, Some(table)),
            Step::Expand(items) => self.expand(items, table),
            Step::Count => Ok(count(&table)),
        }
    }
}

use rows::{count, take};
use shape::{only, renamed, without};

/// The column that a value gets when the query gives it no name: that of the column it is, else
/// `Column1`, `Column2`, ….
fn name_of(item: &Named, unnamed: &mut usize) -> String {
    item.name.clone().or_else(|| implied_name(&item.value)).unwrap_or_else(|| {
        *unnamed += 1;
        format!("Column{unnamed}")
    })
}

fn implied_name(value: &Expression) -> Option<String> {
    match value {
        Expression::Name(name) => Some(name.clone()),
        Expression::Call { name, arguments } if name == "bin" => implied_name(arguments.first()?),
        Expression::Call { name, arguments } if name == "[]" => match &arguments[..] {
            [of, Expression::Literal(Datum::Text(member))] => {
                Some(format!("{}_{member}", implied_name(of)?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A column of the table by name.
fn position(table: &Table, name: &str) -> Result<usize, QueryError> {
    table.position(name).ok_or_else(|| {
        QueryError::semantic(format!(
            "Failed to resolve column or scalar expression named '{name}'"
        ))
    })
}

fn no_duplicate(columns: &[Column]) -> Result<(), QueryError> {
    let mut names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            Err(QueryError::semantic(format!("A column named '{}' already exists", pair[0])))
        }
    }
}

fn expect_bool(kind: Kind) -> Result<(), QueryError> {
    match kind {
        Kind::Bool | Kind::Dynamic => Ok(()),
        other => Err(QueryError::semantic(format!(
            "the predicate is of type {}, expected a bool",
            other.name()
        ))),
    }
}
