//! Scalar expressions, from the loosest operator to the tightest.

use serde_json::{Map, Value};

use super::{Parsed, Parser};
use crate::kql::{
    error::QueryError,
    functions::is_text_comparison,
    syntax::Expression,
    token::Token,
    value::{Datum, Kind},
};

/// Comparisons written as signs.
const SIGNS: [&str; 8] = ["==", "!=", "=~", "!~", "<", "<=", ">", ">="];
/// Comparisons with a list in parentheses.
const LISTS: [&str; 5] = ["in", "!in", "in~", "!in~", "has_any"];

impl Parser {
    pub(super) fn scalar(&mut self) -> Parsed<Expression> {
        let mut left = self.conjunction()?;
        while self.take_name("or") {
            left = Expression::call("or", vec![left, self.conjunction()?]);
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        while self.take_name("and") {
            left = Expression::call("and", vec![left, self.comparison()?]);
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.sum()?;
        if let Some(list) = LISTS.into_iter().find(|list| self.is_name(list)) {
            self.at += 1;
            let mut arguments = vec![left];
            arguments.append(&mut self.arguments()?);
            return Ok(Expression::call(list, arguments));
        }
        match self.comparison_operator() {
            Some(operator) => {
                self.at += 1;
                Ok(Expression::call(operator, vec![left, self.sum()?]))
            }
            None => Ok(left),
        }
    }

    fn comparison_operator(&self) -> Option<String> {
        match self.peek()? {
            Token::Mark("<>") => Some("!=".to_owned()),
            Token::Mark(mark) if SIGNS.contains(mark) => Some((*mark).to_owned()),
            Token::Name(name) if is_text_comparison(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn sum(&mut self) -> Parsed<Expression> {
        self.chain(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Parsed<Expression> {
        self.chain(&["*", "/", "%"], Self::negation)
    }

    fn chain(
        &mut self,
        operators: &[&'static str],
        operand: fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let mut left = operand(self)?;
        while let Some(operator) = operators.iter().find(|operator| self.is_mark(operator)) {
            self.at += 1;
            left = Expression::call(*operator, vec![left, operand(self)?]);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Expression> {
        if self.take("-") {
            let zero = Expression::Literal(Datum::Long(0));
            return Ok(Expression::call("-", vec![zero, self.negation()?]));
        }
        self.member()
    }

    /// `value.name`, `value[index]`
    fn member(&mut self) -> Parsed<Expression> {
        let mut value = self.primary()?;
        loop {
            if self.take(".") {
                let name = Expression::text(self.name()?);
                value = Expression::call("[]", vec![value, name]);
            } else if self.take("[") {
                let index = self.scalar()?;
                self.expect("]")?;
                value = Expression::call("[]", vec![value, index]);
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expression> {
        match self.next()? {
            Token::Literal(datum) => Ok(Expression::Literal(datum)),
            Token::Mark("(") => {
                let inside = self.expression()?;
                self.expect(")")?;
                Ok(inside)
            }
            Token::Mark("*") => Ok(Expression::Star),
            Token::Name(name) if name == "dynamic" && self.is_mark("(") => self.dynamic(),
            Token::Name(name) if self.is_mark("(") => self.call(name),
            Token::Name(name) => Ok(Expression::Name(name)),
            Token::Mark(_) => Err(QueryError::unrecognized()),
        }
    }

    /// A function; `long(null)` and the like are nulls.
    fn call(&mut self, name: String) -> Parsed<Expression> {
        let arguments = self.arguments()?;
        let is_null = matches!(&arguments[..], [Expression::Name(null)] if null == "null");
        if is_null && Kind::named(&name).is_some() {
            return Ok(Expression::Literal(Datum::Null));
        }
        Ok(Expression::Call { name, arguments })
    }

    fn arguments(&mut self) -> Parsed<Vec<Expression>> {
        self.expect("(")?;
        if self.take(")") {
            return Ok(Vec::new());
        }
        let arguments = self.list(Self::expression)?;
        self.expect(")")?;
        Ok(arguments)
    }

    /// `dynamic(…)`: JSON, with either kind of quotes.
    fn dynamic(&mut self) -> Parsed<Expression> {
        self.expect("(")?;
        let value = self.json()?;
        self.expect(")")?;
        Ok(Expression::Literal(Datum::Dynamic(value)))
    }

    fn json(&mut self) -> Parsed<Value> {
        match self.next()? {
            Token::Literal(datum) => Ok(datum.to_json()),
            Token::Name(name) if name == "null" => Ok(Value::Null),
            Token::Mark("-") => match self.next()? {
                Token::Literal(Datum::Long(number)) => Ok(Value::from(-number)),
                Token::Literal(Datum::Real(number)) => Ok(Value::from(-number)),
                _ => Err(QueryError::unrecognized()),
            },
            Token::Mark("[") => self.json_items("]", Self::json).map(Value::Array),
            Token::Mark("{") => {
                let members = self.json_items("}", Self::json_member)?;
                Ok(Value::Object(Map::from_iter(members)))
            }
            _ => Err(QueryError::unrecognized()),
        }
    }

    fn json_items<T>(
        &mut self,
        end: &str,
        item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        if self.take(end) {
            return Ok(Vec::new());
        }
        let items = self.list(item)?;
        self.expect(end)?;
        Ok(items)
    }

    fn json_member(&mut self) -> Parsed<(String, Value)> {
        let name = self.text()?;
        self.expect(":")?;
        Ok((name, self.json()?))
    }
}
