//! `$filter` and the other query options, as both Microsoft products read them.
//!
//! Filters: `eq ne gt ge lt le in and or not`, parentheses, `any`, `all`, casts to derived types, `contains`,
//! `startswith`, `endswith`, text, numbers, dates, truth values and `null`. Names and types are checked against
//! the [`Schema`]. Text is compared as it is written. Everything else is refused, in Graph's words.
//! Source: OData 4.01 URL conventions, section 5.1.1.

mod evaluate;
mod options;
mod parse;
mod schema;

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use options::{Options, skip_token};
pub(crate) use schema::Schema;

use crate::language::{Expression, SyntaxError};

/// A parsed `$filter`.
#[derive(Debug)]
pub(crate) struct Filter(Expression<Clause>);

impl Filter {
    /// Parses a filter over a collection of entities.
    pub(crate) fn parse(text: &str, schema: Schema) -> Result<Self, FilterError> {
        parse::filter(text, schema).map(Self)
    }

    /// Whether an entity satisfies the filter; a comparison with null does not.
    pub(crate) fn matches(&self, entity: &Value) -> bool {
        evaluate::is_true(&self.0, entity)
    }

    /// The properties of the entity itself that the filter looks at.
    pub(crate) fn properties(&self) -> Vec<&str> {
        properties(&self.0)
    }

    /// Whether it looks into a collection with `any` or `all`.
    pub(crate) fn has_lambda(&self) -> bool {
        self.0.clauses().iter().any(|clause| matches!(clause, Clause::Lambda { .. }))
    }
}

fn properties(expression: &Expression<Clause>) -> Vec<&str> {
    expression.clauses().into_iter().flat_map(Clause::properties).collect()
}

/// Why a filter is refused; prints as the `message` of the 400 response.
#[derive(Debug)]
pub(crate) struct FilterError(String);

impl fmt::Display for FilterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Invalid filter clause: {}", self.0)
    }
}

impl FilterError {
    fn syntax(error: &SyntaxError, text: &str) -> Self {
        let SyntaxError { at, is_unterminated, .. } = error;
        Self(match is_unterminated {
            true => {
                format!("There is an unterminated string literal at position {at} in '{text}'.")
            }
            false => format!("Syntax error at position {at} in '{text}'."),
        })
    }
}

#[derive(Debug)]
enum Clause {
    /// A comparison, or a function over text.
    Test {
        operator: Operator,
        left: Operand,
        right: Operand,
    },
    In {
        value: Operand,
        list: Vec<Operand>,
    },
    /// `any` or `all` over a collection; without a body: whether it has elements.
    Lambda {
        is_all: bool,
        over: Path,
        body: Option<Box<Expression<Clause>>>,
    },
    /// A boolean property, or `true` and `false`.
    Truth(Operand),
}

/// Its `Debug` form is the operator's name in error texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug)]
enum Operand {
    Path(Path),
    Literal(Value),
    Time(Timestamp),
}

/// From the entity or from a range variable down to a value.
#[derive(Debug)]
struct Path {
    /// How many enclosing lambdas lie between this path and its variable; `None` starts at the entity.
    variable: Option<usize>,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Property(String),
    /// Only if the value is of this type.
    Cast(String),
}

impl Clause {
    /// The first properties of all paths that start at the entity.
    fn properties(&self) -> Vec<&str> {
        match self {
            Self::Test { left, right, .. } => {
                [left, right].into_iter().filter_map(Operand::property).collect()
            }
            Self::In { value, .. } | Self::Truth(value) => value.property().into_iter().collect(),
            Self::Lambda { over, body, .. } => {
                let inner = body.iter().flat_map(|body| properties(body));
                over.property().into_iter().chain(inner).collect()
            }
        }
    }
}

impl Operand {
    fn property(&self) -> Option<&str> {
        match self {
            Self::Path(path) => path.property(),
            _ => None,
        }
    }
}

impl Path {
    fn property(&self) -> Option<&str> {
        match (self.variable, self.steps.first()) {
            (None, Some(Step::Property(name))) => Some(name),
            _ => None,
        }
    }
}

/// A point in time, also in the short form `2018-08-01Z` of Defender's documentation.
fn time(text: &str) -> Option<Timestamp> {
    let day = || format!("{}T00:00:00Z", text.strip_suffix('Z').unwrap_or(text)).parse();
    text.parse().or_else(|_| day()).ok()
}
