//! Responses and errors as Graph writes them.
//!
//! Source: page "Microsoft Graph error responses and resource types".

use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use serde_json::{Value, json};

use crate::identity::{NOW, Unauthorized};

const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
                    IEEE754Compatible=false;charset=utf-8";
const AUTHENTICATE: &str = "Bearer realm=\"\", \
     authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
     client_id=\"00000003-0000-0000-c000-000000000000\"";

/// A response, on its own or inside a batch.
#[derive(Debug)]
pub(super) struct GraphResponse {
    pub(super) status: StatusCode,
    /// In the spelling that a batch shows.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

impl GraphResponse {
    pub(super) fn ok(body: Value) -> Self {
        let headers = vec![("Content-Type", JSON.to_owned()), ("OData-Version", "4.0".to_owned())];
        Self { status: StatusCode::OK, headers, body }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl IntoResponse for GraphResponse {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body.to_string()).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name.to_lowercase());
            if let (Ok(name), Ok(value)) = (name, value.parse()) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// Why a request fails.
#[derive(Debug)]
pub(super) struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// The header that belongs to the status.
    header: Option<(&'static str, String)>,
}

impl GraphError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "Specified HTTP method is not allowed for the request target.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", message)
    }

    pub(super) fn no_such_segment(segments: &[&str]) -> Self {
        let last = segments.last().copied().unwrap_or_default();
        Self::bad_request(format!("Resource not found for the segment '{last}'."))
    }

    pub(super) fn too_many_requests(wait_seconds: u64, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message);
        Self { header: Some(("Retry-After", wait_seconds.to_string())), ..error }
    }

    pub(super) fn response(self, request_id: &str) -> GraphResponse {
        let mut inner = json!({
            "date": NOW.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": request_id,
            "client-request-id": request_id,
        });
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            inner["code"] = json!("429");
            inner["status"] = json!("429");
        }
        let media = ("Content-Type", "application/json".to_owned());
        GraphResponse {
            status: self.status,
            headers: [media].into_iter().chain(self.header).collect(),
            body: json!({
                "error": {"code": self.code, "message": self.message, "innerError": inner},
            }),
        }
    }
}

impl From<Unauthorized> for GraphError {
    fn from(reason: Unauthorized) -> Self {
        let message = match reason {
            Unauthorized::Missing => "Access token is empty.",
            Unauthorized::Unknown => "Access token validation failure. Invalid signature.",
            Unauthorized::Expired => "Lifetime validation failed, the token is expired.",
            Unauthorized::OtherResource => "Access token validation failure. Invalid audience.",
        };
        let error = Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message);
        Self { header: Some(("WWW-Authenticate", AUTHENTICATE.to_owned())), ..error }
    }
}
