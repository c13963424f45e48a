//! Tables: what a query reads, works on and answers.

use std::{collections::BTreeMap, ops::RangeInclusive, rc::Rc};

use jiff::Timestamp;
use serde_json::Value;

use super::value::{Datum, Kind};

/// A column's name and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

impl Column {
    pub(super) fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind }
    }
}

pub(super) type Row = Vec<Datum>;

/// Rows under typed columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// Whether the order of rows means something, so that `prev` and `row_number` may be used.
    pub(super) is_serialized: bool,
}

impl Table {
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// The tables that a query can name, and the time at which it runs.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    now: Timestamp,
    by_name: BTreeMap<String, Rc<Table>>,
}

impl Tables {
    /// No table yet; `now` is what `now()` and `ago()` count from.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { now, by_name: BTreeMap::new() }
    }

    /// Adds a table. Each row is an object; what it lacks is null, what is no column is left out.
    pub(crate) fn with(mut self, name: &str, columns: &[(&str, Kind)], rows: &[Value]) -> Self {
        let row = |row: &Value| {
            columns.iter().map(|(name, kind)| Datum::from_json(&row[name], *kind)).collect()
        };
        let table = Table {
            columns: columns.iter().map(|(name, kind)| Column::new(*name, *kind)).collect(),
            rows: rows.iter().map(row).collect(),
            is_serialized: false,
        };
        self.by_name.insert(name.to_owned(), Rc::new(table));
        self
    }

    /// Keeps only the rows whose `Timestamp` lies in this range; tables without one stay whole.
    pub(crate) fn within(mut self, range: &RangeInclusive<Timestamp>) -> Self {
        for table in self.by_name.values_mut() {
            let Some(at) = table.position("Timestamp") else { continue };
            let is_within = |row: &Row| row[at].as_time().is_some_and(|time| range.contains(&time));
            Rc::make_mut(table).rows.retain(is_within);
        }
        self
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn get(&self, name: &str) -> Option<Rc<Table>> {
        self.by_name.get(name).cloned()
    }
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResultTable {
    /// The columns in order.
    pub(crate) columns: Vec<Column>,
    /// One JSON object for each row, with every column.
    pub(crate) rows: Vec<Value>,
}

impl From<Table> for ResultTable {
    fn from(table: Table) -> Self {
        let names = || table.columns.iter().map(|column| column.name.clone());
        let object = |row: &Row| names().zip(row.iter().map(Datum::to_json)).collect();
        Self { rows: table.rows.iter().map(object).collect(), columns: table.columns }
    }
}
