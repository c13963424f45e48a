//! Operators over two and more tables: `union` and `join`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Done, position};
use crate::kql::{
    engine::Engine,
    error::QueryError,
    syntax::{Join, JoinKind, Union},
    table::{Column, Row, Table},
    value::Datum,
};

impl Engine<'_> {
    /// The rows of all operands, behind those of `first` where there is one.
    pub(in crate::kql) fn union(&self, union: &Union, first: Option<Table>) -> Done {
        let mut tables: Vec<Table> = first.into_iter().collect();
        for operand in &union.operands {
            let table = self.table(operand).map_err(|error| error.in_operator("union"))?;
            tables.push(table);
        }
        for table in &mut tables {
            table.is_serialized = false;
        }
        tell_kinds_apart(&mut tables);
        let columns = united_columns(&tables, union.is_inner);
        let rows = tables.iter().flat_map(|table| united_rows(table, &columns)).collect();
        Ok(Table { columns, rows, is_serialized: false })
    }

    pub(super) fn join(&self, join: &Join, left: Table) -> Done {
        let right = self.table(&join.right)?;
        let keys = key_positions(join, &left, &right)?;
        let key = |row: &Row, side: fn(&(usize, usize)) -> usize| -> Vec<String> {
            keys.iter().map(|pair| row[side(pair)].key()).collect()
        };
        let mut partners: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
        for row in &right.rows {
            partners.entry(key(row, |pair| pair.1)).or_default().push(row);
        }
        let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
        for row in left.rows {
            let key = key(&row, |pair| pair.0);
            let found = partners.get(&key).map_or(&[][..], Vec::as_slice);
            match join.kind {
                JoinKind::InnerUnique if !seen.insert(key) => {}
                JoinKind::Inner | JoinKind::InnerUnique => rows.extend(joined(&row, found)),
                JoinKind::LeftOuter if found.is_empty() => {
                    rows.push(row.into_iter().chain(nulls(right.columns.len())).collect());
                }
                JoinKind::LeftOuter => rows.extend(joined(&row, found)),
                JoinKind::LeftSemi if !found.is_empty() => rows.push(row),
                JoinKind::LeftAnti if found.is_empty() => rows.push(row),
                JoinKind::LeftSemi | JoinKind::LeftAnti => {}
            }
        }
        let columns = match join.kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => left.columns,
            _ => joined_columns(left.columns, right.columns),
        };
        Ok(Table { columns, rows, is_serialized: false })
    }
}

fn nulls(count: usize) -> impl Iterator<Item = Datum> {
    std::iter::repeat_n(Datum::Null, count)
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

fn united_columns(tables: &[Table], is_inner: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for column in tables.iter().flat_map(|table| &table.columns) {
        let is_everywhere = tables.iter().all(|table| table.columns.contains(column));
        if !columns.contains(column) && (is_everywhere || !is_inner) {
            columns.push(column.clone());
        }
    }
    columns
}

fn united_rows<'a>(table: &'a Table, columns: &[Column]) -> impl Iterator<Item = Row> + 'a {
    let places: Vec<Option<usize>> =
        columns.iter().map(|column| table.position(&column.name)).collect();
    table.rows.iter().map(move |row| {
        places.iter().map(|place| place.map_or(Datum::Null, |at| row[at].clone())).collect()
    })
}

fn key_positions(
    join: &Join,
    left: &Table,
    right: &Table,
) -> Result<Vec<(usize, usize)>, QueryError> {
    let pair = |(in_left, in_right): &(String, String)| {
        let (at, to) = (position(left, in_left)?, position(right, in_right)?);
        let (one, other) = (left.columns[at].kind, right.columns[to].kind);
        if one == other {
            return Ok((at, to));
        }
        Err(QueryError::semantic(format!(
            "columns of types {} and {} cannot be joined",
            one.name(),
            other.name()
        )))
    };
    join.on.iter().map(pair).collect()
}

fn joined<'a>(left: &'a Row, partners: &'a [&Row]) -> impl Iterator<Item = Row> + 'a {
    partners.iter().map(|right| left.iter().chain(right.iter()).cloned().collect())
}

/// A column of the right side whose name is taken gets the first free number behind it.
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
