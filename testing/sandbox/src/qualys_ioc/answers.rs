//! How the gateway words a refusal.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::present;

/// A refusal: status, and the words for it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: Option<String>,
    exceptions: &'static [&'static str],
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: Some(message.into()), exceptions: &[] }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// The login server's answer to a wrong password.
    pub(super) fn wrong_password() -> Self {
        let exceptions = &["Invalid username or password"];
        Self { exceptions, ..Self::unauthorized("Bad credentials") }
    }

    /// The login server's answer to an unknown user: without a message.
    pub(super) fn unknown_user() -> Self {
        let exceptions = &["AccountNotFoundException"];
        Self { status: StatusCode::UNAUTHORIZED, message: None, exceptions }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let time = present().strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
        let mut body = Map::from_iter([
            ("timestamp".to_owned(), Value::from(time)),
            ("status".to_owned(), self.status.as_u16().into()),
            ("error".to_owned(), self.status.canonical_reason().into()),
        ]);
        if let Some(message) = self.message {
            body.insert("message".to_owned(), message.into());
        }
        if !self.exceptions.is_empty() {
            body.insert("authentication_exceptions".to_owned(), json!(self.exceptions));
        }
        (self.status, Json(body)).into_response()
    }
}

/// The answer on any other path.
pub(super) async fn no_such_page() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "No message available")
}
