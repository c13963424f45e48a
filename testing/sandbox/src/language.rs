//! The frame of a search language: words, quoted text and symbols, and clauses joined by `and`, `or`,
//! `not` and parentheses. What a clause says is the language's own matter (QQL, IQL).

use std::{collections::VecDeque, error::Error, fmt};

/// Deeper parentheses are refused, because every level takes a piece of the stack.
const MAX_DEPTH: usize = 32;

/// Why a query is not one: one sentence without a full stop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError(pub(crate) String);

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for SyntaxError {}

type Result<T> = std::result::Result<T, SyntaxError>;

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Bare text.
    Word(String),
    /// The quotation mark, and the text between two of it.
    Quoted(char, String),
    /// One of the language's symbols or a parenthesis.
    Symbol(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) => out.write_str(text),
            Self::Quoted(mark, text) => write!(out, "{mark}{text}{mark}"),
            Self::Symbol(symbol) => out.write_str(symbol),
        }
    }
}

/// The spelling rules of a search language.
pub(crate) struct Language {
    /// Marks around text.
    pub(crate) quotes: &'static [char],
    /// Whether a back-slash before the closing mark makes it a part of the text.
    pub(crate) back_slash_escapes: bool,
    /// Besides the parentheses; a symbol stands before those it begins with.
    pub(crate) symbols: &'static [&'static str],
    /// Characters of bare text.
    pub(crate) is_word: fn(char) -> bool,
}

impl Language {
    /// Reads a whole query; `clause` reads one clause from the front.
    pub(crate) fn parse<C>(
        &self,
        query: &str,
        clause: impl Fn(&mut Tokens) -> Result<C>,
    ) -> Result<Expression<C>> {
        let mut parser = Parser { tokens: self.tokens(query)?, clause, depth: 0 };
        let expression = parser.any()?;
        match parser.tokens.next() {
            None => Ok(expression),
            Some(token) => Err(SyntaxError(format!("unexpected {token}"))),
        }
    }

    fn tokens(&self, query: &str) -> Result<Tokens> {
        let mut tokens = VecDeque::new();
        let mut rest = query.trim_start();
        while !rest.is_empty() {
            let (token, after) = self.token(rest)?;
            tokens.push_back(token);
            rest = after.trim_start();
        }
        Ok(Tokens(tokens))
    }

    fn token<'a>(&self, rest: &'a str) -> Result<(Token, &'a str)> {
        if let Some(mark) = self.quotes.iter().copied().find(|mark| rest.starts_with(*mark)) {
            return self.quoted(mark, &rest[mark.len_utf8()..]);
        }
        let mut symbols = self.symbols.iter().chain(&["(", ")"]);
        if let Some(symbol) = symbols.find(|symbol| rest.starts_with(**symbol)) {
            return Ok((Token::Symbol(symbol), &rest[symbol.len()..]));
        }
        let end = rest.find(|letter| !(self.is_word)(letter)).unwrap_or(rest.len());
        match rest.split_at(end) {
            ("", rest) => Err(SyntaxError(format!("unexpected character at {rest}"))),
            (word, after) => Ok((Token::Word(word.to_owned()), after)),
        }
    }

    fn quoted<'a>(&self, mark: char, rest: &'a str) -> Result<(Token, &'a str)> {
        let closes = |at: usize| !(self.back_slash_escapes && rest[..at].ends_with('\\'));
        let (end, _) = rest
            .match_indices(mark)
            .find(|(at, _)| closes(*at))
            .ok_or_else(|| SyntaxError(format!("a closing {mark} is missing")))?;
        Ok((Token::Quoted(mark, rest[..end].to_owned()), &rest[end + mark.len_utf8()..]))
    }
}

/// What is left of a query.
pub(crate) struct Tokens(VecDeque<Token>);

impl Tokens {
    pub(crate) fn next(&mut self) -> Option<Token> {
        self.0.pop_front()
    }

    /// Takes the next token if it is this word, in any case.
    pub(crate) fn takes_word(&mut self, wanted: &str) -> bool {
        self.takes(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted)))
    }

    /// Takes the next token if it is this symbol.
    pub(crate) fn takes_symbol(&mut self, wanted: &str) -> bool {
        self.takes(|token| matches!(token, Token::Symbol(symbol) if *symbol == wanted))
    }

    /// Takes this symbol, which must be next.
    pub(crate) fn symbol(&mut self, wanted: &str) -> Result<()> {
        if self.takes_symbol(wanted) { Ok(()) } else { Err(self.expected(wanted)) }
    }

    /// Takes a word, which must be next; `what` names it in the error.
    pub(crate) fn word(&mut self, what: &str) -> Result<String> {
        match self.0.front() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.0.pop_front();
                Ok(word)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// The error for a query that goes on with something else, or ends.
    pub(crate) fn expected(&self, what: &str) -> SyntaxError {
        match self.0.front() {
            Some(token) => SyntaxError(format!("expected {what} before {token}")),
            None => SyntaxError(format!("expected {what} at the end")),
        }
    }

    fn takes(&mut self, fits: impl Fn(&Token) -> bool) -> bool {
        let found = self.0.front().is_some_and(fits);
        if found {
            self.0.pop_front();
        }
        found
    }
}

/// Clauses, joined.
#[derive(Debug, PartialEq)]
pub(crate) enum Expression<C> {
    /// One comparison.
    Clause(C),
    /// The opposite.
    Not(Box<Self>),
    /// All must hold.
    All(Vec<Self>),
    /// One must hold.
    Any(Vec<Self>),
}

impl<C> Expression<C> {
    /// Whether the expression holds, when `clause` tells it of a single clause.
    pub(crate) fn holds(&self, clause: &impl Fn(&C) -> bool) -> bool {
        match self {
            Self::Clause(one) => clause(one),
            Self::Not(inner) => !inner.holds(clause),
            Self::All(parts) => parts.iter().all(|part| part.holds(clause)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(clause)),
        }
    }
}

/// Recursive descent: `or` binds weaker than `and`, `and` weaker than `not`.
struct Parser<F> {
    tokens: Tokens,
    clause: F,
    depth: usize,
}

impl<C, F: Fn(&mut Tokens) -> Result<C>> Parser<F> {
    fn any(&mut self) -> Result<Expression<C>> {
        let mut parts = vec![self.all()?];
        while self.tokens.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(Expression::Any(parts))
    }

    fn all(&mut self) -> Result<Expression<C>> {
        let mut parts = vec![self.one()?];
        while self.tokens.takes_word("and") {
            parts.push(self.one()?);
        }
        Ok(Expression::All(parts))
    }

    fn one(&mut self) -> Result<Expression<C>> {
        if self.tokens.takes_word("not") {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.one()?))));
        }
        if !self.tokens.takes_symbol("(") {
            return Ok(Expression::Clause((self.clause)(&mut self.tokens)?));
        }
        self.deeper(|parser| {
            let inner = parser.any()?;
            parser.tokens.symbol(")")?;
            Ok(inner)
        })
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == MAX_DEPTH {
            return Err(SyntaxError("the query is nested too deeply".to_owned()));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A language whose clauses are single words.
    const WORDS: Language = Language {
        quotes: &['"'],
        back_slash_escapes: false,
        symbols: &["==", "="],
        is_word: char::is_alphanumeric,
    };

    /// Whether the query holds when exactly the words of `true_words` do.
    fn holds(query: &str, true_words: &str) -> Result<bool> {
        let expression = WORDS.parse(query, |tokens| tokens.word("a word"))?;
        Ok(expression.holds(&|word| true_words.contains(word.as_str())))
    }

    #[test]
    fn and_binds_stronger_than_or_and_not_strongest() {
        for (query, true_words, expected) in [
            ("a or b and c", "a", true),
            ("a or b and c", "b", false),
            ("a or b and c", "bc", true),
            ("(a or b) and c", "a", false),
            ("(a or b) and c", "ac", true),
            ("not a and b", "b", true),
            ("not (a and b)", "b", true),
            ("NOT not a", "a", true),
            ("a AND b Or c", "c", true),
        ] {
            assert_eq!(holds(query, true_words), Ok(expected), "{query} with {true_words}");
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (query, expected) in [
            ("", "expected a word at the end"),
            ("a and", "expected a word at the end"),
            ("a b", "unexpected b"),
            ("(a", "expected ) at the end"),
            ("a)", "unexpected )"),
            ("a or \"b\"", "expected a word before \"b\""),
            ("\"a", "a closing \" is missing"),
            ("a == b", "unexpected =="),
            ("a ; b", "unexpected character at ; b"),
        ] {
            assert_eq!(holds(query, ""), Err(SyntaxError(expected.to_owned())), "{query}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_takes_the_stack() {
        let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(holds(&nested(MAX_DEPTH), "a"), Ok(true));
        assert!(holds(&nested(MAX_DEPTH + 1), "a").is_err());
        assert!(holds(&format!("{}a", "not ".repeat(100_000)), "a").is_err());
    }

    #[test]
    fn a_back_slash_guards_the_mark_only_where_the_language_says_so() {
        let escaping = Language { back_slash_escapes: true, ..WORDS };
        let read = |language: &Language, query| language.tokens(query).map(|tokens| tokens.0);
        let quoted = |text: &str| Token::Quoted('"', text.to_owned());
        assert_eq!(read(&WORDS, r#""a\""#).unwrap(), [quoted(r"a\")]);
        assert_eq!(read(&escaping, r#""a\"b""#).unwrap(), [quoted(r#"a\"b"#)]);
        assert!(read(&escaping, r#""a\""#).is_err());
    }
}
