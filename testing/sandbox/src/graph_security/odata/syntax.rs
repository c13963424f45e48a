//! The parsed filter.

use jiff::Timestamp;
use serde_json::Value;

#[derive(Debug, PartialEq)]
pub(super) enum Predicate {
    And(Box<Predicate>, Box<Predicate>),
    Or(Box<Predicate>, Box<Predicate>),
    Not(Box<Predicate>),
    Compare {
        left: Operand,
        comparison: Comparison,
        right: Operand,
    },
    In {
        value: Operand,
        list: Vec<Operand>,
    },
    Text {
        function: TextFunction,
        whole: Operand,
        part: Operand,
    },
    Lambda {
        is_all: bool,
        over: Path,
        body: Option<Box<Predicate>>,
    },
    /// A boolean property, or `true` and `false`.
    Truth(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "eq" => Some(Self::Equal),
            "ne" => Some(Self::NotEqual),
            "gt" => Some(Self::Greater),
            "ge" => Some(Self::GreaterOrEqual),
            "lt" => Some(Self::Less),
            "le" => Some(Self::LessOrEqual),
            _ => None,
        }
    }

    /// The operator's name in error texts.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Equal => "Equal",
            Self::NotEqual => "NotEqual",
            Self::Greater => "GreaterThan",
            Self::GreaterOrEqual => "GreaterThanOrEqual",
            Self::Less => "LessThan",
            Self::LessOrEqual => "LessThanOrEqual",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextFunction {
    Contains,
    StartsWith,
    EndsWith,
}

impl TextFunction {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "contains" => Some(Self::Contains),
            "startswith" => Some(Self::StartsWith),
            "endswith" => Some(Self::EndsWith),
            _ => None,
        }
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    Literal(Value),
    Time(Timestamp),
}

/// From the entity or from a range variable down to a value.
#[derive(Debug, PartialEq)]
pub(super) struct Path {
    /// How many enclosing lambdas lie between this path and its variable; `None` starts at the entity.
    pub(super) variable: Option<usize>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Property(String),
    /// Only if the value is of this type.
    Cast(&'static str),
}

impl Predicate {
    /// The first properties of all paths that start at the entity.
    pub(super) fn collect_properties<'a>(&'a self, names: &mut Vec<&'a str>) {
        let mut from_entity = |path: &'a Path| {
            if let (None, Some(Step::Property(name))) = (path.variable, path.steps.first()) {
                names.push(name);
            }
        };
        let mut of = |operand: &'a Operand| {
            if let Operand::Path(path) = operand {
                from_entity(path);
            }
        };
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.collect_properties(names);
                right.collect_properties(names);
            }
            Self::Not(inner) => inner.collect_properties(names),
            Self::Compare { left, right, .. } => [left, right].into_iter().for_each(of),
            Self::Text { whole, part, .. } => [whole, part].into_iter().for_each(of),
            Self::In { value, .. } | Self::Truth(value) => of(value),
            Self::Lambda { over, body, .. } => {
                from_entity(over);
                if let Some(body) = body {
                    body.collect_properties(names);
                }
            }
        }
    }

    pub(super) fn has_lambda(&self) -> bool {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.has_lambda() || right.has_lambda()
            }
            Self::Not(inner) => inner.has_lambda(),
            Self::Lambda { .. } => true,
            _ => false,
        }
    }
}
