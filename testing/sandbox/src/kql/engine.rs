//! Evaluates a query: its definitions in order, then its body.

use std::{collections::BTreeMap, rc::Rc};

use serde_json::Value;

use super::{
    QueryError,
    bind::Scope,
    syntax::{Expression, Query, Step},
    table::{Table, Tables},
    value::Kind,
};

/// What a `let` has defined.
pub(super) enum Definition {
    Scalar(Value, Kind),
    Rows(Rc<Table>),
}

/// The tables and definitions that names can mean.
pub(super) struct Engine<'a> {
    pub(super) tables: &'a Tables,
    pub(super) definitions: BTreeMap<&'a str, Definition>,
}

/// The rows that a query answers.
pub(super) fn run(query: &Query, tables: &Tables) -> Result<Table, QueryError> {
    let mut engine = Engine { tables, definitions: BTreeMap::new() };
    for (name, value) in &query.lets {
        let definition = engine.definition(value)?;
        engine.definitions.insert(name, definition);
    }
    if !engine.is_tabular(&query.body) && query.body.as_name().is_none() {
        return Err(QueryError::semantic("No tabular expression statement found"));
    }
    engine.table(&query.body)
}

impl Engine<'_> {
    fn definition(&self, value: &Expression) -> Result<Definition, QueryError> {
        if self.is_tabular(value) {
            return Ok(Definition::Rows(Rc::new(self.table(value)?)));
        }
        let scalar = Scope { engine: self, table: &Table::default() }.bind(value)?;
        Ok(Definition::Scalar((scalar.value)(&[Vec::new()], 0), scalar.kind))
    }

    fn is_tabular(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Pipe(..) => true,
            Expression::Call(name, _) => name == "materialize",
            Expression::Name(name) => match self.definitions.get(name.as_str()) {
                Some(definition) => matches!(definition, Definition::Rows(_)),
                None => self.tables.get(name).is_some(),
            },
            Expression::Literal(..) | Expression::Star => false,
        }
    }

    /// The rows of a tabular expression.
    pub(super) fn table(&self, expression: &Expression) -> Result<Table, QueryError> {
        match expression {
            Expression::Pipe(source, steps) => self.pipe(source.as_deref(), steps),
            Expression::Name(name) => self.named(name),
            Expression::Call(name, arguments) if name == "materialize" => match &arguments[..] {
                [one] => self.table(one),
                _ => Err(QueryError::semantic("materialize(): function expects 1 argument(s)")),
            },
            _ => Err(QueryError::semantic("A tabular expression was expected")),
        }
    }

    fn named(&self, name: &str) -> Result<Table, QueryError> {
        let table = match self.definitions.get(name) {
            Some(Definition::Rows(table)) => Some(Rc::clone(table)),
            _ => self.tables.get(name),
        };
        table.map(|table| Table::clone(&table)).ok_or_else(|| {
            QueryError::semantic(format!(
                "Failed to resolve table or column expression named '{name}'"
            ))
        })
    }

    fn pipe(&self, source: Option<&Expression>, steps: &[Step]) -> Result<Table, QueryError> {
        let first = steps.first().map_or("", Step::operator);
        let source = source.map(|source| self.table(source)).transpose();
        let mut table = source.map_err(|error| error.in_operator(first))?;
        for step in steps {
            let next = self.step(step, table);
            table = Some(next.map_err(|error| error.in_operator(step.operator()))?);
        }
        Ok(table.unwrap_or_default())
    }
}
