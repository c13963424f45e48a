//! `summarize`: groups of rows become rows.

use std::{cell::RefCell, collections::BTreeMap};

use super::{Done, name_of, no_duplicate};
use crate::kql::{
    bind::{Collector, Node, Scope},
    engine::Engine,
    error::QueryError,
    syntax::{Expression, Named},
    table::{Column, Row, Table},
    value::Datum,
};

/// The values of the keys, and the rows that share them.
struct Group {
    keys: Row,
    rows: Vec<Row>,
}

/// What becomes of a row of aggregated values.
struct Output {
    columns: Vec<Column>,
    nodes: Vec<Node>,
}

impl Engine<'_> {
    pub(super) fn summarize(&self, items: &[Named], by: &[Named], table: &Table) -> Done {
        let keys = self.project(by, table.clone())?;
        let scope = Scope {
            engine: self,
            columns: &[],
            is_serialized: false,
            aggregates: Some(Collector { found: RefCell::default(), columns: &table.columns }),
        };
        let output = outputs(items, &scope)?;
        let aggregates = scope.aggregates.map(|all| all.found.into_inner()).unwrap_or_default();

        let mut columns = keys.columns.clone();
        columns.extend(output.columns);
        no_duplicate(&columns)?;
        let rows = groups(keys, &table.rows, by.is_empty()).into_iter().map(|group| {
            let values = aggregates.iter().flat_map(|all| all.values(&group.rows)).collect();
            let values: [Row; 1] = [values];
            let computed = output.nodes.iter().map(|node| node.value(&values, 0));
            group.keys.into_iter().chain(computed).collect()
        });
        Ok(Table { rows: rows.collect(), columns, is_serialized: false })
    }
}

fn outputs(items: &[Named], scope: &Scope<'_>) -> Result<Output, QueryError> {
    let mut output = Output { columns: Vec::new(), nodes: Vec::new() };
    let mut unnamed = 0;
    for item in items {
        let bound = scope.bind(&item.value)?;
        let found = scope.aggregates.as_ref().map(|all| all.found.borrow());
        let last = found.as_ref().and_then(|all| all.last());
        let carried = last.map_or(&[][..], |aggregate| aggregate.carried());
        match bound.node {
            Node::Column(first) if !carried.is_empty() => {
                output.columns.extend_from_slice(carried);
                output.nodes.extend((first..).take(carried.len()).map(Node::Column));
            }
            node => {
                output.columns.push(Column::new(result_name(item, &mut unnamed), bound.kind));
                output.nodes.push(node);
            }
        }
    }
    Ok(output)
}

/// `max(Timestamp)` is `max_Timestamp`, `make_list(x)` is `list_x`, `count()` is `count_`.
fn result_name(item: &Named, unnamed: &mut usize) -> String {
    match (&item.name, &item.value) {
        (None, Expression::Call { name, arguments }) => {
            let prefix = name.strip_prefix("make_").unwrap_or(name);
            let column = arguments.first().and_then(Expression::as_name).unwrap_or_default();
            format!("{prefix}_{column}")
        }
        _ => name_of(item, unnamed),
    }
}

/// The groups in order of appearance. Without keys all rows are one group, even when there is none.
fn groups(keys: Table, rows: &[Row], is_one: bool) -> Vec<Group> {
    if is_one {
        return vec![Group { keys: Row::new(), rows: rows.to_vec() }];
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (keys, row) in keys.rows.into_iter().zip(rows) {
        let at = *known.entry(keys.iter().map(Datum::key).collect()).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Group { keys, rows: Vec::new() });
        }
        groups[at].rows.push(row.clone());
    }
    groups
}
