//! What the query languages of the products have in common: tokens, a reader of them, and clauses joined by
//! `and`, `or`, `not` and parentheses. Each language (KQL, OData, QQL, IQL) adds its own clauses.

mod expression;

use std::{collections::VecDeque, fmt};

pub(crate) use expression::Expression;

/// Levels of parentheses. Deeper ones are refused, because every level takes a part of the stack.
const MAX_DEPTH: usize = 32;

/// Why a text does not follow the grammar. Prints one sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Where the unexpected token begins, in bytes.
    pub(crate) at: usize,
    /// Whether a quotation mark has no partner.
    pub(crate) is_unterminated: bool,
    reason: String,
}

impl SyntaxError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { at: 0, is_unterminated: false, reason: reason.into() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reason)
    }
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Text without quotation marks.
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

/// The spelling rules of a query language.
pub(crate) struct Language {
    /// Marks around text.
    pub(crate) quotes: &'static [char],
    /// Returns the text up to the closing mark, and what follows that mark. `None`: it is not closed.
    pub(crate) unquote: fn(&str, char) -> Option<(String, &str)>,
    /// Besides the parentheses; a symbol stands before those it begins with.
    pub(crate) symbols: &'static [&'static str],
    /// Whether a character continues a word that begins with this text.
    pub(crate) is_word: fn(&str, char) -> bool,
    /// Whether keywords may be written in any case.
    pub(crate) ignores_case: bool,
    /// Whether `//` begins a comment.
    pub(crate) has_comments: bool,
}

/// Reads up to the next mark, without escapes.
pub(crate) fn unquote_plainly(rest: &str, mark: char) -> Option<(String, &str)> {
    rest.split_once(mark).map(|(text, rest)| (text.to_owned(), rest))
}

impl Language {
    /// Splits a query into tokens.
    pub(crate) fn tokens<'a>(&self, query: &'a str) -> Result<Tokens<'a>, SyntaxError> {
        let mut tokens = VecDeque::new();
        let mut rest = self.skip_blanks(query);
        while !rest.is_empty() {
            let at = query.len() - rest.len();
            let (token, after) = self.token(rest).map_err(|error| SyntaxError { at, ..error })?;
            tokens.push_back((at, token));
            rest = self.skip_blanks(after);
        }
        Ok(Tokens { query, tokens, depth: 0, ignores_case: self.ignores_case })
    }

    /// Reads a query that consists of clauses; `clause` reads one of them from the front.
    pub(crate) fn parse<C>(
        &self,
        query: &str,
        mut clause: impl FnMut(&mut Tokens<'_>) -> Result<C, SyntaxError>,
    ) -> Result<Expression<C>, SyntaxError> {
        let mut tokens = self.tokens(query)?;
        let expression = tokens.expression(&mut clause)?;
        tokens.end()?;
        Ok(expression)
    }

    fn skip_blanks<'a>(&self, text: &'a str) -> &'a str {
        let mut text = text.trim_start();
        while self.has_comments && text.starts_with("//") {
            text = text.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        text
    }

    fn token<'a>(&self, rest: &'a str) -> Result<(Token, &'a str), SyntaxError> {
        if let Some(mark) = self.quotes.iter().copied().find(|mark| rest.starts_with(*mark)) {
            let quoted = (self.unquote)(&rest[mark.len_utf8()..], mark);
            let (text, after) = quoted.ok_or_else(|| SyntaxError {
                is_unterminated: true,
                ..SyntaxError::new(format!("a closing {mark} is missing"))
            })?;
            return Ok((Token::Quoted(mark, text), after));
        }
        let mut symbols = self.symbols.iter().chain(&["(", ")"]);
        if let Some(symbol) = symbols.find(|symbol| rest.starts_with(**symbol)) {
            return Ok((Token::Symbol(symbol), &rest[symbol.len()..]));
        }
        let ends = |(at, letter): &(usize, char)| !(self.is_word)(&rest[..*at], *letter);
        let end = rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at);
        match rest.split_at(end) {
            ("", rest) => Err(SyntaxError::new(format!("unexpected character at {rest}"))),
            (word, after) => Ok((Token::Word(word.to_owned()), after)),
        }
    }
}

/// The tokens that are not read yet.
pub(crate) struct Tokens<'a> {
    query: &'a str,
    tokens: VecDeque<(usize, Token)>,
    depth: usize,
    ignores_case: bool,
}

impl<'a> Tokens<'a> {
    pub(crate) fn next(&mut self) -> Option<Token> {
        self.tokens.pop_front().map(|(_, token)| token)
    }

    pub(crate) fn peek(&self) -> Option<&Token> {
        self.tokens.front().map(|(_, token)| token)
    }

    /// The next token if it is a word.
    pub(crate) fn peek_word(&self) -> Option<&str> {
        match self.peek()? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether the token after the next one is this symbol.
    pub(crate) fn is_before(&self, symbol: &str) -> bool {
        matches!(self.tokens.get(1), Some((_, Token::Symbol(second))) if *second == symbol)
    }

    /// Takes the next token if it is this word.
    pub(crate) fn takes_word(&mut self, expected: &str) -> bool {
        let is_next = self.peek_word().is_some_and(|word| match self.ignores_case {
            true => word.eq_ignore_ascii_case(expected),
            false => word == expected,
        });
        is_next && self.next().is_some()
    }

    /// Takes the next token if it is this symbol.
    pub(crate) fn takes_symbol(&mut self, expected: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Symbol(symbol)) if *symbol == expected);
        is_next && self.next().is_some()
    }

    /// Takes this symbol, which must be next.
    pub(crate) fn symbol(&mut self, expected: &str) -> Result<(), SyntaxError> {
        if self.takes_symbol(expected) { Ok(()) } else { Err(self.expected(expected)) }
    }

    /// Takes a word, which must be next; `meaning` names it in the error.
    pub(crate) fn word(&mut self, meaning: &str) -> Result<String, SyntaxError> {
        let word = self.peek_word().map(str::to_owned);
        let word = word.ok_or_else(|| self.expected(meaning))?;
        self.next();
        Ok(word)
    }

    /// Takes everything before this symbol and returns it as it is written.
    pub(crate) fn text_before(&mut self, symbol: &str) -> Result<&'a str, SyntaxError> {
        let start = self.position();
        while !matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol) {
            self.next().ok_or_else(|| self.expected(symbol))?;
        }
        Ok(&self.query[start..self.position()])
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), SyntaxError> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(self.error(format!("unexpected {token}"))),
        }
    }

    /// The error for a query that goes on with something else, or ends.
    pub(crate) fn expected(&self, meaning: &str) -> SyntaxError {
        self.error(match self.peek() {
            Some(token) => format!("expected {meaning} before {token}"),
            None => format!("expected {meaning} at the end"),
        })
    }

    fn error(&self, reason: String) -> SyntaxError {
        SyntaxError { at: self.position(), ..SyntaxError::new(reason) }
    }

    fn position(&self) -> usize {
        self.tokens.front().map_or(self.query.len(), |(at, _)| *at)
    }

    /// Reads `item, item, …`: at least one.
    pub(crate) fn list<T, E>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut items = vec![item(self)?];
        while self.takes_symbol(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Reads something one level deeper.
    pub(crate) fn nested<T, E: From<SyntaxError>>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("the query is nested too deeply".to_owned()).into());
        }
        self.depth += 1;
        let result = read(self);
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
        unquote: unquote_plainly,
        symbols: &["==", "="],
        is_word: |_, letter| letter.is_alphanumeric(),
        ignores_case: true,
        has_comments: false,
    };

    /// Whether the query holds when exactly the words of `true_words` do; `u` is unknown.
    fn truth(query: &str, true_words: &str) -> Result<Option<bool>, SyntaxError> {
        let expression = WORDS.parse(query, |tokens| tokens.word("a word"))?;
        Ok(expression.truth(&|word| (word != "u").then(|| true_words.contains(word.as_str()))))
    }

    #[test]
    fn and_binds_stronger_than_or_and_not_strongest() {
        for (query, true_words, expected) in [
            ("a or b and c", "a", Some(true)),
            ("a or b and c", "b", Some(false)),
            ("a or b and c", "bc", Some(true)),
            ("(a or b) and c", "a", Some(false)),
            ("(a or b) and c", "ac", Some(true)),
            ("not a and b", "b", Some(true)),
            ("not (a and b)", "b", Some(true)),
            ("NOT not a", "a", Some(true)),
            ("a AND b Or c", "c", Some(true)),
            ("u or a", "a", Some(true)),
            ("u or a", "", None),
            ("u and a", "", Some(false)),
            ("not u and a", "a", None),
        ] {
            assert_eq!(truth(query, true_words), Ok(expected), "{query} with {true_words}");
        }
    }

    #[test]
    fn errors_name_the_reason_and_the_position() {
        for (query, at, expected) in [
            ("", 0, "expected a word at the end"),
            ("a and", 5, "expected a word at the end"),
            ("a b", 2, "unexpected b"),
            ("(a", 2, "expected ) at the end"),
            ("a)", 1, "unexpected )"),
            ("a or \"b\"", 5, "expected a word before \"b\""),
            ("\"a", 0, "a closing \" is missing"),
            ("a == b", 2, "unexpected =="),
            ("a ; b", 2, "unexpected character at ; b"),
        ] {
            let error = truth(query, "").expect_err(query);
            assert_eq!((error.at, error.to_string().as_str()), (at, expected), "{query}");
            assert_eq!(error.is_unterminated, query == "\"a");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_takes_the_stack() {
        let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert_eq!(truth(&nested(MAX_DEPTH), "a"), Ok(Some(true)));
        assert!(truth(&nested(MAX_DEPTH + 1), "a").is_err());
        assert!(truth(&format!("{}a", "not ".repeat(100_000)), "a").is_err());
    }
}
