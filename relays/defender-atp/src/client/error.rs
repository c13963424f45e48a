//! What the answer says about alerts and events that are missing from it.

use relay_core::{Error, ErrorKind};

/// An action that is not done, or a list of actions that is not there.
pub(crate) fn invalid_request(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message).with_code("invalid request")
}

/// The warnings about hunting. An error that the alerts met too is not repeated: the same login or
/// the same host failed both.
pub(crate) fn hunting_errors(errors: Vec<Error>, of_alerts: &[Error]) -> Vec<Error> {
    let is_shared = |error: &Error| of_alerts.iter().any(|other| is_same_cause(error, other));
    let own = errors.into_iter().filter(|error| !is_shared(error));
    own.map(|error| hunting_failed(error).as_warning()).collect()
}

fn is_same_cause(error: &Error, other: &Error) -> bool {
    error.kind() == other.kind() && error.message() == other.message()
}

/// A failure of hunting, with what it costs.
pub(super) fn hunting_failed(error: Error) -> Error {
    error.with_preface(
        "Hunting failed, so events and some addresses of devices are missing from the answer.",
    )
}

/// Hunting found alerts in place of lists, and sees thirty days.
pub(super) fn recent_only(count: usize) -> Error {
    rate_limit(format!(
        "For {count} observables only the alerts of the last 30 days were searched, so that the product's rate limit holds; ask about fewer observables at a time."
    ))
}

/// Neither lists nor hunting could be used.
pub(super) fn left_out(count: usize) -> Error {
    rate_limit(format!(
        "The alerts about {count} observables were not requested, so that the product's rate limit holds; ask about fewer observables at a time."
    ))
}

fn rate_limit(message: String) -> Error {
    Error::new(ErrorKind::RateLimited { after: None }, message).as_warning()
}
