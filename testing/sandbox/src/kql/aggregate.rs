//! What `summarize` makes of the rows of a group.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    bind::{Node, Scope, Typed},
    error::QueryError,
    syntax::Expression,
    table::{Column, Row},
    value::{Datum, Kind},
};

const NAMES: [&str; 13] = [
    "count",
    "countif",
    "dcount",
    "sum",
    "avg",
    "min",
    "max",
    "make_list",
    "make_set",
    "take_any",
    "any",
    "arg_max",
    "arg_min",
];

/// Whether a function of this name aggregates.
pub(super) fn is_aggregate(name: &str) -> bool {
    NAMES.contains(&name)
}

/// An aggregate with its arguments resolved.
pub(super) struct Aggregate {
    name: String,
    arguments: Vec<Typed>,
    /// What `arg_max` and `arg_min` return; their first argument decides.
    carried: Vec<Column>,
}

impl Aggregate {
    pub(super) fn bind(
        name: &str,
        arguments: &[Expression],
        scope: &Scope<'_>,
    ) -> Result<Self, QueryError> {
        let arguments = with_star(name, arguments, scope.columns)?;
        let expected = match name {
            "count" => 0..=0,
            "arg_max" | "arg_min" => 2..=usize::MAX,
            _ => 1..=1,
        };
        if !expected.contains(&arguments.len()) {
            return Err(QueryError::semantic(format!(
                "{name}(): function expects {} argument(s)",
                expected.start()
            )));
        }
        let typed = scope.bind_all(&arguments)?;
        let names = arguments.iter().enumerate().map(|(at, argument)| {
            argument.as_name().map_or_else(|| format!("{name}_{at}"), str::to_owned)
        });
        let carried = names.zip(&typed).map(|(name, typed)| Column::new(name, typed.kind));
        let carried = if name.starts_with("arg_") { carried.collect() } else { Vec::new() };
        Ok(Self { name: name.to_owned(), arguments: typed, carried })
    }

    /// How many columns it yields.
    pub(super) fn width(&self) -> usize {
        self.carried.len().max(1)
    }

    /// The columns of `arg_max` and `arg_min`; empty for all others.
    pub(super) fn carried(&self) -> &[Column] {
        &self.carried
    }

    /// The kind of its (first) column.
    pub(super) fn kind(&self) -> Kind {
        match self.name.as_str() {
            "count" | "countif" | "dcount" => Kind::Long,
            "avg" => Kind::Real,
            "make_list" | "make_set" => Kind::Dynamic,
            _ => self.arguments[0].kind,
        }
    }

    /// The values for the group that consists of these rows.
    pub(super) fn values(&self, group: &[Row]) -> Vec<Datum> {
        let at_each = |node: &Node| -> Vec<Datum> {
            (0..group.len()).map(|at| node.value(group, at)).collect()
        };
        let Some(first) = self.arguments.first() else {
            return vec![Datum::Long(group.len() as i64)];
        };
        let all = at_each(&first.node);
        let known = || all.iter().filter(|datum| datum.plain() != Datum::Null);
        let extreme = match self.name.as_str() {
            "max" | "arg_max" => extreme(&all, std::cmp::Ordering::is_gt),
            _ => extreme(&all, std::cmp::Ordering::is_lt),
        };
        let value = match self.name.as_str() {
            "countif" => Datum::Long(all.iter().filter(|datum| datum.is_true()).count() as i64),
            "dcount" => Datum::Long(known().map(Datum::key).collect::<BTreeSet<_>>().len() as i64),
            "sum" => sum(known(), self.arguments[0].kind),
            "avg" => Datum::Real(average(known())),
            "make_list" => Datum::Dynamic(known().map(Datum::to_json).collect()),
            "make_set" => Datum::Dynamic(distinct(known())),
            "take_any" | "any" => all.first().cloned().unwrap_or(Datum::Null),
            "arg_max" | "arg_min" => {
                return self
                    .arguments
                    .iter()
                    .map(|argument| at(argument, group, extreme))
                    .collect();
            }
            _ => extreme.map_or(Datum::Null, |at| all[at].clone()),
        };
        vec![value]
    }
}

/// The value of an argument in the deciding row.
fn at(argument: &Typed, group: &[Row], row: Option<usize>) -> Datum {
    row.map_or(Datum::Null, |row| argument.node.value(group, row))
}

/// `*` behind the first argument of `arg_max` and `arg_min` stands for all other columns.
fn with_star(
    name: &str,
    arguments: &[Expression],
    columns: &[Column],
) -> Result<Vec<Expression>, QueryError> {
    let Some(star) = arguments.iter().position(|argument| *argument == Expression::Star) else {
        return Ok(arguments.to_vec());
    };
    if star == 0 || !name.starts_with("arg_") {
        return Err(QueryError::unrecognized());
    }
    let mut all = arguments[..star].to_vec();
    for column in columns {
        let name = Expression::Name(column.name.clone());
        if !all.contains(&name) {
            all.push(name);
        }
    }
    Ok(all)
}

/// The first position whose value goes beyond all others; nulls do not count.
fn extreme(all: &[Datum], is_beyond: fn(std::cmp::Ordering) -> bool) -> Option<usize> {
    let mut best = None;
    for (at, datum) in all.iter().enumerate() {
        let is_better = match best {
            None => datum.plain() != Datum::Null,
            Some(best) => datum.compare(&all[best]).is_some_and(is_beyond),
        };
        if is_better {
            best = Some(at);
        }
    }
    best
}

fn sum<'a>(known: impl Iterator<Item = &'a Datum>, kind: Kind) -> Datum {
    Datum::Real(known.filter_map(Datum::as_real).sum()).cast(kind)
}

fn average<'a>(known: impl Iterator<Item = &'a Datum>) -> f64 {
    let numbers: Vec<f64> = known.filter_map(Datum::as_real).collect();
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Each value once, in order of appearance.
fn distinct<'a>(known: impl Iterator<Item = &'a Datum>) -> Value {
    let mut seen = BTreeSet::new();
    known.filter(|datum| seen.insert(datum.key())).map(Datum::to_json).collect()
}
