//! Truth, comparison, choice and emptiness.

use std::cmp::Ordering;

use super::{Function, MANY, text::ignoring_case, truth};
use crate::kql::value::{Datum, Kind};

pub(super) fn find(name: &str) -> Option<Function> {
    match name {
        "and" => Function::new(2..=2, bools, |given| both(&given[0], &given[1], false)),
        "or" => Function::new(2..=2, bools, |given| both(&given[0], &given[1], true)),
        "not" => Function::new(1..=1, bools, |given| negated(&given[0])),
        "==" => comparison(|order| order.is_eq()),
        "!=" => comparison(|order| order.is_ne()),
        "<" => comparison(|order| order.is_lt()),
        "<=" => comparison(|order| order.is_le()),
        ">" => comparison(|order| order.is_gt()),
        ">=" => comparison(|order| order.is_ge()),
        "in" => membership(false, true),
        "!in" => membership(false, false),
        "in~" => membership(true, true),
        "!in~" => membership(true, false),
        "iff" | "iif" => Function::new(3..=3, either, |given| {
            if given[0].is_true() { given[1].clone() } else { given[2].clone() }
        }),
        "case" => Function::new(3..=MANY, cases, case),
        "coalesce" => Function::new(1..=MANY, first, |given| {
            given.iter().find(|datum| !is_empty(datum)).cloned().unwrap_or(Datum::Null)
        }),
        "isempty" => Function::new(1..=1, truth, |given| Datum::Bool(is_empty(&given[0]))),
        "isnotempty" => Function::new(1..=1, truth, |given| Datum::Bool(!is_empty(&given[0]))),
        "isnull" => Function::new(1..=1, truth, |given| Datum::Bool(is_null(&given[0]))),
        "isnotnull" => Function::new(1..=1, truth, |given| Datum::Bool(!is_null(&given[0]))),
        _ => None,
    }
}

fn bools(kinds: &[Kind]) -> Result<Kind, String> {
    match kinds.iter().find(|kind| !matches!(kind, Kind::Bool | Kind::Dynamic)) {
        None => Ok(Kind::Bool),
        Some(kind) => Err(format!("a value of type {} is no bool", kind.name())),
    }
}

fn comparable(kinds: &[Kind]) -> Result<Kind, String> {
    let left = kinds[0];
    let is_like = |right: &Kind| {
        left == *right
            || left.is_number() && right.is_number()
            || left == Kind::Dynamic
            || *right == Kind::Dynamic
    };
    match kinds.iter().find(|kind| !is_like(kind)) {
        None => Ok(Kind::Bool),
        Some(right) => Err(format!(
            "Cannot compare values of types {} and {}. Try adding explicit casts",
            left.name(),
            right.name()
        )),
    }
}

fn either(kinds: &[Kind]) -> Result<Kind, String> {
    let (then, otherwise) = (kinds[1], kinds[2]);
    if then == otherwise {
        return Ok(then);
    }
    if then.is_number() && otherwise.is_number() {
        return Ok(Kind::Real);
    }
    Err(format!(
        "iff(): @then data type ({}) must match the @else data type ({})",
        then.name(),
        otherwise.name()
    ))
}

fn cases(kinds: &[Kind]) -> Result<Kind, String> {
    if kinds.len().is_multiple_of(2) {
        return Err("case(): an argument for the else branch is missing".to_owned());
    }
    Ok(kinds[1])
}

fn first(kinds: &[Kind]) -> Result<Kind, String> {
    Ok(kinds[0])
}

/// `and` (decided by a false) or `or` (decided by a true), with null as the unknown truth.
fn both(left: &Datum, right: &Datum, decides: bool) -> Datum {
    match (left.as_bool(), right.as_bool()) {
        (Some(one), _) | (_, Some(one)) if one == decides => Datum::Bool(decides),
        (Some(_), Some(other)) => Datum::Bool(other),
        _ => Datum::Null,
    }
}

fn negated(datum: &Datum) -> Datum {
    datum.as_bool().map_or(Datum::Null, |yes| Datum::Bool(!yes))
}

fn comparison(fits: fn(Ordering) -> bool) -> Option<Function> {
    Function::new(2..=2, comparable, move |given| {
        given[0].compare(&given[1]).map_or(Datum::Null, |order| Datum::Bool(fits(order)))
    })
}

/// Whether the first value is one of the others; arrays among them stand for their elements.
fn membership(any_case: bool, expected: bool) -> Option<Function> {
    Function::new(2..=MANY, comparable, move |given| {
        let folded = |datum: &Datum| if any_case { ignoring_case(datum) } else { datum.plain() };
        let value = folded(&given[0]);
        let is_equal = |other: &Datum| value.compare(&folded(other)).is_some_and(Ordering::is_eq);
        let is_among = given[1..].iter().flat_map(Datum::elements).any(|other| is_equal(&other));
        Datum::Bool(is_among == expected)
    })
}

fn case(given: &[Datum]) -> Datum {
    let (otherwise, pairs) = (&given[given.len() - 1], given[..given.len() - 1].chunks(2));
    pairs.into_iter().find(|pair| pair[0].is_true()).map_or(otherwise, |pair| &pair[1]).clone()
}

fn is_null(datum: &Datum) -> bool {
    datum.plain() == Datum::Null
}

/// Null, or empty text.
fn is_empty(datum: &Datum) -> bool {
    match datum.plain() {
        Datum::Null => true,
        Datum::Text(text) => text.is_empty(),
        _ => false,
    }
}
