//! Why a query is refused, in the service's words.

use std::fmt;

/// A query that cannot run. Its text is the `message` of the service's 400 answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueryError {
    /// The text is not a query.
    Syntax(String),
    /// A name, a type or an argument does not fit.
    Semantic(String),
}

impl QueryError {
    /// What the parser says when nothing more precise is known.
    pub(super) fn unrecognized() -> Self {
        Self::Syntax("A recognition error occurred.".to_owned())
    }

    pub(super) fn syntax(text: impl Into<String>) -> Self {
        Self::Syntax(text.into())
    }

    pub(super) fn semantic(text: impl Into<String>) -> Self {
        Self::Semantic(text.into())
    }

    /// A part of the language that the service has and this interpreter has not.
    pub(super) fn not_imitated(what: impl fmt::Display) -> Self {
        Self::Semantic(format!("The sandbox's interpreter does not know {what}"))
    }

    /// The same error as seen from an operator, such as `'where' operator: …`.
    pub(super) fn in_operator(self, operator: &str) -> Self {
        match self {
            Self::Semantic(text) if !text.starts_with('\'') => {
                Self::Semantic(format!("'{operator}' operator: {text}"))
            }
            other => other,
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(text) => write!(out, "{text}. Fix syntax errors in your query."),
            Self::Semantic(text) => write!(out, "{text}. Fix semantic errors in your query."),
        }
    }
}

impl std::error::Error for QueryError {}
