//! Clauses that are joined by `and`, `or` and `not`, and whether they hold together.

use super::{SyntaxError, Tokens};

/// Clauses, joined.
#[derive(Debug, PartialEq)]
pub(crate) enum Expression<C> {
    Clause(C),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl<C> Expression<C> {
    /// Whether the expression holds, when `clause` decides about a single clause.
    pub(crate) fn holds(&self, clause: &impl Fn(&C) -> bool) -> bool {
        self.truth(&|one| Some(clause(one))) == Some(true)
    }

    /// The same where clauses can be neither true nor false, as a comparison with null.
    pub(crate) fn truth(&self, clause: &impl Fn(&C) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Clause(one) => clause(one),
            Self::Not(inner) => inner.truth(clause).map(|truth| !truth),
            Self::All(parts) => joined(parts, false, clause),
            Self::Any(parts) => joined(parts, true, clause),
        }
    }

    /// All clauses, in the order in which they are written.
    pub(crate) fn clauses(&self) -> Vec<&C> {
        match self {
            Self::Clause(one) => vec![one],
            Self::Not(inner) => inner.clauses(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::clauses).collect(),
        }
    }
}

/// One part with the truth `decides` decides; else one unknown part makes the whole unknown.
fn joined<C>(
    parts: &[Expression<C>],
    decides: bool,
    clause: &impl Fn(&C) -> Option<bool>,
) -> Option<bool> {
    let truths: Vec<_> = parts.iter().map(|part| part.truth(clause)).collect();
    if truths.contains(&Some(decides)) {
        return Some(decides);
    }
    truths.into_iter().collect::<Option<Vec<_>>>().map(|_| !decides)
}

impl Tokens<'_> {
    /// Reads clauses: `or` binds weaker than `and`, `and` weaker than `not`.
    pub(crate) fn expression<C, E: From<SyntaxError>>(
        &mut self,
        clause: &mut impl FnMut(&mut Self) -> Result<C, E>,
    ) -> Result<Expression<C>, E> {
        let mut parts = vec![self.conjunction(clause)?];
        while self.takes_word("or") {
            parts.push(self.conjunction(clause)?);
        }
        Ok(Expression::Any(parts))
    }

    fn conjunction<C, E: From<SyntaxError>>(
        &mut self,
        clause: &mut impl FnMut(&mut Self) -> Result<C, E>,
    ) -> Result<Expression<C>, E> {
        let mut parts = vec![self.negation(clause)?];
        while self.takes_word("and") {
            parts.push(self.negation(clause)?);
        }
        Ok(Expression::All(parts))
    }

    fn negation<C, E: From<SyntaxError>>(
        &mut self,
        clause: &mut impl FnMut(&mut Self) -> Result<C, E>,
    ) -> Result<Expression<C>, E> {
        if self.takes_word("not") {
            return self.nested(|tokens| Ok(Expression::Not(Box::new(tokens.negation(clause)?))));
        }
        if !self.takes_symbol("(") {
            return clause(self).map(Expression::Clause);
        }
        self.nested(|tokens| {
            let inner = tokens.expression(clause)?;
            tokens.symbol(")")?;
            Ok(inner)
        })
    }
}
