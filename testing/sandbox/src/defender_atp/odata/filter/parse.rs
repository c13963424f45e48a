//! Words to a filter.

use super::{
    Comparison, Filter, Literal, Problem, TextTest,
    words::{Word, Words},
};

/// OData's own bound on the size of a filter; chains of 20 terms stay well below it.
const MOST_TERMS: usize = 50;

/// Reads a whole filter over these properties.
pub(super) fn filter(text: &str, properties: &'static [&'static str]) -> Result<Filter, Problem> {
    let mut parser = Parser { words: Words::of(text)?, properties, terms: 0 };
    let filter = parser.any()?;
    match parser.words.next() {
        None => Ok(filter),
        rest => Err(unexpected(rest)),
    }
}

/// `any` := `all` (`or` `all`)*; `all` := `one` (`and` `one`)*.
struct Parser {
    words: Words,
    properties: &'static [&'static str],
    terms: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Filter, Problem> {
        let mut filters = vec![self.all()?];
        while self.words.skip("or") {
            filters.push(self.all()?);
        }
        Ok(one_or(filters, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, Problem> {
        let mut filters = vec![self.one()?];
        while self.words.skip("and") {
            filters.push(self.one()?);
        }
        Ok(one_or(filters, Filter::All))
    }

    fn one(&mut self) -> Result<Filter, Problem> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(Problem::odata(format!("$filter has more than {MOST_TERMS} terms.")));
        }
        match self.words.next() {
            Some(Word::Open) => {
                let inner = self.any()?;
                self.expect(Word::Close)?;
                Ok(inner)
            }
            Some(Word::Bare(word)) if word == "not" => Ok(Filter::Not(Box::new(self.one()?))),
            Some(Word::Bare(word)) => match TextTest::named(&word) {
                Some(test) => self.text_test(test),
                None => self.comparison(&word),
            },
            other => Err(unexpected(other)),
        }
    }

    fn text_test(&mut self, test: TextTest) -> Result<Filter, Problem> {
        self.expect(Word::Open)?;
        let property = match self.words.next() {
            Some(Word::Bare(name)) => self.property(&name)?,
            other => return Err(unexpected(other)),
        };
        self.expect(Word::Comma)?;
        let part = match self.words.next() {
            Some(Word::Text(part)) => part,
            other => return Err(unexpected(other)),
        };
        self.expect(Word::Close)?;
        Ok(Filter::Text(test, property, part))
    }

    fn comparison(&mut self, name: &str) -> Result<Filter, Problem> {
        let property = self.property(name)?;
        match self.words.next() {
            Some(Word::Bare(word)) if word == "in" => Ok(Filter::OneOf(property, self.literals()?)),
            Some(Word::Bare(word)) => {
                let comparison =
                    Comparison::named(&word).ok_or_else(|| unexpected(Some(Word::Bare(word))))?;
                Ok(Filter::Compare(property, comparison, self.literal()?))
            }
            other => Err(unexpected(other)),
        }
    }

    fn literals(&mut self) -> Result<Vec<Literal>, Problem> {
        self.expect(Word::Open)?;
        let mut literals = vec![self.literal()?];
        loop {
            match self.words.next() {
                Some(Word::Comma) => literals.push(self.literal()?),
                Some(Word::Close) => return Ok(literals),
                other => return Err(unexpected(other)),
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, Problem> {
        let word = self.words.next();
        word.clone().and_then(Literal::of).ok_or_else(|| unexpected(word))
    }

    fn property(&self, name: &str) -> Result<&'static str, Problem> {
        let known = self.properties.iter().find(|known| known.eq_ignore_ascii_case(name));
        known.copied().ok_or_else(|| {
            Problem::odata(format!("The property '{name}' cannot be used in $filter here."))
        })
    }

    fn expect(&mut self, wanted: Word) -> Result<(), Problem> {
        let word = self.words.next();
        if word.as_ref() == Some(&wanted) { Ok(()) } else { Err(unexpected(word)) }
    }
}

fn one_or(mut filters: Vec<Filter>, group: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            group(filters)
        }
    }
}

fn unexpected(word: Option<Word>) -> Problem {
    Problem::odata(match word {
        Some(word) => format!("Syntax error in $filter near {word}."),
        None => "$filter ends too early.".to_owned(),
    })
}
