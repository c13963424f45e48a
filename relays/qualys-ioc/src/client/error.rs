//! The meaning of a response that is not a success.
//! Specification: docs/relays/qualys-ioc.md#errors.

use relay_core::{Error, ErrorKind, Response, lenient, one_line};
use serde::Deserialize;

/// Returns the error that the status of a response means, with the gateway's message.
pub(super) fn error_from(response: &Response) -> Error {
    let message = response.json::<Body>().ok().and_then(Body::message);
    let error = response.refusal(message.as_deref());
    match response.status() {
        400 | 401 | 403 | 404 | 429 | 502..=504 => error,
        super::CONCURRENCY_EXCEEDED => response.rate_limited(),
        // The protocol's code for everything that the table does not name.
        _ => error.with_code("unknown"),
    }
}

/// The same for a search: a query that the gateway rejects concerns its own observable only, and the
/// path is one that the operator may set.
pub(super) fn search_error_from(response: &Response) -> Error {
    let error = error_from(response);
    match response.status() {
        400 => error.as_warning(),
        404 | 410 => error.with_message(format!(
            "{} does not know the address of the event search; check API_URL, or set QUALYS_EVENTS_PATH to the path that your platform serves.",
            response.service()
        )),
        _ => error,
    }
}

/// The error of a search without any path to send it to.
pub(super) fn no_path() -> Error {
    Error::new(ErrorKind::Misconfigured, "The relay knows no path of the event search.")
}

/// The body of an error response; `authentication_exceptions` comes from the login.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    message: lenient::Text,
    authentication_exceptions: lenient::Texts,
}

impl Body {
    fn message(self) -> Option<String> {
        let exceptions = self.authentication_exceptions;
        let joined = (!exceptions.is_empty()).then(|| exceptions.join(", "));
        self.message.into_inner().or(joined).map(|message| one_line(&message))
    }
}
