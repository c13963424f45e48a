//! Evaluates a parsed filter on an entity, with null as unknown truth.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::syntax::{Comparison, Operand, Path, Predicate, Step, TextFunction};

static NULL: Value = Value::Null;

pub(super) fn is_true(predicate: &Predicate, entity: &Value) -> bool {
    Scope { entity, elements: &[] }.truth(predicate) == Some(true)
}

/// The entity, and the elements that the variables of the enclosing lambdas stand for.
#[derive(Clone, Copy)]
struct Scope<'a> {
    entity: &'a Value,
    elements: &'a [&'a Value],
}

impl<'a> Scope<'a> {
    fn truth(self, predicate: &'a Predicate) -> Option<bool> {
        match predicate {
            Predicate::And(left, right) => both(self.truth(left), self.truth(right), false),
            Predicate::Or(left, right) => both(self.truth(left), self.truth(right), true),
            Predicate::Not(inner) => self.truth(inner).map(|truth| !truth),
            Predicate::Compare { left, comparison, right } => {
                self.compare(left, *comparison, right)
            }
            Predicate::In { value, list } => Some(list.iter().any(|item| self.equal(value, item))),
            Predicate::Text { function, whole, part } => {
                Some(test(*function, self.text(whole)?, self.text(part)?))
            }
            Predicate::Lambda { is_all, over, body } => {
                Some(self.lambda(*is_all, over, body.as_deref()))
            }
            Predicate::Truth(operand) => self.value(operand).as_bool(),
        }
    }

    fn compare(
        self,
        left: &'a Operand,
        comparison: Comparison,
        right: &'a Operand,
    ) -> Option<bool> {
        match comparison {
            Comparison::Equal => return Some(self.equal(left, right)),
            Comparison::NotEqual => return Some(!self.equal(left, right)),
            _ => {}
        }
        let order = self.order(left, right)?;
        Some(match comparison {
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
            Comparison::Less => order.is_lt(),
            _ => order.is_le(),
        })
    }

    fn equal(self, left: &'a Operand, right: &'a Operand) -> bool {
        match self.order(left, right) {
            Some(order) => order.is_eq(),
            None => {
                self.value(left).is_null() && self.value(right).is_null() && !is_time(left, right)
            }
        }
    }

    fn order(self, left: &'a Operand, right: &'a Operand) -> Option<Ordering> {
        if is_time(left, right) {
            return Some(self.time(left)?.cmp(&self.time(right)?));
        }
        match (self.value(left), self.value(right)) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            (left, right) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        }
    }

    fn text(self, operand: &'a Operand) -> Option<&'a str> {
        self.value(operand).as_str()
    }

    fn time(self, operand: &'a Operand) -> Option<Timestamp> {
        match operand {
            Operand::Time(time) => Some(*time),
            other => self.value(other).as_str()?.parse().ok(),
        }
    }

    fn value(self, operand: &'a Operand) -> &'a Value {
        match operand {
            Operand::Literal(value) => value,
            Operand::Path(path) => self.walk(path),
            Operand::Time(_) => &NULL,
        }
    }

    fn walk(self, path: &Path) -> &'a Value {
        let start = match path.variable {
            None => Some(self.entity),
            Some(outward) => self.elements.iter().rev().nth(outward).copied(),
        };
        path.steps.iter().fold(start.unwrap_or(&NULL), |value, step| match step {
            Step::Property(name) => value.get(name).unwrap_or(&NULL),
            Step::Cast(name) if is_of_type(value, name) => value,
            Step::Cast(_) => &NULL,
        })
    }

    fn lambda(self, is_all: bool, over: &Path, body: Option<&'a Predicate>) -> bool {
        let elements = self.walk(over).as_array().map_or(&[][..], Vec::as_slice);
        let Some(body) = body else { return !elements.is_empty() };
        let mut fits = elements.iter().map(|element| {
            let elements: Vec<&Value> = self.elements.iter().copied().chain([element]).collect();
            Scope { entity: self.entity, elements: &elements }.truth(body) == Some(true)
        });
        if is_all { fits.all(|fits| fits) } else { fits.any(|fits| fits) }
    }
}

fn is_time(left: &Operand, right: &Operand) -> bool {
    matches!(left, Operand::Time(_)) || matches!(right, Operand::Time(_))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    let written = value.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    written.trim_start_matches('#') == name
}

/// `and` (decided by a false) or `or` (decided by a true).
fn both(left: Option<bool>, right: Option<bool>, decides: bool) -> Option<bool> {
    if left == Some(decides) || right == Some(decides) {
        return Some(decides);
    }
    left.and(right)
}

fn test(function: TextFunction, whole: &str, part: &str) -> bool {
    match function {
        TextFunction::Contains => whole.contains(part),
        TextFunction::StartsWith => whole.starts_with(part),
        TextFunction::EndsWith => whole.ends_with(part),
    }
}
