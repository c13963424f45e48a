//! Operators that choose or compute columns: `extend`, the `project` family, `print`.

use super::{Done, name_of, no_duplicate, position};
use crate::kql::{
    bind::Node,
    engine::Engine,
    syntax::Named,
    table::{Column, Row, Table},
};

impl Engine<'_> {
    pub(super) fn extend(&self, items: &[Named], table: Table) -> Done {
        let computed = self.computed(items, &table)?;
        let mut columns = table.columns;
        let mut rows = table.rows.clone();
        for (column, node) in computed {
            let values: Vec<_> =
                (0..table.rows.len()).map(|at| node.value(&table.rows, at)).collect();
            let known = columns.iter().position(|known| known.name == column.name);
            match known {
                Some(at) => columns[at] = column,
                None => columns.push(column),
            }
            for (row, value) in rows.iter_mut().zip(values) {
                match known {
                    Some(at) => row[at] = value,
                    None => row.push(value),
                }
            }
        }
        Ok(Table { columns, rows, is_serialized: table.is_serialized })
    }

    pub(super) fn project(&self, items: &[Named], table: Table) -> Done {
        let (columns, nodes): (Vec<Column>, Vec<Node>) =
            self.computed(items, &table)?.into_iter().unzip();
        no_duplicate(&columns)?;
        let row =
            |at: usize| -> Row { nodes.iter().map(|node| node.value(&table.rows, at)).collect() };
        let rows = (0..table.rows.len()).map(row).collect();
        Ok(Table { columns, rows, is_serialized: table.is_serialized })
    }

    /// One row out of nothing.
    pub(in crate::kql) fn print(&self, items: &[Named]) -> Done {
        self.project(items, Table { rows: vec![Row::new()], ..Table::default() })
    }

    fn computed(
        &self,
        items: &[Named],
        table: &Table,
    ) -> Result<Vec<(Column, Node)>, crate::kql::QueryError> {
        let (scope, mut unnamed) = (self.scope(table), 0);
        let one = |item: &Named| {
            let bound = scope.bind(&item.value)?;
            Ok((Column::new(name_of(item, &mut unnamed), bound.kind), bound.node))
        };
        items.iter().map(one).collect()
    }
}

pub(super) fn without(names: &[String], table: Table) -> Done {
    let gone: Vec<usize> =
        names.iter().map(|name| position(&table, name)).collect::<Result<_, _>>()?;
    Ok(keep(table, |at| !gone.contains(&at)))
}

pub(super) fn only(names: &[String], table: Table) -> Done {
    let kept: Vec<usize> =
        names.iter().map(|name| position(&table, name)).collect::<Result<_, _>>()?;
    Ok(keep(table, |at| kept.contains(&at)))
}

pub(super) fn renamed(pairs: &[(String, String)], mut table: Table) -> Done {
    for (new, old) in pairs {
        let at = position(&table, old)?;
        table.columns[at].name.clone_from(new);
    }
    no_duplicate(&table.columns)?;
    Ok(table)
}

/// The table with the columns at the positions that `is_kept` accepts.
fn keep(table: Table, is_kept: impl Fn(usize) -> bool) -> Table {
    fn kept<T>(items: Vec<T>, is_kept: impl Fn(usize) -> bool) -> Vec<T> {
        let chosen = items.into_iter().enumerate().filter(|(at, _)| is_kept(*at));
        chosen.map(|(_, item)| item).collect()
    }
    Table {
        columns: kept(table.columns, &is_kept),
        rows: table.rows.into_iter().map(|row| kept(row, &is_kept)).collect(),
        is_serialized: table.is_serialized,
    }
}
