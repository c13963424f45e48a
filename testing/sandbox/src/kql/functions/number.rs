//! Arithmetic on numbers and times, and conversions.

use jiff::SignedDuration;

use super::Function;
use crate::kql::value::{Datum, Kind};

pub(super) fn find(name: &str) -> Option<Function> {
    match name {
        "+" => Function::new(2..=2, arithmetic, |given| plus(&given[0], &given[1])),
        "-" => Function::new(2..=2, difference, |given| minus(&given[0], &given[1])),
        "*" => numbers(|left, right| left * right),
        "/" => numbers(|left, right| left / right),
        "%" => numbers(|left, right| left % right),
        "tolong" | "toint" => conversion(|_| Ok(Kind::Long), Kind::Long),
        "todouble" | "toreal" => conversion(|_| Ok(Kind::Real), Kind::Real),
        "tobool" => conversion(|_| Ok(Kind::Bool), Kind::Bool),
        "todatetime" => conversion(|_| Ok(Kind::Time), Kind::Time),
        "bin" => Function::new(2..=2, |kinds| Ok(kinds[0]), |given| bin(&given[0], &given[1])),
        _ => None,
    }
}

fn conversion(rule: super::Rule, kind: Kind) -> Option<Function> {
    Function::new(1..=1, rule, move |given| given[0].cast(kind))
}

fn arithmetic(kinds: &[Kind]) -> Result<Kind, String> {
    match (kinds[0], kinds[1]) {
        (Kind::Long, Kind::Long) => Ok(Kind::Long),
        (Kind::Span, Kind::Span) => Ok(Kind::Span),
        (Kind::Time, Kind::Span) => Ok(Kind::Time),
        (left, right) if is_numeric(left) && is_numeric(right) => Ok(Kind::Real),
        (left, right) => Err(format!(
            "an operation on values of types {} and {} is not defined",
            left.name(),
            right.name()
        )),
    }
}

fn is_numeric(kind: Kind) -> bool {
    kind.is_number() || kind == Kind::Dynamic
}

fn difference(kinds: &[Kind]) -> Result<Kind, String> {
    match kinds {
        [Kind::Time, Kind::Time] => Ok(Kind::Span),
        // A sign before a timespan is a difference from zero.
        [Kind::Long, Kind::Span] => Ok(Kind::Span),
        other => arithmetic(other),
    }
}

fn plus(left: &Datum, right: &Datum) -> Datum {
    match (left.plain(), right.plain()) {
        (Datum::Time(time), Datum::Span(span)) => {
            time.checked_add(span).map_or(Datum::Null, Datum::Time)
        }
        (Datum::Span(one), Datum::Span(other)) => Datum::Span(one.saturating_add(other)),
        (left, right) => number(&left, &right, |left, right| left + right),
    }
}

fn minus(left: &Datum, right: &Datum) -> Datum {
    match (left.plain(), right.plain()) {
        (Datum::Time(later), Datum::Time(earlier)) => Datum::Span(later.duration_since(earlier)),
        (Datum::Time(_) | Datum::Span(_), Datum::Span(span)) => plus(left, &Datum::Span(-span)),
        (Datum::Long(0), Datum::Span(span)) => Datum::Span(-span),
        (left, right) => number(&left, &right, |left, right| left - right),
    }
}

fn numbers(operation: fn(f64, f64) -> f64) -> Option<Function> {
    Function::new(2..=2, arithmetic, move |given| {
        number(&given[0].plain(), &given[1].plain(), operation)
    })
}

/// Two whole numbers give a whole number; nothing is divided by zero.
fn number(left: &Datum, right: &Datum, operation: fn(f64, f64) -> f64) -> Datum {
    let is_whole = matches!((left, right), (Datum::Long(_), Datum::Long(_)));
    match (left.as_real(), right.as_real()) {
        (Some(left), Some(right)) => match operation(left, right) {
            result if !result.is_finite() => Datum::Null,
            result if is_whole => Datum::Long(result as i64),
            result => Datum::Real(result),
        },
        _ => Datum::Null,
    }
}

/// Rounded down to a multiple of the size.
fn bin(value: &Datum, size: &Datum) -> Datum {
    match (value.plain(), size.plain()) {
        (Datum::Time(time), Datum::Span(size)) if size > SignedDuration::ZERO => {
            let over = time.as_nanosecond().rem_euclid(size.as_nanos());
            let over = SignedDuration::from_nanos(i64::try_from(over).unwrap_or(0));
            time.checked_sub(over).map_or(Datum::Null, Datum::Time)
        }
        (Datum::Long(value), Datum::Long(size)) if size > 0 => {
            Datum::Long(value.div_euclid(size) * size)
        }
        _ => Datum::Null,
    }
}
