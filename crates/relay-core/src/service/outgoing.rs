//! The answer as the gateway takes it.

use http::Method;
use serde_json::json;

use super::Incoming;
use crate::{
    answer,
    auth::{UnverifiedToken, bearer, is_allowed_source},
    ctim::Document,
    error::{Error, ErrorKind},
    invocation::Redactor,
    route::RouteError,
    settings::{BadSetting, Environment},
};

/// The answer, and the metrics line about it.
#[derive(Debug)]
pub struct Outgoing {
    /// 200 for every known route, else 404 or 405.
    pub status: u16,
    /// The method of the path, beside 405 (RFC 9110 §15.5.6).
    pub allow: Option<&'static Method>,
    pub(crate) body: Document,
    /// One line in CloudWatch's embedded metric format.
    pub metrics: String,
    /// The id of the call in the log.
    pub request_id: String,
}

impl Outgoing {
    /// Returns the answer of a relay whose settings cannot be used. It says which and how to a caller
    /// from an allowed address who has a token; others learn nothing of the settings.
    #[must_use]
    pub fn misconfigured(bad: &BadSetting, request: &Incoming, environment: &Environment) -> Self {
        let text = if may_be_told(request, environment) {
            format!("The relay is not configured: {bad}.")
        } else {
            "The relay cannot serve; its operator finds the reason in its log.".to_owned()
        };
        let error = Error::new(ErrorKind::Misconfigured, text);
        let body = answer::error(error, &Redactor::default()).body;
        let request_id = request.request_id.clone();
        Self { status: 200, allow: None, body, metrics: String::new(), request_id }
    }

    /// Returns the JSON of the answer. For tools and tests; Lambda carries it as it is written.
    #[must_use]
    pub fn json(&self) -> String {
        self.body.json()
    }

    /// Returns the answer to a call that no route takes.
    pub(super) fn without_route(error: RouteError, request_id: &str) -> Self {
        let (status, allow, message, reason) = match error {
            RouteError::UnknownPath => (404, None, "Not Found", "This relay has no such path."),
            RouteError::WrongMethod(method) => {
                (405, Some(method), "Method Not Allowed", "This path needs another method.")
            }
        };
        let body = json!({"code": status, "message": message, "reason": reason});
        let body = answer::constant(&body).body;
        let request_id = request_id.to_owned();
        Self { status, allow, body, metrics: String::new(), request_id }
    }
}

/// Whether a caller may learn which setting cannot be used. Its token cannot be verified, so its form
/// has to do.
fn may_be_told(request: &Incoming, environment: &Environment) -> bool {
    let has_token = bearer(&request.headers).and_then(UnverifiedToken::parse).is_ok();
    has_token && is_allowed_source(environment, &request.gateway)
}
