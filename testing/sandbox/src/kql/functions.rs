//! The scalar functions and operators of the language, by name.

mod kinds;
mod text;

use std::{cmp::Ordering, ops::RangeInclusive};

use serde_json::{Map, Value};

use self::kinds::{
    Rule, any_text, arithmetic, bools, branches, comparable, dynamic, first, long, only_text,
    truth, truth_of_text,
};
use super::value::{Kind, cast, compare, elements, is_empty, text};

/// The value that a function makes of its arguments.
pub(super) type Apply = Box<dyn Fn(&[Value]) -> Value>;

/// A function whose name was found.
pub(super) struct Function {
    /// How many arguments it takes.
    pub(super) arity: RangeInclusive<usize>,
    /// The kind of the result, or why the arguments do not fit.
    pub(super) kind: Rule,
    pub(super) apply: Apply,
    /// Whether times and timespans come as numbers; otherwise they come as text.
    pub(super) takes_times: bool,
}

fn function(
    arity: RangeInclusive<usize>,
    kind: Rule,
    apply: impl Fn(&[Value]) -> Value + 'static,
) -> Option<Function> {
    Some(Function { arity, kind, apply: Box::new(apply), takes_times: false })
}

fn with_times(function: Option<Function>) -> Option<Function> {
    function.map(|function| Function { takes_times: true, ..function })
}

/// As many arguments as one likes.
const MANY: usize = 1000;

/// Whether this word compares two values, such as `contains`, `has_cs` or `in`.
pub(super) fn is_comparison(word: &str) -> bool {
    takes_list(word) || text::comparison(word).is_some()
}

/// Whether a list in parentheses follows this comparison.
pub(super) fn takes_list(name: &str) -> bool {
    ["in", "!in", "in~", "!in~", "has_any"].contains(&name)
}

/// The function or operator of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    with_times(of_any_kind(name)).or_else(|| of_text(name)).or_else(|| of_dynamic(name))
}

fn of_any_kind(name: &str) -> Option<Function> {
    match name {
        "and" => function(2..=2, bools, |given| both(given, false)),
        "or" => function(2..=2, bools, |given| both(given, true)),
        "not" => function(1..=1, bools, |given| given[0].as_bool().map(|truth| !truth).into()),
        "==" => ordering(Ordering::is_eq),
        "!=" => ordering(Ordering::is_ne),
        "<" => ordering(Ordering::is_lt),
        "<=" => ordering(Ordering::is_le),
        ">" => ordering(Ordering::is_gt),
        ">=" => ordering(Ordering::is_ge),
        "in" => membership(Clone::clone, true),
        "!in" => membership(Clone::clone, false),
        "in~" => membership(lower_case, true),
        "!in~" => membership(lower_case, false),
        "+" => function(2..=2, arithmetic, |given| calculated(given, i64::checked_add)),
        "-" => function(2..=2, arithmetic, |given| calculated(given, i64::checked_sub)),
        "iff" | "iif" => {
            function(3..=3, branches, |given| given[if given[0] == true { 1 } else { 2 }].clone())
        }
        "coalesce" => function(1..=MANY, first, |given| {
            given.iter().find(|value| !is_empty(value)).cloned().unwrap_or_default()
        }),
        "isempty" => function(1..=1, truth, |given| is_empty(&given[0]).into()),
        "isnotempty" => function(1..=1, truth, |given| (!is_empty(&given[0])).into()),
        _ => None,
    }
}

fn of_text(name: &str) -> Option<Function> {
    if let Some(comparison) = text::comparison(name) {
        let apply = move |given: &[Value]| comparison.apply(&text(&given[0]), &text(&given[1]));
        return function(2..=2, truth_of_text, apply);
    }
    match name {
        "=~" => function(2..=2, truth_of_text, |given| is_like(given).into()),
        "!~" => function(2..=2, truth_of_text, |given| (!is_like(given)).into()),
        "has_any" => function(2..=MANY, truth_of_text, |given| text::has_any(given).into()),
        "strcat" => {
            function(1..=MANY, any_text, |given| given.iter().map(text).collect::<String>().into())
        }
        "tostring" => function(1..=1, any_text, |given| text(&given[0]).into()),
        "substring" => function(2..=3, any_text, |given| text::substring(given).into()),
        "tolower" => function(1..=1, only_text, |given| text(&given[0]).to_lowercase().into()),
        "toupper" => function(1..=1, only_text, |given| text(&given[0]).to_uppercase().into()),
        "tolong" | "toint" => function(1..=1, long, |given| cast(&given[0], Kind::Long)),
        "split" => function(2..=2, dynamic, |given| {
            text(&given[0]).split(&text(&given[1])).map(Value::from).collect()
        }),
        "parse_url" => function(1..=1, dynamic, |given| text::parse_url(&text(&given[0]))),
        "parse_json" | "todynamic" => function(1..=1, dynamic, |given| {
            let text = text(&given[0]);
            serde_json::from_str(&text).unwrap_or_else(|_| text.into())
        }),
        _ => None,
    }
}

fn of_dynamic(name: &str) -> Option<Function> {
    match name {
        "[]" => function(2..=2, dynamic, |given| element(&given[0], &given[1])),
        "array_concat" => function(1..=MANY, dynamic, |given| {
            given.iter().filter_map(Value::as_array).flatten().cloned().collect()
        }),
        "array_length" => function(1..=1, long, |given| given[0].as_array().map(Vec::len).into()),
        "pack_array" => function(1..=MANY, dynamic, |given| given.to_vec().into()),
        "bag_pack" | "pack" => function(2..=MANY, dynamic, |given| {
            let members = given.chunks_exact(2).map(|pair| (text(&pair[0]), pair[1].clone()));
            Value::Object(Map::from_iter(members))
        }),
        _ => None,
    }
}

/// `and` (decided by a false) or `or` (decided by a true), with null as the unknown truth.
fn both(given: &[Value], decides: bool) -> Value {
    match (given[0].as_bool(), given[1].as_bool()) {
        (Some(one), _) | (_, Some(one)) if one == decides => decides.into(),
        (Some(_), Some(other)) => other.into(),
        _ => Value::Null,
    }
}

fn ordering(fits: fn(Ordering) -> bool) -> Option<Function> {
    function(2..=2, comparable, move |given| compare(&given[0], &given[1]).map(fits).into())
}

/// Whether the first value is one of the others; arrays among them stand for their elements.
fn membership(folded: fn(&Value) -> Value, expected: bool) -> Option<Function> {
    function(2..=MANY, comparable, move |given| {
        let value = folded(&given[0]);
        let mut others = given[1..].iter().flat_map(elements);
        let is_among =
            others.any(|other| compare(&value, &folded(other)).is_some_and(Ordering::is_eq));
        (is_among == expected).into()
    })
}

fn lower_case(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| text.to_lowercase().into())
}

fn is_like(given: &[Value]) -> bool {
    lower_case(&text(&given[0]).into()) == lower_case(&text(&given[1]).into())
}

fn calculated(given: &[Value], operation: fn(i64, i64) -> Option<i64>) -> Value {
    let operands = given[0].as_i64().zip(given[1].as_i64());
    operands.and_then(|(left, right)| operation(left, right)).into()
}

/// A member by name, or an element by position.
fn element(of: &Value, index: &Value) -> Value {
    let found = match (index.as_str(), index.as_u64()) {
        (Some(name), _) => of.get(name),
        (_, Some(at)) => of.get(at as usize),
        _ => None,
    };
    found.cloned().unwrap_or_default()
}
