//! What the answer says about alerts and events that are missing from it.

use relay_core::{Error, ErrorKind};

/// An action that is not done, or a list of actions that is not there.
pub(crate) fn invalid_request(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message).with_code("invalid request")
}

/// There is no API for actions any more, or the chosen one has none.
pub(crate) fn actions_ended() -> Error {
    let text = "Microsoft retires its API for actions on devices and indicators on 1 February 2027, and Graph has none, so the relay offers and does none; act in the Microsoft Defender portal, or let custom detection rules act.";
    Error::new(ErrorKind::NotFound, text).as_warning()
}

/// The alerts were hunted for, and the hunting tables hold thirty days.
pub(super) fn recent_only(values: &[String]) -> Option<Error> {
    let count = values.len();
    let text = format!(
        "For {count} observables only the alerts of the last 30 days were searched, so that the product's rate limit holds; ask about fewer observables at a time."
    );
    (count > 0).then(|| rate_limit(text).about(values))
}

/// Neither lists nor hunting could be used.
pub(super) fn left_out(values: &[String]) -> Option<Error> {
    let count = values.len();
    let text = format!(
        "The alerts about {count} observables were not requested, so that the product's rate limit holds; ask about fewer observables at a time."
    );
    (count > 0).then(|| rate_limit(text).about(values))
}

fn rate_limit(message: String) -> Error {
    Error::new(ErrorKind::RateLimited { after: None }, message).as_warning()
}
