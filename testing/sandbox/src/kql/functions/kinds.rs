//! What the kinds of the arguments make of the result, or why they do not fit.

use crate::kql::value::Kind;

pub(in crate::kql) type Rule = fn(&[Kind]) -> Result<Kind, String>;

pub(super) fn truth(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Bool)
}

pub(super) fn long(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Long)
}

pub(super) fn dynamic(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Dynamic)
}

pub(super) fn any_text(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Text)
}

pub(super) fn first(kinds: &[Kind]) -> Result<Kind, String> {
    Ok(kinds[0])
}

/// Text in, text out. A dynamic value may be text.
pub(super) fn only_text(kinds: &[Kind]) -> Result<Kind, String> {
    match kinds.iter().position(|kind| !matches!(kind, Kind::Text | Kind::Dynamic)) {
        None => Ok(Kind::Text),
        Some(at) => {
            Err(format!("argument #{} is of type {}, expected a string", at + 1, kinds[at].name()))
        }
    }
}

pub(super) fn truth_of_text(kinds: &[Kind]) -> Result<Kind, String> {
    only_text(kinds).and_then(|_| truth(kinds))
}

pub(super) fn bools(kinds: &[Kind]) -> Result<Kind, String> {
    match kinds.iter().find(|kind| !matches!(kind, Kind::Bool | Kind::Dynamic)) {
        None => Ok(Kind::Bool),
        Some(kind) => Err(format!("a value of type {} is no bool", kind.name())),
    }
}

pub(super) fn comparable(kinds: &[Kind]) -> Result<Kind, String> {
    let left = kinds[0];
    let fits = |right: Kind| left == right || [left, right].contains(&Kind::Dynamic);
    match kinds.iter().find(|kind| !fits(**kind)) {
        None => Ok(Kind::Bool),
        Some(right) => Err(format!(
            "Cannot compare values of types {} and {}. Try adding explicit casts",
            left.name(),
            right.name()
        )),
    }
}

pub(super) fn branches(kinds: &[Kind]) -> Result<Kind, String> {
    if kinds[1] == kinds[2] {
        return Ok(kinds[1]);
    }
    Err(format!(
        "iff(): @then data type ({}) must match the @else data type ({})",
        kinds[1].name(),
        kinds[2].name()
    ))
}

pub(super) fn arithmetic(kinds: &[Kind]) -> Result<Kind, String> {
    match (kinds[0], kinds[1]) {
        (Kind::Long | Kind::Dynamic, Kind::Long | Kind::Dynamic) => Ok(Kind::Long),
        (Kind::Span, Kind::Span) | (Kind::Time, Kind::Time) => Ok(Kind::Span),
        (Kind::Time, Kind::Span) => Ok(Kind::Time),
        (left, right) => Err(format!(
            "an operation on values of types {} and {} is not defined",
            left.name(),
            right.name()
        )),
    }
}
