//! What log and metrics say of a caller: the token, and why it was refused.

use std::sync::OnceLock;

use crate::error::{Error, ErrorKind};

/// What was refused: by the relay the caller, or by the product what the token holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The address is not one of `ALLOWED_SOURCES`.
    Address,
    /// There was no `Authorization` header.
    MissingToken,
    /// The token does not verify, is not meant for this relay, or lacks a claim.
    Token,
    /// The product did not accept the credentials.
    Credentials,
    /// The product accepted the credentials, but they lack a permission.
    Permission,
}

impl Refusal {
    /// Returns what the log calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::MissingToken => "missing token",
            Self::Token => "token",
            Self::Credentials => "credentials",
            Self::Permission => "permission",
        }
    }

    /// Returns whether the product refused, and not the relay.
    pub(crate) fn is_of_product(self) -> bool {
        matches!(self, Self::Credentials | Self::Permission)
    }
}

/// What is known of the caller of one call.
#[derive(Debug, Default)]
pub(crate) struct CallerRecord {
    token: OnceLock<String>,
    refusal: OnceLock<Refusal>,
}

impl CallerRecord {
    /// Keeps what the log calls the token, which need not be verified.
    pub(crate) fn note_token(&self, id: String) {
        // A call has one token, so a second note would be the same.
        let _ = self.token.set(id);
    }

    /// Keeps that the relay refused the caller.
    pub(crate) fn note_refusal(&self, refusal: Refusal) {
        let _ = self.refusal.set(refusal);
    }

    /// Returns what the log calls the token; `None` without a token of the right form.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.get().map(String::as_str)
    }

    /// Returns what an error of this call says was refused.
    pub(crate) fn refusal(&self, error: &Error) -> Option<Refusal> {
        match error.kind() {
            ErrorKind::Unauthorized => {
                Some(self.refusal.get().copied().unwrap_or(Refusal::Credentials))
            }
            ErrorKind::Forbidden => Some(Refusal::Permission),
            _ => None,
        }
    }
}
