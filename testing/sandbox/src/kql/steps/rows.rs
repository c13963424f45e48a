//! Operators that choose or multiply rows: `where`, `take`, `count`, `mv-expand`.

use serde_json::{Map, Value};

use super::{Done, expect_bool, name_of};
use crate::kql::{
    engine::Engine,
    error::QueryError,
    syntax::{Expansion, Expression},
    table::{Column, Row, Table},
    value::{Datum, Kind},
};

impl Engine<'_> {
    pub(super) fn keep_where(&self, predicate: &Expression, table: Table) -> Done {
        let bound = self.scope(&table).bind(predicate)?;
        expect_bool(bound.kind)?;
        let is_kept: Vec<bool> =
            (0..table.rows.len()).map(|at| bound.node.value(&table.rows, at).is_true()).collect();
        let rows = table.rows.into_iter().zip(is_kept).filter(|(_, is_kept)| *is_kept);
        Ok(Table { rows: rows.map(|(row, _)| row).collect(), ..table })
    }

    /// One row for each element of the arrays, which are walked side by side.
    pub(super) fn expand(&self, items: &[Expansion], table: Table) -> Done {
        let scope = self.scope(&table);
        let mut columns = table.columns.clone();
        let (mut arrays, mut unnamed) = (Vec::new(), 0);
        for Expansion { item, kind } in items {
            let bound = scope.bind(&item.value)?;
            if bound.kind != Kind::Dynamic {
                return Err(QueryError::semantic(format!(
                    "a value of type {} cannot be expanded",
                    bound.kind.name()
                )));
            }
            let column = Column::new(name_of(item, &mut unnamed), *kind);
            arrays.push((place(&mut columns, column), *kind, bound.node));
        }
        let mut rows = Vec::new();
        for (at, row) in table.rows.iter().enumerate() {
            let lists: Vec<Vec<Datum>> =
                arrays.iter().map(|(_, _, node)| parts(&node.value(&table.rows, at))).collect();
            let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
            for element in 0..longest {
                let mut expanded: Row = row.clone();
                expanded.resize(columns.len(), Datum::Null);
                for ((place, kind, _), list) in arrays.iter().zip(&lists) {
                    expanded[*place] =
                        list.get(element).map_or(Datum::Null, |part| cast(part, *kind));
                }
                rows.push(expanded);
            }
        }
        Ok(Table { columns, rows, is_serialized: table.is_serialized })
    }
}

/// Where the column goes: onto the one of its name, else behind the others.
fn place(columns: &mut Vec<Column>, column: Column) -> usize {
    match columns.iter().position(|known| known.name == column.name) {
        Some(at) => {
            columns[at] = column;
            at
        }
        None => {
            columns.push(column);
            columns.len() - 1
        }
    }
}

fn cast(part: &Datum, kind: Kind) -> Datum {
    match part.plain() {
        Datum::Null => Datum::Null,
        _ => part.cast(kind),
    }
}

/// Elements of an array, members of a bag each as a bag of its own; a null stays one null.
fn parts(datum: &Datum) -> Vec<Datum> {
    match datum {
        Datum::Dynamic(Value::Array(_)) => datum.elements(),
        Datum::Dynamic(Value::Object(members)) => {
            let one =
                |(name, value): (&String, &Value)| Map::from_iter([(name.clone(), value.clone())]);
            members.iter().map(|member| Datum::Dynamic(Value::Object(one(member)))).collect()
        }
        other => vec![other.clone()],
    }
}

pub(super) fn take(count: &Expression, mut table: Table) -> Done {
    let count = count
        .as_count()
        .ok_or_else(|| QueryError::semantic("the number of rows must be a constant number"))?;
    table.rows.truncate(count);
    Ok(table)
}

pub(super) fn count(table: &Table) -> Table {
    Table {
        columns: vec![Column::new("Count", Kind::Long)],
        rows: vec![vec![Datum::Long(table.rows.len() as i64)]],
        is_serialized: false,
    }
}
