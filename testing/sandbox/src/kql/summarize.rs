//! `summarize`: groups of rows become rows.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

use super::{
    QueryError,
    bind::{Bound, Scope, wrong_count},
    engine::Engine,
    steps::no_duplicate,
    syntax::{Expression, Named},
    table::{Column, Row, Table},
    value::{Kind, compare, key, shown},
};

const AGGREGATES: [&str; 10] = [
    "count",
    "countif",
    "dcount",
    "min",
    "max",
    "make_list",
    "make_set",
    "take_any",
    "arg_max",
    "arg_min",
];

/// Whether a function of this name aggregates.
pub(super) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

impl Engine<'_> {
    pub(super) fn summarize(
        &self,
        items: &[Named],
        by: &[Named],
        table: &Table,
    ) -> Result<Table, QueryError> {
        let keys = self.project(by, table.clone())?;
        let scope = Scope { engine: self, table };
        let aggregates: Vec<Aggregate> =
            items.iter().map(|item| Aggregate::bind(item, &scope)).collect::<Result<_, _>>()?;
        let mut columns = keys.columns.clone();
        columns.extend(aggregates.iter().flat_map(|aggregate| aggregate.columns.clone()));
        no_duplicate(&columns)?;
        let groups = groups(keys, &table.rows, by.is_empty());
        let rows = groups.into_iter().map(|(keys, rows)| {
            let values = aggregates.iter().flat_map(|aggregate| aggregate.values(&rows));
            keys.into_iter().chain(values).collect()
        });
        Ok(Table { rows: rows.collect(), columns, is_serialized: false })
    }
}

/// The keys and rows of each group, in order of appearance. Without keys all rows are one group, even
/// when there is none.
fn groups(keys: Table, rows: &[Row], is_one: bool) -> Vec<(Row, Vec<Row>)> {
    if is_one {
        return vec![(Row::new(), rows.to_vec())];
    }
    let mut groups: Vec<(Row, Vec<Row>)> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (keys, row) in keys.rows.into_iter().zip(rows) {
        let at = *known.entry(keys.iter().map(key).collect()).or_insert(groups.len());
        if at == groups.len() {
            groups.push((keys, Vec::new()));
        }
        groups[at].1.push(row.clone());
    }
    groups
}

/// An aggregate with its arguments resolved.
struct Aggregate {
    name: String,
    arguments: Vec<Bound>,
    columns: Vec<Column>,
}

impl Aggregate {
    fn bind(item: &Named, scope: &Scope<'_>) -> Result<Self, QueryError> {
        let Expression::Call(name, arguments) = &item.value else {
            let nothing = Scope { table: &Table::default(), ..*scope };
            nothing.bind(&item.value)?;
            return Err(QueryError::unsupported("a value that is no aggregate"));
        };
        if !is_aggregate(name) {
            return Err(QueryError::unsupported(format_args!("the aggregate '{name}'")));
        }
        let arguments = with_star(arguments, &scope.table.columns);
        let expected = match name.as_str() {
            "count" => 0..=0,
            "arg_max" | "arg_min" => 2..=usize::MAX,
            _ => 1..=1,
        };
        if !expected.contains(&arguments.len()) {
            return Err(wrong_count(name, *expected.start()));
        }
        let bound = scope.bind_all(&arguments)?;
        let columns = columns(item, name, &arguments, &bound);
        Ok(Self { name: name.clone(), arguments: bound, columns })
    }

    /// The values for the group that consists of these rows.
    fn values(&self, group: &[Row]) -> Vec<Value> {
        let Some(first) = self.arguments.first() else { return vec![group.len().into()] };
        let all = first.values(group);
        let known = || all.iter().filter(|value| !value.is_null());
        let is_beyond = if self.name.ends_with("max") { Ordering::is_gt } else { Ordering::is_lt };
        let extreme = extreme(&all, is_beyond);
        let json = |value: &Value| shown(value, first.kind);
        vec![match self.name.as_str() {
            "countif" => all.iter().filter(|value| **value == true).count().into(),
            "dcount" => known().map(key).collect::<BTreeSet<_>>().len().into(),
            "make_list" => known().map(json).collect(),
            "make_set" => {
                let mut seen = BTreeSet::new();
                known().filter(|value| seen.insert(key(value))).map(json).collect()
            }
            "take_any" => all.first().cloned().unwrap_or_default(),
            "arg_max" | "arg_min" => {
                let at = |argument: &Bound| extreme.map(|row| (argument.value)(group, row));
                return self.arguments.iter().map(|one| at(one).unwrap_or_default()).collect();
            }
            _ => extreme.map_or(Value::Null, |at| all[at].clone()),
        }]
    }
}

/// `*` stands for all columns that are not named before it.
fn with_star(arguments: &[Expression], columns: &[Column]) -> Vec<Expression> {
    let Some((Expression::Star, named)) = arguments.split_last() else {
        return arguments.to_vec();
    };
    let all = columns.iter().map(|column| Expression::Name(column.name.clone()));
    let others = all.filter(|name| !named.contains(name)).collect();
    [named.to_vec(), others].concat()
}

/// `max(Timestamp)` is `max_Timestamp`, `make_list(x)` is `list_x`, `count()` is `count_`; `arg_max` gives its
/// arguments under their own names.
fn columns(item: &Named, name: &str, arguments: &[Expression], bound: &[Bound]) -> Vec<Column> {
    if name.starts_with("arg_") {
        let named = arguments.iter().enumerate().zip(bound);
        let column = |((at, argument), bound): ((usize, &Expression), &Bound)| {
            let given = argument.as_name().map(str::to_owned);
            Column::new(given.unwrap_or_else(|| format!("{name}_{at}")), bound.kind)
        };
        return named.map(column).collect();
    }
    let kind = match name {
        "count" | "countif" | "dcount" => Kind::Long,
        "make_list" | "make_set" => Kind::Dynamic,
        _ => bound[0].kind,
    };
    let of = arguments.first().and_then(Expression::as_name).unwrap_or_default();
    let implied = format!("{}_{of}", name.strip_prefix("make_").unwrap_or(name));
    vec![Column::new(item.name.clone().unwrap_or(implied), kind)]
}

/// The first position whose value goes beyond all others; nulls do not count.
fn extreme(all: &[Value], is_beyond: fn(Ordering) -> bool) -> Option<usize> {
    let mut best = None;
    for (at, value) in all.iter().enumerate() {
        let is_better = match best {
            None => !value.is_null(),
            Some(best) => compare(value, &all[best]).is_some_and(is_beyond),
        };
        if is_better {
            best = Some(at);
        }
    }
    best
}
