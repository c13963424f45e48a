//! The operators: each takes a table and gives a table.

mod combine;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    QueryError,
    bind::{Bound, Scope},
    engine::Engine,
    syntax::{Expression, Named, SortKey, Step},
    table::{Column, Row, Table},
    value::{Kind, cast, compare, key},
};

type Done = Result<Table, QueryError>;

impl Engine<'_> {
    /// Applies an operator to a table; `union` and `print` need none.
    pub(super) fn step(&self, step: &Step, table: Option<Table>) -> Done {
        if let Step::Union(operands) = step {
            return self.union(operands, table);
        }
        let table = table.unwrap_or_default();
        match step {
            Step::Where(predicate) => self.keep_where(predicate, table),
            Step::Extend(items) => self.extend(items, table),
            Step::Project(items) => self.project(items, table),
            Step::ProjectAway(names) => without(names, table),
            Step::Summarize { aggregates, by } => self.summarize(aggregates, by, &table),
            Step::Sort(keys) => self.sort(keys, table),
            Step::Take(count) => take(count, table),
            Step::Distinct(items) => self.distinct(items, table),
            Step::Join(join) => self.join(join, table),
            Step::Expand(items) => self.expand(items, table),
            Step::Print(items) => {
                self.project(items, Table { rows: vec![Row::new()], ..Table::default() })
            }
            Step::Count => Ok(counted(&table)),
            Step::Union(_) => Ok(table),
        }
    }

    fn bind(&self, expression: &Expression, table: &Table) -> Result<Bound, QueryError> {
        Scope { engine: self, table }.bind(expression)
    }

    fn keep_where(&self, predicate: &Expression, table: Table) -> Done {
        let bound = self.bind(predicate, &table)?;
        if !matches!(bound.kind, Kind::Bool | Kind::Dynamic) {
            return Err(QueryError::semantic(format!(
                "the predicate is of type {}, expected a bool",
                bound.kind.name()
            )));
        }
        let is_kept = bound.values(&table.rows);
        let rows = table.rows.into_iter().zip(is_kept).filter(|(_, is_kept)| *is_kept == true);
        Ok(Table { rows: rows.map(|(row, _)| row).collect(), ..table })
    }

    /// All values are computed of the columns before.
    fn extend(&self, items: &[Named], table: Table) -> Done {
        let computed = self.computed(items, &table)?;
        let Table { mut columns, mut rows, is_serialized } = table;
        for (column, values) in computed {
            let at = place(&mut columns, column);
            for (row, value) in rows.iter_mut().zip(values) {
                row.resize(columns.len(), Value::Null);
                row[at] = value;
            }
        }
        Ok(Table { columns, rows, is_serialized })
    }

    pub(super) fn project(&self, items: &[Named], table: Table) -> Done {
        let mut rows = vec![Row::new(); table.rows.len()];
        let mut columns = Vec::new();
        for (column, values) in self.computed(items, &table)? {
            columns.push(column);
            rows.iter_mut().zip(values).for_each(|(row, value)| row.push(value));
        }
        no_duplicate(&columns)?;
        Ok(Table { columns, rows, is_serialized: table.is_serialized })
    }

    fn computed(
        &self,
        items: &[Named],
        table: &Table,
    ) -> Result<Vec<(Column, Vec<Value>)>, QueryError> {
        let mut unnamed = 0;
        let one = |item: &Named| {
            let bound = self.bind(&item.value, table)?;
            Ok((Column::new(name_of(item, &mut unnamed), bound.kind), bound.values(&table.rows)))
        };
        items.iter().map(one).collect()
    }

    /// Nulls are the smallest values.
    fn sort(&self, keys: &[SortKey], table: Table) -> Done {
        let mut order: Vec<usize> = (0..table.rows.len()).collect();
        for SortKey { value, is_ascending } in keys.iter().rev() {
            let values = self.bind(value, &table)?.values(&table.rows);
            order.sort_by(|left, right| {
                let (left, right) = (&values[*left], &values[*right]);
                let order = compare(left, right).unwrap_or(right.is_null().cmp(&left.is_null()));
                if *is_ascending { order } else { order.reverse() }
            });
        }
        let rows = order.into_iter().map(|at| table.rows[at].clone()).collect();
        Ok(Table { columns: table.columns, rows, is_serialized: true })
    }

    fn distinct(&self, items: &[Named], table: Table) -> Done {
        let is_star = matches!(items, [Named { value: Expression::Star, .. }]);
        let mut table = if is_star { table } else { self.project(items, table)? };
        let mut seen = BTreeSet::new();
        table.rows.retain(|row| seen.insert(row.iter().map(key).collect::<Vec<_>>()));
        Ok(Table { is_serialized: false, ..table })
    }

    /// One row for each element of the arrays, which are walked side by side.
    fn expand(&self, items: &[(Named, Kind)], table: Table) -> Done {
        let mut columns = table.columns.clone();
        let (mut arrays, mut unnamed) = (Vec::new(), 0);
        for (item, kind) in items {
            let bound = self.bind(&item.value, &table)?;
            if bound.kind != Kind::Dynamic {
                return Err(QueryError::semantic(format!(
                    "a value of type {} cannot be expanded",
                    bound.kind.name()
                )));
            }
            let column = Column::new(name_of(item, &mut unnamed), *kind);
            arrays.push((place(&mut columns, column), *kind, bound.values(&table.rows)));
        }
        let mut rows = Vec::new();
        for (at, row) in table.rows.iter().enumerate() {
            let parts: Vec<_> = arrays.iter().map(|(.., values)| parts(&values[at])).collect();
            let longest = parts.iter().map(Vec::len).max().unwrap_or(0);
            for element in 0..longest {
                let mut expanded = row.clone();
                expanded.resize(columns.len(), Value::Null);
                for ((place, kind, _), parts) in arrays.iter().zip(&parts) {
                    expanded[*place] = parts.get(element).map_or(Value::Null, |it| cast(it, *kind));
                }
                rows.push(expanded);
            }
        }
        Ok(Table { columns, rows, is_serialized: table.is_serialized })
    }
}

/// Elements of an array, members of an object each as an object of its own; a null stays one null.
fn parts(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements.clone(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| Map::from_iter([(name.clone(), value.clone())]).into())
            .collect(),
        other => vec![other.clone()],
    }
}

fn without(names: &[String], table: Table) -> Done {
    let gone: Vec<usize> =
        names.iter().map(|name| position(&table, name)).collect::<Result<_, _>>()?;
    fn kept<T>(items: Vec<T>, gone: &[usize]) -> Vec<T> {
        let kept = items.into_iter().enumerate().filter(|(at, _)| !gone.contains(at));
        kept.map(|(_, item)| item).collect()
    }
    Ok(Table {
        columns: kept(table.columns, &gone),
        rows: table.rows.into_iter().map(|row| kept(row, &gone)).collect(),
        is_serialized: table.is_serialized,
    })
}

fn take(count: &Expression, mut table: Table) -> Done {
    match count {
        Expression::Literal(count, Kind::Long) => {
            table.rows.truncate(count.as_u64().unwrap_or(0) as usize);
            Ok(table)
        }
        _ => Err(QueryError::semantic("the number of rows must be a constant number")),
    }
}

fn counted(table: &Table) -> Table {
    let columns = vec![Column::new("Count", Kind::Long)];
    Table { columns, rows: vec![vec![table.rows.len().into()]], is_serialized: false }
}

/// Where the column goes: onto the one of its name, else after the others.
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

/// The column that a value gets when the query gives it no name: that of the column it is, else
/// `Column1`, `Column2`, ….
pub(super) fn name_of(item: &Named, unnamed: &mut usize) -> String {
    item.name.clone().or_else(|| implied_name(&item.value)).unwrap_or_else(|| {
        *unnamed += 1;
        format!("Column{unnamed}")
    })
}

fn implied_name(value: &Expression) -> Option<String> {
    match value {
        Expression::Name(name) => Some(name.clone()),
        Expression::Call(name, arguments) if name == "[]" => match &arguments[..] {
            [of, Expression::Literal(Value::String(member), _)] => {
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

pub(super) fn no_duplicate(columns: &[Column]) -> Result<(), QueryError> {
    let mut names = BTreeSet::new();
    match columns.iter().find(|column| !names.insert(&column.name)) {
        None => Ok(()),
        Some(column) => {
            Err(QueryError::semantic(format!("A column named '{}' already exists", column.name)))
        }
    }
}
