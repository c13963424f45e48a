//! Errors as the gateway writes them.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::Gateway;

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct QualysError {
    status: StatusCode,
    message: Option<String>,
    exceptions: &'static [&'static str],
}

impl QualysError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: Some(message.into()), exceptions: &[] }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// The login server's response to a wrong password.
    pub(super) fn wrong_password() -> Self {
        let exceptions = &["Invalid username or password"];
        Self { exceptions, ..Self::unauthorized("Bad credentials") }
    }

    /// The login server's response to an unknown user: without a message.
    pub(super) fn unknown_user() -> Self {
        let exceptions = &["AccountNotFoundException"];
        Self { status: StatusCode::UNAUTHORIZED, message: None, exceptions }
    }

    pub(super) fn unknown_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "No message available")
    }

    pub(super) fn response(self, now: Timestamp) -> Response {
        let mut body = json!({
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string(),
            "status": self.status.as_u16(),
            "error": self.status.canonical_reason(),
        });
        if let Some(message) = self.message {
            body["message"] = message.into();
        }
        if !self.exceptions.is_empty() {
            body["authentication_exceptions"] = json!(self.exceptions);
        }
        (self.status, Json(body)).into_response()
    }
}

/// The response on any other path.
pub(super) async fn unknown_path(State(gateway): State<Arc<Gateway>>) -> Response {
    QualysError::unknown_path().response(gateway.clock.now())
}
