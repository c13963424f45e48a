//! What the answer says about alerts and events that are missing from it.

use relay_core::{Error, ErrorKind};

/// An action that is not done, or a list of actions that is not there.
pub(crate) fn invalid_request(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message).with_code("invalid request")
}

/// The warnings about hunting. A failure that the alerts met too, such as one of the login, is not
/// repeated.
pub(crate) fn hunting_warnings(errors: Vec<Error>, of_alerts: &[Error]) -> Vec<Error> {
    let is_repeated = |error: &Error| of_alerts.iter().any(|it| it.is_same_failure(error));
    let new = errors.into_iter().filter(|error| !is_repeated(error));
    new.map(Error::as_warning).collect()
}

/// The alerts were hunted for, and the hunting tables hold thirty days.
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
