//! `sort` and `distinct`.

use std::{cmp::Ordering, collections::BTreeSet};

use super::Done;
use crate::kql::{
    engine::Engine,
    syntax::{Expression, Named, SortKey},
    table::{Row, Table},
    value::Datum,
};

impl Engine<'_> {
    pub(super) fn sort(&self, keys: &[SortKey], table: Table) -> Done {
        let scope = self.scope(&table);
        let values: Vec<Vec<Datum>> = keys
            .iter()
            .map(|key| {
                let node = scope.bind(&key.value)?.node;
                Ok((0..table.rows.len()).map(|at| node.value(&table.rows, at)).collect())
            })
            .collect::<Result<_, _>>()?;
        let mut order: Vec<usize> = (0..table.rows.len()).collect();
        order.sort_by(|left, right| {
            let by_key = keys.iter().zip(&values);
            by_key
                .map(|(key, values)| compare(key, &values[*left], &values[*right]))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        let rows = order.into_iter().map(|at| table.rows[at].clone()).collect();
        Ok(Table { columns: table.columns, rows, is_serialized: true })
    }

    pub(super) fn distinct(&self, items: &[Named], table: Table) -> Done {
        let is_star = matches!(items, [Named { value: Expression::Star, .. }]);
        let table = if is_star { table } else { self.project(items, table)? };
        let mut seen = BTreeSet::new();
        let is_new = |row: &Row| seen.insert(row.iter().map(Datum::key).collect::<Vec<_>>());
        let rows = table.rows.into_iter();
        let mut is_new = is_new;
        let rows = rows.filter(|row| is_new(row)).collect();
        Ok(Table { columns: table.columns, rows, is_serialized: false })
    }
}

fn compare(key: &SortKey, left: &Datum, right: &Datum) -> Ordering {
    let is_null = |datum: &Datum| datum.plain() == Datum::Null;
    match (is_null(left), is_null(right)) {
        (true, true) => return Ordering::Equal,
        (false, false) => {}
        (left_is_null, _) if left_is_null == key.nulls_first => return Ordering::Less,
        _ => return Ordering::Greater,
    }
    let order = left.compare(right).unwrap_or(Ordering::Equal);
    if key.is_ascending { order } else { order.reverse() }
}
