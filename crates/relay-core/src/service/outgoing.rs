//! The answer as the gateway takes it.

use http::Method;
use serde_json::json;

use crate::{
    answer,
    error::{Error, ErrorKind},
    invocation::Redactor,
    route::RouteError,
    settings::BadSetting,
};

/// The answer, and the metrics line about it.
#[derive(Debug)]
pub struct Outgoing {
    /// 200 for every known route, else 404 or 405.
    pub status: u16,
    /// The method of the path, beside 405 (RFC 9110 §15.5.6).
    pub allow: Option<&'static Method>,
    /// JSON.
    pub body: String,
    /// One line in CloudWatch's embedded metric format.
    pub metrics: String,
}

impl Outgoing {
    /// Returns the answer of a relay whose settings cannot be used; says which and how.
    #[must_use]
    pub fn misconfigured(bad: &BadSetting) -> Self {
        let text = format!("The relay is not configured: {bad}.");
        let error = Error::new(ErrorKind::Misconfigured, text);
        let answer = answer::error(error, &Redactor::default());
        Self { status: 200, allow: None, body: answer.body, metrics: String::new() }
    }

    /// Returns the answer to a call that no route takes.
    pub(super) fn without_route(error: RouteError) -> Self {
        let (status, allow, message, reason) = match error {
            RouteError::UnknownPath => (404, None, "Not Found", "This relay has no such path."),
            RouteError::WrongMethod(method) => {
                (405, Some(method), "Method Not Allowed", "This path needs another method.")
            }
        };
        let body = json!({"code": status, "message": message, "reason": reason}).to_string();
        Self { status, allow, body, metrics: String::new() }
    }
}
