//! What can go wrong, by meaning: a kind, a sentence for the caller, and details for the log only.

mod subjects;

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use serde::Serialize;

pub(crate) use subjects::joined;

/// A result whose failure may be shown to the caller.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a failure means. Decides the wire code and whether a retry may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller sent something that cannot be asked.
    InvalidInput,
    /// The request's body has the wrong shape.
    InvalidBody,
    /// The token or the credentials in it were refused.
    Unauthorized,
    /// The credentials are good but lack a permission.
    Forbidden,
    /// The product does not know what was asked for, or the URL is wrong.
    NotFound,
    /// The product's quota is used up; it may have said for how long.
    RateLimited {
        /// The wait the product asked for.
        after: Option<Duration>,
    },
    /// The product is out of order for now (502, 503, 504).
    Unavailable,
    /// The product failed by itself (500).
    Internal,
    /// No connection, or no name.
    Unreachable,
    /// A connection, but no whole answer: it did not come in time, or broke off.
    Interrupted,
    /// No request was sent, because one before it failed in a way that this one would, too.
    NotAsked,
    /// The product's certificate was not accepted.
    Untrusted,
    /// The product's answer is not what its documentation says.
    Malformed,
    /// The product's answer is larger than a relay reads; asking for less may help.
    TooLarge,
    /// The action or type is not one this relay offers.
    Unsupported,
    /// The relay's own settings are wrong.
    Misconfigured,
    /// Anything else.
    Unexpected,
}

impl ErrorKind {
    fn code(self) -> &'static str {
        match self {
            Self::InvalidInput | Self::InvalidBody | Self::Unsupported => "invalid argument",
            Self::Unauthorized => "authorization error",
            Self::Forbidden => "permission denied",
            Self::NotFound => "not found",
            Self::RateLimited { .. } => "too many requests",
            Self::Unavailable => "service unavailable",
            Self::Internal | Self::Misconfigured => "internal error",
            Self::Unreachable | Self::Interrupted | Self::NotAsked => "connection error",
            Self::Untrusted | Self::Malformed | Self::TooLarge | Self::Unexpected => "unknown",
        }
    }

    /// Whether further calls with the same credentials to the same place would fail alike.
    #[must_use]
    pub fn concerns_all_calls(self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::Forbidden
                | Self::RateLimited { .. }
                | Self::Unreachable
                | Self::Untrusted
        )
    }
}

/// Follows the message of a change whose outcome is not known.
const OUTCOME_UNKNOWN: &str = "Whether it was done is not known; look there before you ask again.";

/// How much of the answer the error cost; the `type` of an error entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Fatal,
    Warning,
}

/// An error: its meaning, a message that the caller may read, and details for the log.
///
/// The message is put together when it is shown, from the sentence, what precedes it
/// ([`with_preface`](Self::with_preface)), advice ([`with_advice`](Self::with_advice)) and the
/// warning that a change may have been made ([`outcome_unknown`](Self::outcome_unknown)).
#[derive(Debug, Clone)]
#[must_use]
pub struct Error(
    // Boxed, because a large error would make every result large.
    Box<Parts>,
);

#[derive(Debug, Clone)]
struct Parts {
    level: Level,
    kind: ErrorKind,
    code: Option<Cow<'static, str>>,
    preface: Option<Cow<'static, str>>,
    sentence: String,
    advice: Option<Cow<'static, str>>,
    is_outcome_unknown: bool,
    /// The values of the observables that it is about.
    subjects: Vec<String>,
    /// Whether the message names them.
    has_names: bool,
    context: Vec<(&'static str, String)>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Creates a fatal error. The sentence says what happened and what to do, without credentials
    /// or internals.
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            level: Level::Fatal,
            kind,
            code: None,
            preface: None,
            sentence: sentence.into(),
            advice: None,
            is_outcome_unknown: false,
            subjects: Vec::new(),
            has_names: false,
            context: Vec::new(),
            source: None,
        }))
    }

    /// Makes it a warning: something is missing from an answer that is otherwise good.
    pub fn as_warning(mut self) -> Self {
        self.0.level = Level::Warning;
        self
    }

    /// Replaces the kind.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Replaces the kind's code.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Replaces the sentence.
    pub fn with_message(mut self, sentence: impl Into<String>) -> Self {
        self.0.sentence = sentence.into();
        self
    }

    /// Puts a whole sentence before the message, such as what is missing from the answer.
    pub fn with_preface(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.0.preface = Some(sentence.into());
        self
    }

    /// Ends the sentence with what to do about it, after a semicolon; without a final dot.
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Adds that the change may have been made all the same, and what to do before it is made twice.
    pub fn outcome_unknown(mut self) -> Self {
        self.0.is_outcome_unknown = true;
        self
    }

    /// Adds a detail that only the log shows.
    pub fn with_context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Keeps what caused it, for the log.
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Returns its meaning.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the `code` of its entry in the answer.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.code.as_deref().unwrap_or(self.0.kind.code())
    }

    /// Returns the message for the caller.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        let Parts { preface, advice, is_outcome_unknown, has_names, .. } = &*self.0;
        if preface.is_none() && advice.is_none() && !is_outcome_unknown && !has_names {
            return Cow::Borrowed(&self.0.sentence);
        }
        Cow::Owned(self.to_string())
    }

    /// Returns whether both tell of the same failure, whatever its level and what was put around the
    /// sentence.
    #[must_use]
    pub fn is_same_failure(&self, other: &Self) -> bool {
        self.0.sentence == other.0.sentence
    }

    /// Returns whether the answer is otherwise good.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.0.level == Level::Warning
    }

    /// Returns whether the change that failed may have been made all the same.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.is_outcome_unknown
    }

    /// Returns its source, if that is of this type.
    pub(crate) fn source_of_type<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// Returns the details for the log, as `name=value` pairs with the chain of sources last; never
    /// for a caller.
    #[must_use]
    pub fn details(&self) -> String {
        let mut details: Vec<_> =
            self.0.context.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            details.push(format!("cause={error}"));
            source = error.source();
        }
        details.join(" ")
    }

    /// Returns its entry in the answer. The code is redacted too, because some are a product's.
    pub(crate) fn entry(&self, redacted: impl Fn(&str) -> String) -> Entry {
        let (code, message) = (redacted(self.code()), redacted(&self.message()));
        Entry { level: self.0.level, code, message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(preface) = &self.0.preface {
            write!(f, "{preface} ")?;
        }
        let bare = self.0.sentence.trim_end_matches('.');
        match &self.0.advice {
            Some(advice) => write!(f, "{bare}; {advice}.")?,
            None if self.0.is_outcome_unknown => write!(f, "{bare}.")?,
            None if self.0.has_names => write!(f, "{bare}.")?,
            None => f.write_str(&self.0.sentence)?,
        }
        if self.0.is_outcome_unknown {
            write!(f, " {OUTCOME_UNKNOWN}")?;
        }
        if self.0.has_names { write!(f, " {}", subjects::names(&self.0.subjects)) } else { Ok(()) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// An error entry of the envelope.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    #[serde(rename = "type")]
    level: Level,
    code: String,
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> Error {
        Error::new(ErrorKind::Internal, "The product failed.")
    }

    #[test]
    fn the_parts_of_a_message_are_put_together_once() {
        let check = |error: Error, message: &str| {
            assert_eq!(error.message(), message);
            assert_eq!(error.to_string(), message);
        };
        check(error(), "The product failed.");
        check(error().with_advice("try again"), "The product failed; try again.");
        check(
            error().with_preface("Events are missing.").with_message("It is gone: x"),
            "Events are missing. It is gone: x",
        );
        check(
            error().outcome_unknown().outcome_unknown().with_message("No answer"),
            "No answer. Whether it was done is not known; look there before you ask again.",
        );
        check(
            error().with_preface("Nothing was done.").with_advice("call us").outcome_unknown(),
            "Nothing was done. The product failed; call us. \
             Whether it was done is not known; look there before you ask again.",
        );
    }

    #[test]
    fn the_source_is_the_standard_one_and_is_logged_last() {
        let error = error().with_source(fmt::Error).with_context("product.status", 500);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source, Some(fmt::Error.to_string()));
        assert_eq!(error.details(), format!("product.status=500 cause={}", fmt::Error));
        assert!(error.source_of_type::<fmt::Error>().is_some());
    }
}
