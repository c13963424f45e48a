//! Defender's error answers: a status and `{"error":{"code","message","target"}}`.
//!
//! Codes are the documented ones ("Handling REST API errors"); the messages are this sandbox's own.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// Why a call was refused.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400 with this code.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 for an OData option or filter that is not understood.
    pub(super) fn odata(message: impl Into<String>) -> Self {
        Self::bad("ODataError", message)
    }

    /// 400 for a body that is not JSON of the documented form.
    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::bad("InvalidRequestBody", message)
    }

    /// 400 for a member that the body must have; names are case-sensitive.
    pub(super) fn missing(member: &str) -> Self {
        Self::bad("MissingRequiredParameter", format!("Parameter {member} is missing."))
    }

    /// 400 for a value outside of its list or range.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::bad("InvalidInput", message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    /// 404 for one thing, such as `Machine abc`.
    pub(super) fn not_found(thing: impl std::fmt::Display) -> Self {
        let message = format!("{thing} was not found");
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    }

    /// 429 with the wait in whole seconds, at least one.
    pub(super) fn too_many(message: impl Into<String>, wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
        Self { retry_after: Some(seconds), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = json!({"code": self.code, "message": self.message, "target": correlation_id()});
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A member of a body that must be there and not be empty.
pub(super) fn required(text: Option<String>, member: &str) -> Result<String, Problem> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| Problem::missing(member))
}

/// A GUID that no other error answer of this process has.
fn correlation_id() -> String {
    static ANSWERS: AtomicU64 = AtomicU64::new(1);
    let answer = ANSWERS.fetch_add(1, Ordering::Relaxed);
    format!("0000e770-5a4d-4b0c-9d1e-{answer:012x}")
}
