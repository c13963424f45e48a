//! Tables: what a query reads, works on and answers.

use std::{collections::BTreeMap, ops::RangeInclusive, rc::Rc};

use jiff::Timestamp;
use serde_json::Value;

use super::value::{Kind, cast, shown};

/// The hunting tables: a name, and below it the columns, of kind `string` if none is given.
/// Source: the pages of the advanced hunting schema.
const SCHEMA: &str = include_str!("tables.txt");

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

    /// Reads `Name` or `Name:kind`.
    fn read(text: &str) -> Self {
        let (name, kind) = text.split_once(':').unwrap_or((text, "string"));
        Self::new(name, Kind::named(kind).unwrap_or(Kind::Text))
    }
}

pub(super) type Row = Vec<Value>;

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
    pub(super) now: Timestamp,
    by_name: BTreeMap<String, Rc<Table>>,
}

impl Tables {
    /// No table yet; `now` is what `now()` and `ago()` count from.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { now, by_name: BTreeMap::new() }
    }

    /// Adds one of the hunting tables.
    pub(crate) fn with(self, name: &str, rows: &[Value]) -> Self {
        let mut blocks = SCHEMA.split("\n\n").filter_map(|block| block.split_once('\n'));
        let columns = blocks.find(|(known, _)| *known == name);
        self.with_columns(name, columns.map_or("", |(_, columns)| columns), rows)
    }

    /// Adds a table. Each row is an object; what it lacks is null, what is no column is left out.
    pub(super) fn with_columns(mut self, name: &str, columns: &str, rows: &[Value]) -> Self {
        let columns: Vec<_> = columns.split_whitespace().map(Column::read).collect();
        let row = |row: &Value| {
            columns.iter().map(|column| cast(&row[&column.name], column.kind)).collect()
        };
        let rows = rows.iter().map(row).collect();
        let table = Table { columns, rows, is_serialized: false };
        self.by_name.insert(name.to_owned(), Rc::new(table));
        self
    }

    /// Keeps only the rows whose `Timestamp` lies in this range; tables without one stay whole.
    pub(crate) fn within(mut self, range: &RangeInclusive<Timestamp>) -> Self {
        let range = range.start().as_nanosecond()..=range.end().as_nanosecond();
        for table in self.by_name.values_mut() {
            let Some(at) = table.position("Timestamp") else { continue };
            let is_within =
                |row: &Row| row[at].as_i64().is_some_and(|time| range.contains(&time.into()));
            Rc::make_mut(table).rows.retain(is_within);
        }
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<Rc<Table>> {
        self.by_name.get(name).cloned()
    }
}

/// What a query answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResultTable {
    pub(crate) columns: Vec<Column>,
    /// One JSON object for each row, with every column.
    pub(crate) rows: Vec<Value>,
}

impl From<Table> for ResultTable {
    fn from(Table { columns, rows, .. }: Table) -> Self {
        let object = |row: &Row| {
            let cells = columns.iter().zip(row);
            cells.map(|(column, value)| (column.name.clone(), shown(value, column.kind))).collect()
        };
        Self { rows: rows.iter().map(object).collect(), columns }
    }
}
