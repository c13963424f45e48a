//! What a response of the API that is not a success means: docs/relays/defender-atp.md#errors.
//!
//! Source: Microsoft's page "Common REST API error codes".

use relay_core::{
    Error, ErrorKind, Response,
    lenient::{Object, Text},
    one_line,
};
use serde::Deserialize;

use crate::error::forbidden_advice;

const RETIRED: &str = "Microsoft has retired this API for the tenant; set DEFENDER_BACKEND to graph and grant the application SecurityAlert.Read.All.";

/// A request that brought no data: the error for the caller, and what the API said.
#[derive(Debug, Clone)]
pub struct RequestError {
    /// None when no whole response came.
    status: Option<u16>,
    /// The API's code: `ResourceNotFound`.
    code: String,
    mentions_retirement: bool,
    /// Whether the API's host is one of Microsoft's, and its name does not resolve.
    is_unknown_host: bool,
    error: Error,
}

impl RequestError {
    /// Returns what it means.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    /// Whether the product does not know what was requested, or finds it invalid.
    pub(super) fn is_no_data(&self) -> bool {
        matches!(self.status, Some(400 | 404))
    }

    /// Returns whether the status is 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == Some(404)
    }

    /// Returns whether the product looked for the resource and does not have it.
    #[must_use]
    pub fn is_unknown_resource(&self) -> bool {
        self.status == Some(404) && self.code == "ResourceNotFound"
    }

    /// Whether the product does not understand the filter.
    pub(super) fn is_about_filter(&self) -> bool {
        self.status == Some(400) && self.code == "ODataError"
    }

    /// Returns whether the API as a whole is retired, or has no host any more.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        let code = self.code.to_ascii_lowercase();
        self.status == Some(410)
            || self.is_unknown_host
            || ["gone", "retired", "deprecated"].iter().any(|word| code.contains(word))
    }

    /// Returns whether the API may be retired: an address is unknown, not a resource, or the
    /// message mentions it. A message proves nothing, because it may repeat what was requested.
    #[must_use]
    pub fn may_mean_retired(&self) -> bool {
        (self.is_not_found() && !self.is_unknown_resource()) || self.mentions_retirement
    }

    /// The error of a request to one of Microsoft's hosts whose name does not resolve.
    pub(super) fn unknown_host(error: Error) -> Self {
        Self { is_unknown_host: true, ..error.into() }
    }

    /// Whether the name of Microsoft's host does not resolve, which may pass.
    pub(super) fn is_unknown_host(&self) -> bool {
        self.is_unknown_host
    }

    /// Returns whether no whole response came.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.status.is_none()
    }

    /// Returns whether the product said that it did not do what was requested.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.status, Some(300..=499))
    }

    /// Returns whether the product refused the request itself: not the login, and not for a quota.
    #[must_use]
    pub fn is_about_request(&self) -> bool {
        matches!(self.status, Some(400..=499)) && !matches!(self.status, Some(401 | 429))
    }

    /// The same error with the message for a retired API.
    pub(super) fn into_retired(self) -> Self {
        let error = Error::new(ErrorKind::NotFound, RETIRED);
        Self { code: "Gone".to_owned(), error, ..self }
    }
}

impl From<Error> for RequestError {
    fn from(error: Error) -> Self {
        let (status, code) = (None, String::new());
        Self { status, code, mentions_retirement: false, is_unknown_host: false, error }
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        error.error
    }
}

/// The error for a request that needs these permissions.
pub(super) fn error_from(response: &Response, permissions: &str) -> RequestError {
    let ApiError { code, message } = api_error(response);
    let message = message.as_deref().map(one_line);
    let mentions_retirement = message.as_ref().is_some_and(|text| text.contains("retire"));
    let error = RequestError {
        status: Some(response.status()),
        code: code.into_inner().unwrap_or_default(),
        mentions_retirement: mentions_retirement && response.status() < 500,
        is_unknown_host: false,
        error: error_for_caller(response, message.as_deref(), permissions),
    };
    if error.is_retired() { error.into_retired() } else { error }
}

fn error_for_caller(response: &Response, message: Option<&str>, permissions: &str) -> Error {
    let error = response.refusal(message);
    match response.status() {
        403 => error.with_advice(forbidden_advice(message.unwrap_or_default(), permissions)),
        // The other statuses that refuse what was requested.
        402 | 405..=409 | 411..=428 | 430..=499 => error.with_kind(ErrorKind::InvalidInput),
        429 => {
            let said = message.map(|message| format!(" The product says: {message}"));
            let text = format!("{}{}", error.message(), said.unwrap_or_default());
            error.with_message(text)
        }
        500.. => error.with_code("internal error"),
        _ => error,
    }
}

fn api_error(response: &Response) -> ApiError {
    let body: ErrorBody = response.json().unwrap_or_default();
    body.error.into_inner().unwrap_or_default()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: Object<ApiError>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApiError {
    code: Text,
    message: Text,
}
