//! Scalar expressions with names resolved and kinds checked, ready to be evaluated row by row.

use std::cell::Cell;

use serde_json::Value;

use super::{
    QueryError,
    engine::{Definition, Engine},
    functions, summarize,
    syntax::Expression,
    table::{Row, Table},
    value::{Kind, printed, shown},
};

/// The value at one of the rows. Rows are visited in order, each once.
pub(super) type Evaluate = Box<dyn Fn(&[Row], usize) -> Value>;

/// An expression that can be evaluated, and the kind of its values.
pub(super) struct Bound {
    pub(super) value: Evaluate,
    pub(super) kind: Kind,
}

impl Bound {
    fn new(kind: Kind, value: impl Fn(&[Row], usize) -> Value + 'static) -> Self {
        Self { value: Box::new(value), kind }
    }

    fn constant(value: Value, kind: Kind) -> Self {
        Self::new(kind, move |_, _| value.clone())
    }

    /// The values at all rows.
    pub(super) fn values(&self, rows: &[Row]) -> Vec<Value> {
        (0..rows.len()).map(|at| (self.value)(rows, at)).collect()
    }
}

type Result<T> = std::result::Result<T, QueryError>;

/// What the names in a scalar expression can mean.
pub(super) struct Scope<'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) table: &'a Table,
}

impl Scope<'_> {
    pub(super) fn bind(&self, expression: &Expression) -> Result<Bound> {
        match expression {
            Expression::Literal(value, kind) => Ok(Bound::constant(value.clone(), *kind)),
            Expression::Name(name) => self.name(name),
            Expression::Call(name, arguments) => self.call(name, arguments),
            Expression::Pipe(..) => self.first_column(expression),
            Expression::Star => Err(QueryError::semantic("'*' cannot stand here")),
        }
    }

    pub(super) fn bind_all(&self, expressions: &[Expression]) -> Result<Vec<Bound>> {
        expressions.iter().map(|expression| self.bind(expression)).collect()
    }

    fn name(&self, name: &str) -> Result<Bound> {
        if let Some(at) = self.table.position(name) {
            let kind = self.table.columns[at].kind;
            return Ok(Bound::new(kind, move |rows, row| rows[row][at].clone()));
        }
        match self.engine.definitions.get(name) {
            Some(Definition::Scalar(value, kind)) => Ok(Bound::constant(value.clone(), *kind)),
            Some(Definition::Rows(_)) => self.first_column(&Expression::Name(name.to_owned())),
            None => Err(QueryError::semantic(format!(
                "Failed to resolve scalar expression named '{name}'"
            ))),
        }
    }

    /// The first column of a table, as `in (table)` compares with it.
    fn first_column(&self, expression: &Expression) -> Result<Bound> {
        let table = self.engine.table(expression)?;
        let kind = table.columns.first().map_or(Kind::Dynamic, |column| column.kind);
        let first = table.rows.iter().filter_map(|row| row.first());
        let values = first.map(|value| shown(value, kind)).collect();
        Ok(Bound::constant(values, Kind::Dynamic))
    }

    fn call(&self, name: &str, arguments: &[Expression]) -> Result<Bound> {
        match name {
            "now" => return Ok(self.now()),
            "ago" => return self.ago(arguments),
            "prev" | "row_number" => return self.window(name, arguments),
            _ => {}
        }
        let function = functions::find(name).ok_or_else(|| {
            QueryError::semantic(match summarize::is_aggregate(name) {
                true => format!("Function '{name}' cannot be invoked in current context"),
                false => format!("Unknown function: '{name}'"),
            })
        })?;
        if !function.arity.contains(&arguments.len()) {
            return Err(wrong_count(name, *function.arity.start()));
        }
        let bound = self.bind_all(arguments)?;
        let kinds: Vec<Kind> = bound.iter().map(|argument| argument.kind).collect();
        let kind = (function.kind)(&kinds)
            .map_err(|reason| QueryError::semantic(format!("{name}(): {reason}")))?;
        Ok(Bound::new(kind, move |rows, at| {
            let given = bound.iter().map(|argument| match function.takes_times {
                true => (argument.value)(rows, at),
                false => printed(&(argument.value)(rows, at), argument.kind),
            });
            (function.apply)(&given.collect::<Vec<_>>())
        }))
    }

    fn now(&self) -> Bound {
        let now = i64::try_from(self.engine.tables.now.as_nanosecond()).unwrap_or(i64::MAX);
        Bound::constant(now.into(), Kind::Time)
    }

    fn ago(&self, arguments: &[Expression]) -> Result<Bound> {
        let now = Expression::call("now", []);
        self.bind(&Expression::call("-", [&[now], arguments].concat()))
    }

    /// `prev(value)`: the value one row before; `row_number(start, restarts)`.
    fn window(&self, name: &str, arguments: &[Expression]) -> Result<Bound> {
        if !self.table.is_serialized {
            return Err(QueryError::semantic(format!(
                "Function '{name}' cannot be invoked. Details: the row set must be serialized"
            )));
        }
        if name == "row_number" {
            return self.row_number(arguments);
        }
        let [argument] = arguments else { return Err(wrong_count(name, 1)) };
        let Bound { value, kind } = self.bind(argument)?;
        Ok(Bound::new(kind, move |rows, at| {
            at.checked_sub(1).map_or(Value::Null, |at| value(rows, at))
        }))
    }

    fn row_number(&self, arguments: &[Expression]) -> Result<Bound> {
        let (start, restarts) = match arguments {
            [] => (1, None),
            [Expression::Literal(start, Kind::Long), restarts @ ..] if restarts.len() < 2 => {
                let restarts = self.bind_all(restarts)?.pop();
                (start.as_i64().unwrap_or(1), restarts)
            }
            _ => return Err(QueryError::semantic("a constant number was expected")),
        };
        let next = Cell::new(start);
        Ok(Bound::new(Kind::Long, move |rows, at| {
            if restarts.as_ref().is_some_and(|restarts| (restarts.value)(rows, at) == true) {
                next.set(start);
            }
            next.replace(next.get() + 1).into()
        }))
    }
}

pub(super) fn wrong_count(function: &str, expected: usize) -> QueryError {
    QueryError::semantic(format!("{function}(): function expects {expected} argument(s)"))
}
