//! The scalar functions and operators of the language, by name.

mod dynamic;
mod logic;
mod number;
mod text;

use std::ops::RangeInclusive;

use super::value::{Datum, Kind};

pub(super) use text::is_text_comparison;

/// What the kinds of the arguments make of the result, or why they do not fit.
type Rule = fn(&[Kind]) -> Result<Kind, String>;

/// The value that a function makes of its arguments.
pub(super) type Apply = Box<dyn Fn(&[Datum]) -> Datum>;

/// A function whose name was found.
pub(super) struct Function {
    /// How many arguments it takes.
    pub(super) arity: RangeInclusive<usize>,
    pub(super) kind: Rule,
    pub(super) apply: Apply,
}

impl Function {
    fn new(
        arity: RangeInclusive<usize>,
        kind: Rule,
        apply: impl Fn(&[Datum]) -> Datum + 'static,
    ) -> Option<Self> {
        Some(Self { arity, kind, apply: Box::new(apply) })
    }
}

/// The function or operator of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    logic::find(name)
        .or_else(|| text::find(name))
        .or_else(|| dynamic::find(name))
        .or_else(|| number::find(name))
}

/// As many arguments as one likes.
const MANY: usize = 64;

fn truth(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Bool)
}

fn long(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Long)
}

fn dynamic(_: &[Kind]) -> Result<Kind, String> {
    Ok(Kind::Dynamic)
}

/// Text in, text out.
fn text(kinds: &[Kind]) -> Result<Kind, String> {
    only_text(kinds)?;
    Ok(Kind::Text)
}

/// What comes out of a dynamic value may be text.
fn only_text(kinds: &[Kind]) -> Result<(), String> {
    match kinds.iter().position(|kind| !matches!(kind, Kind::Text | Kind::Dynamic)) {
        None => Ok(()),
        Some(at) => {
            Err(format!("argument #{} is of type {}, expected a string", at + 1, kinds[at].name()))
        }
    }
}
