//! Operators over two and more tables: `union` and `join`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Done, position};
use crate::kql::{
    QueryError,
    engine::Engine,
    syntax::{Expression, Join},
    table::{Column, Row, Table},
    value::key,
};

impl Engine<'_> {
    /// The rows of all operands, after those of `first` where there is one; columns that a table
    /// lacks are null.
    pub(super) fn union(&self, operands: &[Expression], first: Option<Table>) -> Done {
        let tables = operands.iter().map(|operand| self.table(operand));
        let mut tables: Vec<Table> =
            first.into_iter().map(Ok).chain(tables).collect::<Result<_, _>>()?;
        tell_kinds_apart(&mut tables);
        let mut columns: Vec<Column> = Vec::new();
        for column in tables.iter().flat_map(|table| &table.columns) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        let rows = tables.iter().flat_map(|table| united_rows(table, &columns)).collect();
        Ok(Table { columns, rows, is_serialized: false })
    }

    pub(super) fn join(&self, join: &Join, left: Table) -> Done {
        let right = self.table(&join.right)?;
        let on = key_positions(join, &left, &right)?;
        let mut partners: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
        for row in &right.rows {
            partners
                .entry(on.iter().map(|(_, at)| key(&row[*at])).collect())
                .or_default()
                .push(row);
        }
        let nulls = vec![Value::Null; right.columns.len()];
        let nobody = if join.is_outer { vec![&nulls] } else { Vec::new() };
        let rows = left.rows.iter().flat_map(|row| {
            let key: Vec<_> = on.iter().map(|(at, _)| key(&row[*at])).collect();
            let found = partners.get(&key).unwrap_or(&nobody);
            found.iter().map(move |partner| [row.as_slice(), partner].concat())
        });
        let rows = rows.collect();
        Ok(Table {
            columns: joined_columns(left.columns, right.columns),
            rows,
            is_serialized: false,
        })
    }
}

/// Columns of one name and several kinds get the kind into their name.
fn tell_kinds_apart(tables: &mut [Table]) {
    let all: Vec<Column> = tables.iter().flat_map(|table| table.columns.clone()).collect();
    for column in tables.iter_mut().flat_map(|table| &mut table.columns) {
        if all.iter().any(|other| other.name == column.name && other.kind != column.kind) {
            column.name = format!("{}_{}", column.name, column.kind.name());
        }
    }
}

fn united_rows<'a>(table: &'a Table, columns: &[Column]) -> impl Iterator<Item = Row> + 'a {
    let places: Vec<_> = columns.iter().map(|column| table.position(&column.name)).collect();
    table.rows.iter().map(move |row| {
        places.iter().map(|place| place.map_or(Value::Null, |at| row[at].clone())).collect()
    })
}

/// The positions of the columns in both tables.
fn key_positions(
    join: &Join,
    left: &Table,
    right: &Table,
) -> Result<Vec<(usize, usize)>, QueryError> {
    let pair = |name: &String| {
        let (at, to) = (position(left, name)?, position(right, name)?);
        let (one, other) = (left.columns[at].kind, right.columns[to].kind);
        if one == other {
            return Ok((at, to));
        }
        let (one, other) = (one.name(), other.name());
        Err(QueryError::semantic(format!("columns of types {one} and {other} cannot be joined")))
    };
    join.on.iter().map(pair).collect()
}

/// A column of the right side whose name is taken gets the first free number after it.
fn joined_columns(mut columns: Vec<Column>, right: Vec<Column>) -> Vec<Column> {
    for mut column in right {
        let is_taken = |name: &str| columns.iter().any(|known| known.name == name);
        if is_taken(&column.name) {
            let numbered = (1..).map(|number| format!("{}{number}", column.name));
            column.name = numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_default();
        }
        columns.push(column);
    }
    columns
}
