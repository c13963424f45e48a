//! Scalar expressions with names resolved and kinds checked, ready to be evaluated row by row.

use std::cell::{Cell, RefCell};

use super::{
    aggregate::{self, Aggregate},
    engine::{Binding, Engine},
    error::QueryError,
    functions,
    syntax::Expression,
    table::{Column, Row},
    value::{Datum, Kind},
};

type Bound<T> = Result<T, QueryError>;

/// An expression that can be evaluated, and the kind of its values.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) kind: Kind,
}

pub(super) enum Node {
    Constant(Datum),
    Column(usize),
    Apply {
        apply: functions::Apply,
        arguments: Vec<Node>,
    },
    /// `prev` (negative) and `next`: the value so many rows away, or a default.
    Shift {
        value: Box<Node>,
        rows: i64,
        otherwise: Box<Node>,
    },
    /// `row_number`, which starts again where `restart` is true.
    RowNumber {
        start: i64,
        restart: Option<Box<Node>>,
        next: Cell<i64>,
    },
}

impl Node {
    /// The value at one row. Rows are visited in order, each once.
    pub(super) fn value(&self, rows: &[Row], at: usize) -> Datum {
        match self {
            Self::Constant(datum) => datum.clone(),
            Self::Column(column) => rows[at][*column].clone(),
            Self::Apply { apply, arguments } => {
                let given: Vec<Datum> =
                    arguments.iter().map(|argument| argument.value(rows, at)).collect();
                apply(&given)
            }
            Self::Shift { value, rows: by, otherwise } => {
                match usize::try_from(at as i64 + by).ok().filter(|at| *at < rows.len()) {
                    Some(there) => value.value(rows, there),
                    None => otherwise.value(rows, at),
                }
            }
            Self::RowNumber { start, restart, next } => {
                if restart.as_ref().is_some_and(|restart| restart.value(rows, at).is_true()) {
                    next.set(*start);
                }
                Datum::Long(next.replace(next.get() + 1))
            }
        }
    }
}

/// What the names in a scalar expression can mean.
pub(super) struct Scope<'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) columns: &'a [Column],
    pub(super) is_serialized: bool,
    /// Where aggregates are collected, if they may stand here.
    pub(super) aggregates: Option<Collector<'a>>,
}

/// Aggregates found in an expression of `summarize`, and the columns that they read.
pub(super) struct Collector<'a> {
    pub(super) found: RefCell<Vec<Aggregate>>,
    pub(super) columns: &'a [Column],
}

impl Scope<'_> {
    pub(super) fn bind(&self, expression: &Expression) -> Bound<Typed> {
        match expression {
            Expression::Literal(datum) => Ok(constant(datum.clone())),
            Expression::Name(name) => self.name(name),
            Expression::Call { name, arguments } => self.call(name, arguments),
            Expression::Pipe(_) => self.list_of_rows(expression),
            Expression::Star => Err(QueryError::unrecognized()),
        }
    }

    fn name(&self, name: &str) -> Bound<Typed> {
        if let Some(at) = self.columns.iter().position(|column| column.name == name) {
            return Ok(Typed { node: Node::Column(at), kind: self.columns[at].kind });
        }
        match self.engine.binding(name) {
            Some(Binding::Scalar(datum, kind)) => {
                Ok(Typed { node: Node::Constant(datum.clone()), kind: *kind })
            }
            Some(Binding::Rows(_)) => self.list_of_rows(&Expression::Name(name.to_owned())),
            None => Err(QueryError::semantic(format!(
                "Failed to resolve scalar expression named '{name}'"
            ))),
        }
    }

    /// The first column of a table, as `in (table)` compares with it.
    fn list_of_rows(&self, expression: &Expression) -> Bound<Typed> {
        let table = self.engine.table(expression)?;
        let first = table.rows.iter().filter_map(|row| row.first()).map(Datum::to_json);
        Ok(constant(Datum::Dynamic(first.collect())))
    }

    fn call(&self, name: &str, arguments: &[Expression]) -> Bound<Typed> {
        match name {
            "now" => return Ok(constant(Datum::Time(self.engine.now()))),
            "ago" => return self.ago(arguments),
            "prev" | "next" | "row_number" => return self.window(name, arguments),
            _ => {}
        }
        if aggregate::is_aggregate(name) {
            return self.aggregate(name, arguments);
        }
        let function = functions::find(name)
            .ok_or_else(|| QueryError::semantic(format!("Unknown function: '{name}'")))?;
        if !function.arity.contains(&arguments.len()) {
            return Err(QueryError::semantic(format!(
                "{name}(): function expects {} argument(s)",
                function.arity.start()
            )));
        }
        let bound = self.bind_all(arguments)?;
        let kinds: Vec<Kind> = bound.iter().map(|typed| typed.kind).collect();
        let kind = (function.kind)(&kinds)
            .map_err(|reason| QueryError::semantic(format!("{name}(): {reason}")))?;
        let arguments = bound.into_iter().map(|typed| typed.node).collect();
        Ok(Typed { node: Node::Apply { apply: function.apply, arguments }, kind })
    }

    pub(super) fn bind_all(&self, expressions: &[Expression]) -> Bound<Vec<Typed>> {
        expressions.iter().map(|expression| self.bind(expression)).collect()
    }

    fn ago(&self, arguments: &[Expression]) -> Bound<Typed> {
        let now = Expression::Literal(Datum::Time(self.engine.now()));
        let mut operands = vec![now];
        operands.extend_from_slice(arguments);
        self.bind(&Expression::call("-", operands))
    }

    fn window(&self, name: &str, arguments: &[Expression]) -> Bound<Typed> {
        if !self.is_serialized {
            return Err(QueryError::semantic(format!(
                "Function '{name}' cannot be invoked. Details: the row set must be serialized"
            )));
        }
        let mut bound = self.bind_all(arguments)?.into_iter();
        if name == "row_number" {
            let start = whole_number(bound.next(), 1)?;
            let restart = bound.next().map(|restart| Box::new(restart.node));
            let node = Node::RowNumber { start, restart, next: Cell::new(start) };
            return Ok(Typed { node, kind: Kind::Long });
        }
        let value = bound.next().ok_or_else(QueryError::unrecognized)?;
        let distance = whole_number(bound.next(), 1)?;
        let otherwise = bound.next().map_or(Node::Constant(Datum::Null), |typed| typed.node);
        let rows = if name == "prev" { -distance } else { distance };
        let node =
            Node::Shift { value: Box::new(value.node), rows, otherwise: Box::new(otherwise) };
        Ok(Typed { node, kind: value.kind })
    }

    /// An aggregate becomes a column of the row that the group will be.
    fn aggregate(&self, name: &str, arguments: &[Expression]) -> Bound<Typed> {
        let Some(collector) = &self.aggregates else {
            return Err(QueryError::semantic(format!(
                "Function '{name}' cannot be invoked in current context"
            )));
        };
        let within = Scope {
            engine: self.engine,
            columns: collector.columns,
            is_serialized: false,
            aggregates: None,
        };
        let aggregate = Aggregate::bind(name, arguments, &within)?;
        let kind = aggregate.kind();
        let mut found = collector.found.borrow_mut();
        let at = found.iter().map(Aggregate::width).sum();
        found.push(aggregate);
        Ok(Typed { node: Node::Column(at), kind })
    }
}

fn whole_number(typed: Option<Typed>, otherwise: i64) -> Bound<i64> {
    match typed {
        None => Ok(otherwise),
        Some(Typed { node: Node::Constant(Datum::Long(number)), .. }) => Ok(number),
        Some(_) => Err(QueryError::semantic("a constant number was expected")),
    }
}

fn constant(datum: Datum) -> Typed {
    let kind = match datum {
        Datum::Bool(_) => Kind::Bool,
        Datum::Long(_) => Kind::Long,
        Datum::Real(_) => Kind::Real,
        Datum::Text(_) => Kind::Text,
        Datum::Time(_) => Kind::Time,
        Datum::Span(_) => Kind::Span,
        Datum::Null | Datum::Dynamic(_) => Kind::Dynamic,
    };
    Typed { node: Node::Constant(datum), kind }
}
