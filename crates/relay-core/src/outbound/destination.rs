//! The errors of requests without a whole response.

use std::sync::Arc;

use super::{guard, tls};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind},
};

const TRY_LATER: &str = "try again later";

/// The service that a request goes to, as messages name it.
pub(super) struct Destination {
    pub(super) service: Arc<str>,
    /// Scheme, host and port, without path and query.
    pub(super) origin: String,
    /// Whether the request changes something.
    pub(super) is_change: bool,
}

impl Destination {
    pub(super) fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        let Self { service, origin, .. } = self;
        let unreachable = |text: String| Error::new(ErrorKind::Unreachable, text);
        let failure = match tls::refusal(&error) {
            Some(reason) => self.untrusted(reason),
            None if guard::is_forbidden(&error) => unreachable(format!(
                "{service} was not called at {origin}, because a token may not name an address inside a network; the relay's operator can set ALLOW_PRIVATE_HOSTS, or name the host in its settings."
            )),
            None => unreachable(format!(
                "{service} cannot be reached at {origin}; check the URL and the network."
            )),
        };
        failure.with_source(error)
    }

    fn untrusted(&self, reason: &str) -> Error {
        let Self { service, origin, .. } = self;
        let text = format!("The certificate of {service} at {origin} is not trusted: {reason}.");
        let failure = Error::new(ErrorKind::Untrusted, text);
        if !tls::is_about_time(reason) {
            return failure;
        }
        let now = Clock::system().now();
        let hint = "if the certificate's dates are right, the clock of this function is wrong";
        failure.with_context("clock", format!("{now:.0}")).with_context("hint", hint)
    }

    pub(super) fn out_of_time(&self) -> Error {
        self.ended_early(ErrorKind::Interrupted, "did not answer in time", TRY_LATER)
    }

    /// Returns the error for a connection that ended before the first byte of a response.
    pub(super) fn interrupted(&self, error: reqwest::Error) -> Error {
        if self.is_change {
            let failure =
                self.ended_early(ErrorKind::Interrupted, "closed the connection early", TRY_LATER);
            return failure.with_source(error.without_url());
        }
        let failure = self.failed(error.without_url());
        let is_passing = failure.kind() == ErrorKind::Unreachable;
        if is_passing { failure.with_kind(ErrorKind::Interrupted) } else { failure }
    }

    pub(super) fn incomplete(&self, error: reqwest::Error) -> Error {
        let failure = self.ended_early(
            ErrorKind::Interrupted,
            "closed the connection during its response",
            TRY_LATER,
        );
        failure.with_source(error.without_url())
    }

    pub(super) fn too_large(&self, max_bytes: usize) -> Error {
        let what = format!("sent more than the {max_bytes} bytes that a relay reads");
        self.ended_early(ErrorKind::TooLarge, &what, "ask about less at a time")
    }

    /// Returns the error for a request that was sent and has no whole response. A change may have
    /// been made, so the advice is to look before it is made twice.
    fn ended_early(&self, kind: ErrorKind, what: &str, advice: &str) -> Error {
        let Self { service, origin, is_change } = self;
        if *is_change {
            return Error::new(kind, format!("{service} at {origin} {what}.")).outcome_unknown();
        }
        Error::new(kind, format!("{service} at {origin} {what}; {advice}."))
    }
}
