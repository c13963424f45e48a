//! Evaluates a query: its definitions in order, then its body.

use std::{collections::BTreeMap, rc::Rc};

use jiff::Timestamp;

use super::{
    bind::{Scope, Typed},
    error::QueryError,
    syntax::{Expression, Pipe, Query, Source},
    table::{Table, Tables},
    value::{Datum, Kind},
};

/// What a `let` has bound.
pub(super) enum Binding {
    Scalar(Datum, Kind),
    Rows(Rc<Table>),
}

/// The tables and definitions that names can mean.
pub(super) struct Engine<'a> {
    tables: &'a Tables,
    lets: BTreeMap<&'a str, Binding>,
}

/// The rows that a query answers.
pub(super) fn answer(query: &Query, tables: &Tables) -> Result<Table, QueryError> {
    let mut engine = Engine { tables, lets: BTreeMap::new() };
    for (name, value) in &query.lets {
        let binding = engine.definition(value)?;
        engine.lets.insert(name, binding);
    }
    if !engine.is_tabular(&query.body) && query.body.as_name().is_none() {
        return Err(QueryError::semantic("No tabular expression statement found"));
    }
    engine.table(&query.body)
}

impl Engine<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.tables.now()
    }

    pub(super) fn binding(&self, name: &str) -> Option<&Binding> {
        self.lets.get(name)
    }

    fn definition(&self, value: &Expression) -> Result<Binding, QueryError> {
        if self.is_tabular(value) {
            return Ok(Binding::Rows(Rc::new(self.table(value)?)));
        }
        let Typed { node, kind } = self.scope(&Table::default()).bind(value)?;
        Ok(Binding::Scalar(node.value(&[Vec::new()], 0), kind))
    }

    fn is_tabular(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Pipe(_) => true,
            Expression::Call { name, .. } => name == "materialize",
            Expression::Name(name) => match self.binding(name) {
                Some(Binding::Rows(_)) => true,
                Some(Binding::Scalar(..)) => false,
                None => self.tables.get(name).is_some(),
            },
            Expression::Literal(_) | Expression::Star => false,
        }
    }

    /// The rows of a tabular expression.
    pub(super) fn table(&self, expression: &Expression) -> Result<Table, QueryError> {
        match expression {
            Expression::Pipe(pipe) => self.pipe(pipe),
            Expression::Name(name) => self.named(name),
            Expression::Call { name, arguments } if name == "materialize" => match &arguments[..] {
                [one] => self.table(one),
                _ => Err(QueryError::semantic("materialize(): function expects 1 argument(s)")),
            },
            _ => Err(QueryError::semantic("A tabular expression was expected")),
        }
    }

    fn named(&self, name: &str) -> Result<Table, QueryError> {
        if let Some(Binding::Rows(table)) = self.binding(name) {
            return Ok(Table::clone(table));
        }
        match self.tables.get(name) {
            Some(table) => Ok(Table::clone(&table)),
            None => Err(QueryError::semantic(format!(
                "Failed to resolve table or column expression named '{name}'"
            ))),
        }
    }

    fn pipe(&self, pipe: &Pipe) -> Result<Table, QueryError> {
        let first = pipe.steps.first().map_or("", |step| step.operator());
        let mut table = match &pipe.source {
            Source::Expression(source) => {
                self.table(source).map_err(|error| error.in_operator(first))?
            }
            Source::Union(union) => self.union(union, None)?,
            Source::Print(items) => self.print(items)?,
        };
        for step in &pipe.steps {
            table = self.step(step, table).map_err(|error| error.in_operator(step.operator()))?;
        }
        Ok(table)
    }

    /// The names that a scalar expression over this table can use.
    pub(super) fn scope<'s>(&'s self, table: &'s Table) -> Scope<'s> {
        Scope {
            engine: self,
            columns: &table.columns,
            is_serialized: table.is_serialized,
            aggregates: None,
        }
    }
}
