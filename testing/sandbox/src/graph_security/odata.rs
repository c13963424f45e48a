//! `$filter`: parsed against the model of an entity, refused in the service's words, evaluated on JSON.
//!
//! Knows `eq ne gt ge lt le in and or not`, parentheses, `any`, `all`, casts to derived types, `contains`,
//! `startswith`, `endswith`, text, numbers, dates, truth values and `null`. Text is compared as it is
//! written, as the standard has it. Source: OData 4.01 URL conventions, section 5.1.1.

mod evaluate;
mod model;
mod parse;
mod syntax;
mod token;

#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

pub(super) use model::Entity;
use syntax::Predicate;

/// A parsed `$filter`.
#[derive(Debug)]
pub(super) struct Filter(Predicate);

impl Filter {
    /// Parses a filter over the collection of `entity`.
    pub(super) fn parse(text: &str, entity: Entity) -> Result<Self, FilterError> {
        parse::filter(text, entity).map(Self)
    }

    /// Whether an entity satisfies the filter; unknown truth does not.
    pub(super) fn matches(&self, entity: &Value) -> bool {
        evaluate::is_true(&self.0, entity)
    }

    /// The properties of the entity itself that the filter looks at.
    pub(super) fn properties(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.collect_properties(&mut names);
        names
    }

    /// Whether it looks into a collection with `any` or `all`.
    pub(super) fn has_lambda(&self) -> bool {
        self.0.has_lambda()
    }
}

/// Why a filter is refused; prints as the `message` of the 400 answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FilterError(String);

impl FilterError {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    fn syntax(position: usize, text: &str) -> Self {
        Self(format!("Syntax error at position {position} in '{text}'."))
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Invalid filter clause: {}", self.0)
    }
}
