//! The table of further facts that a sighting may carry.

use std::borrow::Cow;

use serde::Serialize;

use super::text::harmless;

/// The type of a column's values. CTIM has no boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are CTIM's own")]
pub enum ColumnType {
    Integer,
    Number,
    String,
}

/// The heading of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    name: Cow<'static, str>,
    #[serde(rename = "type")]
    kind: ColumnType,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Cell {
    Text(String),
    Integer(i64),
    Number(f64),
}

impl Cell {
    fn kind(&self) -> ColumnType {
        match self {
            Self::Text(_) => ColumnType::String,
            Self::Integer(_) => ColumnType::Integer,
            Self::Number(_) => ColumnType::Number,
        }
    }
}

/// A CTIM data table with one row.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Table {
    columns: Vec<Column>,
    rows: [Vec<Cell>; 1],
    row_count: usize,
}

impl Table {
    /// Returns a table of one row, or none without cells. The cells give the columns their types.
    pub fn of_one_row(
        cells: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, Cell)>,
    ) -> Option<Self> {
        let mut table = Self { row_count: 1, ..Self::default() };
        for (name, cell) in cells {
            table.columns.push(Column { name: name.into(), kind: cell.kind() });
            table.rows[0].push(match cell {
                Cell::Text(text) => Cell::Text(harmless(text)),
                number => number,
            });
        }
        (!table.columns.is_empty()).then_some(table)
    }
}
