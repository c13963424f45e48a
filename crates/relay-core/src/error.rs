//! What can go wrong, by meaning: a kind, a sentence for the caller, and details for the log only.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use serde::Serialize;

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
    /// No connection, no name, no answer in time, or an answer that broke off.
    Unreachable,
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
            Self::Unreachable => "connection error",
            Self::Untrusted | Self::Malformed | Self::TooLarge | Self::Unexpected => "unknown",
        }
    }

    /// Whether further calls with the same credentials to the same place would fail alike.
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

const IN_DOUBT: &str = "Whether it was done is not known; look there before you ask again.";

/// How much of the answer the failure cost; the `type` of an error entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Weight {
    Fatal,
    Warning,
}

/// A failure: what it means, one sentence that the caller may read, and details for the log.
#[derive(Debug, Clone)]
pub struct Error {
    weight: Weight,
    kind: ErrorKind,
    code: Option<Cow<'static, str>>,
    message: String,
    in_doubt: bool,
    context: Vec<(&'static str, String)>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure and the sentence for the caller: what happened and what to do, without
    /// credentials or internals.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        let (weight, code, in_doubt) = (Weight::Fatal, None, false);
        Self { weight, kind, code, message, in_doubt, context: Vec::new(), cause: None }
    }

    /// The same failure as a warning: something is missing from an answer that is otherwise good.
    pub fn as_warning(self) -> Self {
        Self { weight: Weight::Warning, ..self }
    }

    /// The same failure under another wire code than its kind's.
    pub fn with_code(self, code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    /// The same failure with another sentence.
    pub fn with_message(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same failure of something that may have been done all the same; the sentence says so,
    /// and what to do before it is done twice.
    pub fn outcome_unknown(self) -> Self {
        if self.in_doubt {
            return self;
        }
        let message = format!("{}. {IN_DOUBT}", self.message.trim_end_matches('.'));
        Self { in_doubt: true, message, ..self }
    }

    /// Adds a detail that only the log shows.
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((name, value.to_string()));
        self
    }

    /// Keeps what caused it, for the log.
    pub fn with_source(self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// What it means.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The code on the wire.
    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or(self.kind.code())
    }

    /// The sentence for the caller.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the answer is otherwise good.
    pub fn is_warning(&self) -> bool {
        self.weight == Weight::Warning
    }

    /// Whether what failed may have been done all the same.
    pub fn is_outcome_unknown(&self) -> bool {
        self.in_doubt
    }

    /// What caused it, if that is of this type.
    pub(crate) fn cause_of_type<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.cause.as_deref()?.downcast_ref()
    }

    /// The details for the log, as `name=value` pairs with the chain of causes last; never for a
    /// caller.
    pub fn details(&self) -> String {
        let mut details: Vec<_> =
            self.context.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut cause = self.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        while let Some(error) = cause {
            details.push(format!("cause={error}"));
            cause = error.source();
        }
        details.join(" ")
    }

    /// What the caller sees of it: a product may have had its say in the code, too.
    pub(crate) fn entry(&self, redacted: impl Fn(&str) -> String) -> Entry {
        Entry { weight: self.weight, code: redacted(self.code()), message: redacted(&self.message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// An error entry of the envelope.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    #[serde(rename = "type")]
    weight: Weight,
    code: String,
    message: String,
}
