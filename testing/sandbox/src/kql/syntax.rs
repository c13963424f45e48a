//! The parsed query. Operators between scalars are calls of functions with the operator's name.

use serde_json::Value;

use super::value::Kind;

pub(super) struct Query {
    pub(super) lets: Vec<(String, Expression)>,
    pub(super) body: Expression,
}

/// A scalar or a tabular expression; which of them a name is, is known only when it is resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Literal(Value, Kind),
    Name(String),
    /// `*`, all columns.
    Star,
    Call(String, Vec<Expression>),
    /// A source of rows and the operators after it; `union` and `print` need no source.
    Pipe(Option<Box<Expression>>, Vec<Step>),
}

impl Expression {
    pub(super) fn call(name: impl Into<String>, arguments: impl Into<Vec<Self>>) -> Self {
        Self::Call(name.into(), arguments.into())
    }

    pub(super) fn text(text: String) -> Self {
        Self::Literal(text.into(), Kind::Text)
    }

    pub(super) fn as_name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// `name = value`, or a value alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) value: Expression,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Where(Expression),
    Extend(Vec<Named>),
    Project(Vec<Named>),
    ProjectAway(Vec<String>),
    Summarize { aggregates: Vec<Named>, by: Vec<Named> },
    Sort(Vec<SortKey>),
    Take(Expression),
    Distinct(Vec<Named>),
    Join(Join),
    Union(Vec<Expression>),
    Expand(Vec<(Named, Kind)>),
    Count,
    Print(Vec<Named>),
}

impl Step {
    /// The operator's name as error messages write it.
    pub(super) fn operator(&self) -> &'static str {
        match self {
            Self::Where(_) => "where",
            Self::Extend(_) => "extend",
            Self::Project(_) => "project",
            Self::ProjectAway(_) => "project-away",
            Self::Summarize { .. } => "summarize",
            Self::Sort(_) => "order",
            Self::Take(_) => "take",
            Self::Distinct(_) => "distinct",
            Self::Join(_) => "join",
            Self::Union(_) => "union",
            Self::Expand(_) => "mv-expand",
            Self::Count => "count",
            Self::Print(_) => "print",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct SortKey {
    pub(super) value: Expression,
    pub(super) is_ascending: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Join {
    /// Whether rows without a partner stay, with nulls.
    pub(super) is_outer: bool,
    pub(super) right: Box<Expression>,
    pub(super) on: Vec<String>,
}
