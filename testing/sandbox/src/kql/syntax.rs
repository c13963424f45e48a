//! The parsed query. Operators between scalars are calls of functions with the operator's name.

use super::value::{Datum, Kind};

pub(super) struct Query {
    pub(super) lets: Vec<(String, Expression)>,
    pub(super) body: Expression,
}

/// A scalar or a tabular expression; which of them a name is, is known only when it is resolved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Literal(Datum),
    Name(String),
    /// `*`, all columns.
    Star,
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    Pipe(Box<Pipe>),
}

impl Expression {
    pub(super) fn call(name: impl Into<String>, arguments: Vec<Self>) -> Self {
        Self::Call { name: name.into(), arguments }
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Literal(Datum::Text(text.into()))
    }

    pub(super) fn as_name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// A source of rows and the operators behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pipe {
    pub(super) source: Source,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Expression(Expression),
    Union(Union),
    Print(Vec<Named>),
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
    ProjectKeep(Vec<String>),
    ProjectRename(Vec<(String, String)>),
    Summarize { aggregates: Vec<Named>, by: Vec<Named> },
    Sort(Vec<SortKey>),
    Take(Expression),
    Distinct(Vec<Named>),
    Join(Join),
    Union(Union),
    Expand(Vec<Expansion>),
    Count,
    Serialize(Vec<Named>),
}

impl Step {
    /// The operator's name as error messages write it.
    pub(super) fn operator(&self) -> &'static str {
        match self {
            Self::Where(_) => "where",
            Self::Extend(_) => "extend",
            Self::Project(_) => "project",
            Self::ProjectAway(_) => "project-away",
            Self::ProjectKeep(_) => "project-keep",
            Self::ProjectRename(_) => "project-rename",
            Self::Summarize { .. } => "summarize",
            Self::Sort(_) => "order",
            Self::Take(_) => "take",
            Self::Distinct(_) => "distinct",
            Self::Join(_) => "join",
            Self::Union(_) => "union",
            Self::Expand(_) => "mv-expand",
            Self::Count => "count",
            Self::Serialize(_) => "serialize",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct SortKey {
    pub(super) value: Expression,
    pub(super) is_ascending: bool,
    pub(super) nulls_first: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Union {
    /// Only the columns that all operands have.
    pub(super) is_inner: bool,
    pub(super) operands: Vec<Expression>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    LeftSemi,
    LeftAnti,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Join {
    pub(super) kind: JoinKind,
    pub(super) right: Expression,
    /// Pairs of a left and a right column.
    pub(super) on: Vec<(String, String)>,
}

/// One column of `mv-expand`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expansion {
    pub(super) item: Named,
    pub(super) kind: Kind,
}
