//! Tokens to the parsed query: statements here, operators and scalar expressions in the files below.

mod expression;
mod operator;

use super::{
    error::QueryError,
    syntax::{Expression, Pipe, Query, Source},
    token::{Token, tokens},
    value::Datum,
};

type Parsed<T> = Result<T, QueryError>;

/// Parses the text of a query.
pub(super) fn query(text: &str) -> Parsed<Query> {
    Parser { tokens: tokens(text)?, at: 0 }.query()
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    /// `let name = …; …; body`
    fn query(&mut self) -> Parsed<Query> {
        let mut lets = Vec::new();
        while self.take_name("let") {
            let name = self.name()?;
            self.expect("=")?;
            lets.push((name, self.expression()?));
            self.expect(";")?;
        }
        if self.is_at_end() {
            return Err(QueryError::syntax("The incomplete fragment is unexpected."));
        }
        let body = self.expression()?;
        self.take(";");
        if self.is_at_end() { Ok(Query { lets, body }) } else { Err(QueryError::unrecognized()) }
    }

    /// A scalar, or a source of rows with the operators behind it.
    fn expression(&mut self) -> Parsed<Expression> {
        let source = self.source()?;
        let mut steps = Vec::new();
        while self.take("|") {
            steps.push(self.step()?);
        }
        Ok(match source {
            Source::Expression(alone) if steps.is_empty() => alone,
            source => Expression::Pipe(Box::new(Pipe { source, steps })),
        })
    }

    fn source(&mut self) -> Parsed<Source> {
        if self.take_name("union") {
            return Ok(Source::Union(self.union()?));
        }
        if self.take_name("print") {
            return Ok(Source::Print(self.named_list()?));
        }
        Ok(Source::Expression(self.scalar()?))
    }

    fn is_at_end(&self) -> bool {
        self.at == self.tokens.len()
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Token::Mark(next)) if *next == mark)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(next)) if next == name)
    }

    /// Whether the token behind the next one is this mark.
    fn is_before(&self, mark: &str) -> bool {
        matches!(self.tokens.get(self.at + 1), Some(Token::Mark(next)) if *next == mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let is_next = self.is_mark(mark);
        self.at += usize::from(is_next);
        is_next
    }

    fn take_name(&mut self, name: &str) -> bool {
        let is_next = self.is_name(name);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(QueryError::unrecognized()) }
    }

    fn expect_name(&mut self, name: &str) -> Parsed<()> {
        if self.take_name(name) { Ok(()) } else { Err(QueryError::unrecognized()) }
    }

    fn next(&mut self) -> Parsed<Token> {
        let token = self.peek().cloned().ok_or_else(QueryError::unrecognized)?;
        self.at += 1;
        Ok(token)
    }

    fn name(&mut self) -> Parsed<String> {
        match self.next()? {
            Token::Name(name) => Ok(name),
            _ => Err(QueryError::unrecognized()),
        }
    }

    fn text(&mut self) -> Parsed<String> {
        match self.next()? {
            Token::Literal(Datum::Text(text)) => Ok(text),
            _ => Err(QueryError::unrecognized()),
        }
    }

    /// `item, item, …`: at least one.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }
}
