//! Evaluates a parsed filter on an entity. A comparison with null is neither true nor false.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::{Clause, Operand, Operator, Path, Step, time};
use crate::language::Expression;

static NULL: Value = Value::Null;

pub(super) fn is_true(filter: &Expression<Clause>, entity: &Value) -> bool {
    Scope { entity, elements: &[] }.truth(filter) == Some(true)
}

/// The entity, and the elements that the variables of the enclosing lambdas stand for.
#[derive(Clone, Copy)]
struct Scope<'a> {
    entity: &'a Value,
    elements: &'a [&'a Value],
}

impl<'a> Scope<'a> {
    fn truth(self, expression: &Expression<Clause>) -> Option<bool> {
        expression.truth(&|clause| self.clause(clause))
    }

    fn clause(self, clause: &Clause) -> Option<bool> {
        match clause {
            Clause::Test { operator, left, right } => self.test(*operator, left, right),
            Clause::In { value, list } => Some(list.iter().any(|item| self.equal(value, item))),
            Clause::Lambda { is_all, over, body } => {
                Some(self.lambda(*is_all, over, body.as_deref()))
            }
            Clause::Truth(operand) => self.value(operand).as_bool(),
        }
    }

    fn test(self, operator: Operator, left: &Operand, right: &Operand) -> Option<bool> {
        let text = |operand| self.value(operand).as_str();
        Some(match operator {
            Operator::Equal => self.equal(left, right),
            Operator::NotEqual => !self.equal(left, right),
            Operator::GreaterThan => self.order(left, right)?.is_gt(),
            Operator::GreaterThanOrEqual => self.order(left, right)?.is_ge(),
            Operator::LessThan => self.order(left, right)?.is_lt(),
            Operator::LessThanOrEqual => self.order(left, right)?.is_le(),
            Operator::Contains => text(left)?.contains(text(right)?),
            Operator::StartsWith => text(left)?.starts_with(text(right)?),
            Operator::EndsWith => text(left)?.ends_with(text(right)?),
        })
    }

    /// An array equals a value if one of its elements does.
    fn equal(self, left: &Operand, right: &Operand) -> bool {
        if let Some(elements) = self.value(left).as_array() {
            return elements.contains(self.value(right));
        }
        match self.order(left, right) {
            Some(order) => order.is_eq(),
            None => [left, right].iter().all(|operand| self.is_null(operand)),
        }
    }

    fn is_null(self, operand: &Operand) -> bool {
        !matches!(operand, Operand::Time(_)) && self.value(operand).is_null()
    }

    fn order(self, left: &Operand, right: &Operand) -> Option<Ordering> {
        if [left, right].iter().any(|operand| matches!(operand, Operand::Time(_))) {
            return Some(self.time(left)?.cmp(&self.time(right)?));
        }
        match (self.value(left), self.value(right)) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            (left, right) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        }
    }

    fn time(self, operand: &Operand) -> Option<Timestamp> {
        match operand {
            Operand::Time(time) => Some(*time),
            other => time(self.value(other).as_str()?),
        }
    }

    fn value<'v>(self, operand: &'v Operand) -> &'v Value
    where
        'a: 'v,
    {
        match operand {
            Operand::Literal(value) => value,
            Operand::Path(path) => self.walk(path),
            Operand::Time(_) => &NULL,
        }
    }

    fn walk(self, path: &Path) -> &'a Value {
        let start = match path.variable {
            None => self.entity,
            Some(outward) => self.elements[self.elements.len() - 1 - outward],
        };
        path.steps.iter().fold(start, |value, step| match step {
            Step::Property(name) => value.get(name).unwrap_or(&NULL),
            Step::Cast(name) if is_of_type(value, name) => value,
            Step::Cast(_) => &NULL,
        })
    }

    fn lambda(self, is_all: bool, over: &Path, body: Option<&Expression<Clause>>) -> bool {
        let elements = self.walk(over).as_array().map_or(&[][..], Vec::as_slice);
        let Some(body) = body else { return !elements.is_empty() };
        let mut truths = elements.iter().map(|element| {
            let elements = [self.elements, &[element]].concat();
            Scope { entity: self.entity, elements: &elements }.truth(body) == Some(true)
        });
        if is_all { truths.all(|truth| truth) } else { truths.any(|truth| truth) }
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    let written = value.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    written.trim_start_matches('#') == name
}
