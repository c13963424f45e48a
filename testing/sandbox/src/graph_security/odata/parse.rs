//! Tokens to the parsed filter, with names and types checked against the model.

use serde_json::Value;

use super::{
    Entity, FilterError,
    model::{Property, Type, cast, property},
    syntax::{Comparison, Operand, Path, Predicate, Step, TextFunction},
    token::{Placed, Token, tokens},
};

type Parsed<T> = Result<T, FilterError>;

/// Parses a whole filter.
pub(super) fn filter(text: &str, entity: Entity) -> Parsed<Predicate> {
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens, at: 0, entity, variables: Vec::new() };
    let predicate = parser.disjunction()?;
    if parser.at == parser.tokens.len() { Ok(predicate) } else { Err(parser.syntax_error()) }
}

/// The type of an operand; `None` is that of `null`.
type Typed<T> = (T, Option<Type>);

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    entity: Entity,
    /// The range variables of the enclosing lambdas and their types, outermost first.
    variables: Vec<(String, Type)>,
}

impl Parser<'_> {
    fn disjunction(&mut self) -> Parsed<Predicate> {
        let mut left = self.conjunction()?;
        while self.take_name("or") {
            left = Predicate::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Predicate> {
        let mut left = self.negation()?;
        while self.take_name("and") {
            left = Predicate::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Predicate> {
        if self.take_name("not") {
            return Ok(Predicate::Not(Box::new(self.negation()?)));
        }
        if self.take('(') {
            let inside = self.disjunction()?;
            self.expect(')')?;
            return Ok(inside);
        }
        match self.function_name() {
            Some(name) => self.text_function(&name),
            None => self.comparison(),
        }
    }

    /// A name directly before a parenthesis.
    fn function_name(&self) -> Option<String> {
        match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            (Some((_, Token::Name(name))), Some((_, Token::Mark('(')))) => Some(name.clone()),
            _ => None,
        }
    }

    fn text_function(&mut self, name: &str) -> Parsed<Predicate> {
        let function = TextFunction::named(name).ok_or_else(|| unknown_function(name))?;
        self.at += 1;
        self.expect('(')?;
        let (whole, whole_type) = self.operand()?;
        self.expect(',')?;
        let (part, part_type) = self.operand()?;
        self.expect(')')?;
        if [whole_type, part_type].iter().flatten().any(|kind| *kind != Type::Text) {
            return Err(FilterError::new(format!(
                "No function signature for the function with name '{name}' matches the specified arguments."
            )));
        }
        Ok(Predicate::Text { function, whole, part })
    }

    fn comparison(&mut self) -> Parsed<Predicate> {
        match self.operand()? {
            (Operand::Path(over), Some(Type::Many(element))) => self.lambda(over, *element),
            (left, kind) => self.relation(left, kind),
        }
    }

    fn relation(&mut self, left: Operand, kind: Option<Type>) -> Parsed<Predicate> {
        if self.take_name("in") {
            return self.membership(left, kind);
        }
        if let Some(comparison) = self.peek_name().and_then(Comparison::named) {
            self.at += 1;
            let (right, right_kind) = self.operand()?;
            compatible(kind, right_kind, comparison.kind())?;
            return Ok(Predicate::Compare { left, comparison, right });
        }
        if kind == Some(Type::Truth) {
            Ok(Predicate::Truth(left))
        } else {
            Err(self.syntax_error())
        }
    }

    fn membership(&mut self, value: Operand, kind: Option<Type>) -> Parsed<Predicate> {
        self.expect('(')?;
        let mut list = Vec::new();
        loop {
            let (item, item_type) = self.operand()?;
            compatible(kind, item_type, "Equal")?;
            list.push(item);
            if !self.take(',') {
                break;
            }
        }
        self.expect(')')?;
        Ok(Predicate::In { value, list })
    }

    /// `any()`, `any(x: …)` or `all(x: …)` behind a collection.
    fn lambda(&mut self, over: Path, element: Property) -> Parsed<Predicate> {
        let is_all = self.take_name("all");
        if !is_all && !self.take_name("any") {
            return Err(self.syntax_error());
        }
        self.expect('(')?;
        if !is_all && self.take(')') {
            return Ok(Predicate::Lambda { is_all, over, body: None });
        }
        let variable = self.name()?;
        self.expect(':')?;
        self.variables.push((variable, element.kind()));
        let body = self.disjunction()?;
        self.variables.pop();
        self.expect(')')?;
        Ok(Predicate::Lambda { is_all, over, body: Some(Box::new(body)) })
    }

    fn operand(&mut self) -> Parsed<Typed<Operand>> {
        match self.tokens.get(self.at) {
            Some((_, Token::Literal(value))) => {
                let value = value.clone();
                self.at += 1;
                let kind = literal_type(&value);
                Ok((Operand::Literal(value), kind))
            }
            Some((_, Token::Time(time))) => {
                let time = *time;
                self.at += 1;
                Ok((Operand::Time(time), Some(Type::Time)))
            }
            Some((_, Token::Name(_))) => {
                let (path, kind) = self.path()?;
                Ok((Operand::Path(path), Some(kind)))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// Steps as long as they are properties or casts; a lambda behind a collection is not taken.
    fn path(&mut self) -> Parsed<(Path, Type)> {
        let first = self.name()?;
        let innermost = self.variables.iter().rev().position(|(name, _)| *name == first);
        let mut steps = Vec::new();
        let mut kind = match innermost {
            Some(outward) => self.variables[self.variables.len() - 1 - outward].1,
            None => {
                let (step, kind) = step(&first, Type::One(self.entity.name()))?;
                steps.push(step);
                kind
            }
        };
        while self.take('/') {
            if matches!(kind, Type::Many(_)) {
                break;
            }
            let (next, next_kind) = step(&self.name()?, kind)?;
            steps.push(next);
            kind = next_kind;
        }
        Ok((Path { variable: innermost, steps }, kind))
    }

    fn peek_name(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some((_, Token::Name(name))) => Some(name),
            _ => None,
        }
    }

    fn take(&mut self, mark: char) -> bool {
        let is_next =
            matches!(self.tokens.get(self.at), Some((_, Token::Mark(next))) if *next == mark);
        self.at += usize::from(is_next);
        is_next
    }

    fn take_name(&mut self, name: &str) -> bool {
        let is_next = self.peek_name() == Some(name);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, mark: char) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(self.syntax_error()) }
    }

    fn name(&mut self) -> Parsed<String> {
        let name = self.peek_name().map(str::to_owned).ok_or_else(|| self.syntax_error())?;
        self.at += 1;
        Ok(name)
    }

    fn syntax_error(&self) -> FilterError {
        let position = self.tokens.get(self.at).map_or(self.text.len(), |(position, _)| *position);
        FilterError::syntax(position, self.text)
    }
}

fn unknown_function(name: &str) -> FilterError {
    FilterError::new(format!(
        "An unknown function with name '{name}' was found. This may also be a function import or a key lookup on a navigation property, which is not allowed."
    ))
}

/// One step of a path, from a value of this type.
fn step(name: &str, from: Type) -> Parsed<(Step, Type)> {
    let Type::One(type_name) = from else {
        return Err(FilterError::new(format!(
            "The parent value for a property access of a property '{name}' is not a single value."
        )));
    };
    if name.contains('.') {
        let derived = cast(name, type_name).ok_or_else(|| {
            FilterError::new(format!(
                "The child type '{name}' in a cast was not an entity type. Casts can only be performed on entity types."
            ))
        })?;
        return Ok((Step::Cast(derived), Type::One(derived)));
    }
    let found = property(type_name, name).ok_or_else(|| {
        FilterError::new(format!("Could not find a property named '{name}' on type '{type_name}'."))
    })?;
    Ok((Step::Property(name.to_owned()), found.kind()))
}

fn literal_type(value: &Value) -> Option<Type> {
    match value {
        Value::String(_) => Some(Type::Text),
        Value::Number(_) => Some(Type::Number),
        Value::Bool(_) => Some(Type::Truth),
        _ => None,
    }
}

/// Values of different types do not compare; `null` compares with everything.
fn compatible(left: Option<Type>, right: Option<Type>, operator: &str) -> Parsed<()> {
    match (left, right) {
        (Some(left), Some(right)) if left != right => Err(FilterError::new(format!(
            "A binary operator with incompatible types was detected. Found operand types '{}' and '{}' for operator kind '{operator}'.",
            left.name(),
            right.name()
        ))),
        _ => Ok(()),
    }
}
