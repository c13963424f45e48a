//! Text to the parsed filter, with names and types checked against the schema.

use serde_json::Value;

use super::{
    Clause, FilterError, Operand, Operator, Path, Schema, Step,
    schema::{self, ANY, NUMBER, TEXT, TIME, TRUTH, Type},
    time,
};
use crate::language::{Expression, Language, SyntaxError, Token, Tokens};

/// Comparisons and functions in one filter; chains of 20 terms stay well below it.
const MAX_CLAUSES: usize = 50;

const ODATA: Language = Language {
    quotes: &['\''],
    unquote,
    symbols: &[",", ":", "/"],
    is_word: |word, letter| {
        // The colons of a time belong to it.
        let is_time = word.starts_with(|first: char| first.is_ascii_digit());
        !" \t\r\n(),/'".contains(letter) && (letter != ':' || is_time)
    },
    ignores_case: false,
    has_comments: false,
};

/// Two marks stand for one.
fn unquote(mut rest: &str, mark: char) -> Option<(String, &str)> {
    let mut text = String::new();
    loop {
        let (part, after) = rest.split_once(mark)?;
        text.push_str(part);
        let Some(more) = after.strip_prefix(mark) else { return Some((text, after)) };
        text.push(mark);
        rest = more;
    }
}

const OPERATORS: [(&str, Operator); 9] = [
    ("eq", Operator::Equal),
    ("ne", Operator::NotEqual),
    ("gt", Operator::GreaterThan),
    ("ge", Operator::GreaterThanOrEqual),
    ("lt", Operator::LessThan),
    ("le", Operator::LessThanOrEqual),
    ("contains", Operator::Contains),
    ("startswith", Operator::StartsWith),
    ("endswith", Operator::EndsWith),
];

impl Operator {
    fn named(name: &str) -> Option<Self> {
        OPERATORS.into_iter().find(|(known, _)| *known == name).map(|(_, operator)| operator)
    }

    fn is_function(self) -> bool {
        matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith)
    }
}

enum Problem {
    Syntax(SyntaxError),
    Meaning(String),
}

impl From<SyntaxError> for Problem {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

type Parsed<T> = Result<T, Problem>;

/// Parses a whole filter.
pub(super) fn filter(text: &str, schema: Schema) -> Result<Expression<Clause>, FilterError> {
    let mut parser = Parser { schema, variables: Vec::new(), clauses: 0 };
    parser.filter(text).map_err(|problem| match problem {
        Problem::Syntax(error) => FilterError::syntax(&error, text),
        Problem::Meaning(reason) => FilterError(reason),
    })
}

struct Parser {
    schema: Schema,
    /// The range variables of the enclosing lambdas and their types, outermost first.
    variables: Vec<(String, Type)>,
    clauses: usize,
}

impl Parser {
    fn filter(&mut self, text: &str) -> Parsed<Expression<Clause>> {
        let mut tokens = ODATA.tokens(text)?;
        let expression = tokens.expression(&mut |tokens| self.clause(tokens))?;
        tokens.end()?;
        Ok(expression)
    }

    fn clause(&mut self, tokens: &mut Tokens<'_>) -> Parsed<Clause> {
        self.clauses += 1;
        if self.clauses > MAX_CLAUSES {
            return Err(Problem::Meaning(format!("It has more than {MAX_CLAUSES} terms.")));
        }
        if tokens.peek_word().is_some() && tokens.is_before("(") {
            return self.function(tokens);
        }
        let (left, kind) = self.operand(tokens)?;
        match (left, schema::element(kind)) {
            (Operand::Path(over), Some(element)) => self.lambda(over, element, tokens),
            (left, _) => self.comparison(left, kind, tokens),
        }
    }

    fn function(&self, tokens: &mut Tokens<'_>) -> Parsed<Clause> {
        let name = tokens.word("a function")?;
        let operator = Operator::named(&name).filter(|operator| operator.is_function());
        let operator = operator.ok_or_else(|| Problem::Meaning(format!(
            "An unknown function with name '{name}' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed."
        )))?;
        tokens.symbol("(")?;
        let (left, left_type) = self.operand(tokens)?;
        tokens.symbol(",")?;
        let (right, right_type) = self.operand(tokens)?;
        tokens.symbol(")")?;
        if [left_type, right_type].iter().any(|kind| ![TEXT, ANY].contains(kind)) {
            return Err(Problem::Meaning(format!(
                "No function signature for the function with name '{name}' matches the specified arguments."
            )));
        }
        Ok(Clause::Test { operator, left, right })
    }

    fn comparison(&self, left: Operand, kind: Type, tokens: &mut Tokens<'_>) -> Parsed<Clause> {
        if tokens.takes_word("in") {
            tokens.symbol("(")?;
            let list = tokens.list(|tokens| self.comparable(kind, Operator::Equal, tokens))?;
            tokens.symbol(")")?;
            return Ok(Clause::In { value: left, list });
        }
        let operator = tokens.peek_word().and_then(Operator::named);
        match operator.filter(|operator| !operator.is_function()) {
            Some(operator) => {
                tokens.next();
                let right = self.comparable(kind, operator, tokens)?;
                Ok(Clause::Test { operator, left, right })
            }
            None if kind == TRUTH => Ok(Clause::Truth(left)),
            None => Err(tokens.expected("an operator").into()),
        }
    }

    /// An operand that compares with a value of this type.
    fn comparable(
        &self,
        with: Type,
        operator: Operator,
        tokens: &mut Tokens<'_>,
    ) -> Parsed<Operand> {
        let (operand, kind) = self.operand(tokens)?;
        if kind == with || [kind, with].contains(&ANY) {
            return Ok(operand);
        }
        Err(Problem::Meaning(format!(
            "A binary operator with incompatible types was detected. Found operand types '{with}' and '{kind}' for operator kind '{operator:?}'."
        )))
    }

    /// `any()`, `any(x: …)` or `all(x: …)` after a collection.
    fn lambda(&mut self, over: Path, element: Type, tokens: &mut Tokens<'_>) -> Parsed<Clause> {
        let is_all = tokens.takes_word("all");
        if !is_all && !tokens.takes_word("any") {
            return Err(tokens.expected("any or all").into());
        }
        tokens.symbol("(")?;
        if !is_all && tokens.takes_symbol(")") {
            return Ok(Clause::Lambda { is_all, over, body: None });
        }
        let variable = tokens.word("a variable")?;
        tokens.symbol(":")?;
        self.variables.push((variable, element));
        let body = tokens.nested(|tokens| tokens.expression(&mut |tokens| self.clause(tokens)))?;
        self.variables.pop();
        tokens.symbol(")")?;
        Ok(Clause::Lambda { is_all, over, body: Some(Box::new(body)) })
    }

    fn operand(&self, tokens: &mut Tokens<'_>) -> Parsed<(Operand, Type)> {
        let missing = tokens.expected("a value");
        match tokens.peek().cloned() {
            Some(Token::Quoted(_, text)) => {
                tokens.next();
                Ok((Operand::Literal(text.into()), TEXT))
            }
            Some(Token::Word(word)) => {
                tokens.next();
                if word.starts_with(|first: char| first.is_alphabetic() || "_$@".contains(first)) {
                    return self.named(word, tokens);
                }
                literal(&word).ok_or(Problem::Syntax(missing))
            }
            _ => Err(missing.into()),
        }
    }

    fn named(&self, name: String, tokens: &mut Tokens<'_>) -> Parsed<(Operand, Type)> {
        match name.as_str() {
            "true" | "false" => Ok((Operand::Literal((name == "true").into()), TRUTH)),
            "null" => Ok((Operand::Literal(Value::Null), ANY)),
            _ => self.path(&name, tokens).map(|(path, kind)| (Operand::Path(path), kind)),
        }
    }

    /// Steps as long as they are properties or casts; a lambda after a collection is not taken.
    fn path(&self, first: &str, tokens: &mut Tokens<'_>) -> Parsed<(Path, Type)> {
        let variable = self.variables.iter().rev().position(|(name, _)| name == first);
        let mut steps = Vec::new();
        let mut kind = match variable {
            Some(outward) => self.variables[self.variables.len() - 1 - outward].1,
            None => {
                let found = self.schema.property(first);
                let (name, kind) = found.ok_or_else(|| unknown(first, self.schema.name()))?;
                steps.push(Step::Property(name.to_owned()));
                kind
            }
        };
        while tokens.takes_symbol("/") && schema::element(kind).is_none() {
            let (step, next) = step(&tokens.word("a property")?, kind)?;
            steps.push(step);
            kind = next;
        }
        Ok((Path { variable, steps }, kind))
    }
}

fn literal(word: &str) -> Option<(Operand, Type)> {
    let number = serde_json::from_str::<Value>(word).ok().filter(Value::is_number);
    let number = number.map(|number| (Operand::Literal(number), NUMBER));
    number.or_else(|| Some((Operand::Time(time(word)?), TIME)))
}

/// One step of a path, from a value of this type.
fn step(name: &str, from: Type) -> Parsed<(Step, Type)> {
    if !schema::is_structured(from) {
        return Err(Problem::Meaning(format!(
            "The parent value for a property access of a property '{name}' is not a single value."
        )));
    }
    if name.contains('.') {
        let derived = schema::cast(name, from).ok_or_else(|| Problem::Meaning(format!(
            "The child type '{name}' in a cast was not an entity type. Casts can only be performed on entity types."
        )))?;
        return Ok((Step::Cast(derived.to_owned()), derived));
    }
    let (name, kind) = schema::property(from, name).ok_or_else(|| unknown(name, from))?;
    Ok((Step::Property(name.to_owned()), kind))
}

fn unknown(property: &str, of: &str) -> Problem {
    Problem::Meaning(format!("Could not find a property named '{property}' on type '{of}'."))
}
