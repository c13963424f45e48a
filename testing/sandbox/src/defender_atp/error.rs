//! Defender's errors: a status and `{"error":{"code","message","target"}}`.
//!
//! Codes are the documented ones ("Handling REST API errors"); the messages are the sandbox's own.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::identity::LimitReached;

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct DefenderError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
}

impl DefenderError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400 with this code.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 for an OData option or filter that is not understood.
    pub(super) fn odata(message: impl ToString) -> Self {
        Self::bad("ODataError", message.to_string())
    }

    /// 400 for a body that is not JSON of the documented form.
    pub(super) fn body(reason: impl std::fmt::Display) -> Self {
        Self::bad("InvalidRequestBody", format!("Request body is incorrect: {reason}."))
    }

    /// 400 for a value outside of its list or range.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::bad("InvalidInput", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    /// 404 for one thing, such as `Machine abc`.
    pub(super) fn not_found(thing: impl std::fmt::Display) -> Self {
        let message = format!("{thing} was not found");
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    }

    /// 429 with the wait in seconds.
    pub(super) fn too_many_requests(reached: &LimitReached) -> Self {
        let LimitReached { rate, wait_seconds } = reached;
        let message =
            format!("The quota of {rate} is used up. Read Retry-After and call again later.");
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
        Self { retry_after: Some(*wait_seconds), ..error }
    }
}

impl IntoResponse for DefenderError {
    fn into_response(self) -> Response {
        let error = json!({"code": self.code, "message": self.message, "target": correlation_id()});
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Checks that a member of a body is there and not empty; names are case-sensitive.
pub(super) fn required<'a>(
    text: &'a Option<String>,
    member: &str,
) -> Result<&'a str, DefenderError> {
    text.as_deref().filter(|text| !text.is_empty()).ok_or_else(|| missing(member))
}

/// 400 for a member that the body must have.
pub(super) fn missing(member: &str) -> DefenderError {
    DefenderError::bad("MissingRequiredParameter", format!("Parameter {member} is missing."))
}

/// A GUID that no other error of this process has.
fn correlation_id() -> String {
    static ERRORS: AtomicU64 = AtomicU64::new(1);
    let number = ERRORS.fetch_add(1, Ordering::Relaxed);
    format!("0000e770-5a4d-4b0c-9d1e-{number:012x}")
}
