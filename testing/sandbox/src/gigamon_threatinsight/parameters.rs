//! The parameters of a query string, and errors as the product writes them.

use std::borrow::Cow;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

/// Why a request is refused: `{"error": {"code": …, "message": …}}`.
#[derive(Debug)]
pub(super) struct GigamonError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl GigamonError {
    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        let code = "client.invalid_authentication";
        Self { status: StatusCode::UNAUTHORIZED, code, message: message.to_owned() }
    }

    /// A family of the interface that does not serve this caller.
    pub(super) fn no_family(status: StatusCode) -> Self {
        Self { status, code: "client.not_found", message: "There is no such interface.".to_owned() }
    }
}

impl IntoResponse for GigamonError {
    fn into_response(self) -> Response {
        let error = json!({"error": {"code": self.code, "message": self.message}});
        (self.status, Json(error)).into_response()
    }
}

/// The response on any other path.
pub(super) async fn unknown_path() -> GigamonError {
    GigamonError::no_family(StatusCode::NOT_FOUND)
}

/// The parameters of a query string; a name may occur more than once.
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    pub(super) fn new(query: Option<&'a str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect())
    }

    /// All values of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The first value of a name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of a name that takes only these values; the first of them if it is absent.
    pub(super) fn choice(
        &self,
        name: &str,
        choices: &[&'static str],
    ) -> Result<&'static str, GigamonError> {
        let value = self.first(name).or(choices.first().copied());
        choices
            .iter()
            .copied()
            .find(|choice| Some(*choice) == value)
            .ok_or_else(|| invalid(format!("{name} must be one of {}.", choices.join(", "))))
    }

    /// `limit` (1 to 1000, 100 by default) and `offset` (0 by default).
    pub(super) fn page(&self) -> Result<Page, GigamonError> {
        let (limit, offset) = (self.number("limit", 100)?, self.number("offset", 0)?);
        if !(1..=1000).contains(&limit) {
            return Err(invalid("limit must lie between 1 and 1000."));
        }
        Ok(Page { limit, offset })
    }

    fn number(&self, name: &str, default: usize) -> Result<usize, GigamonError> {
        let message = |_| invalid(format!("{name} must be a number."));
        self.first(name).map_or(Ok(default), |text| text.parse().map_err(message))
    }
}

fn invalid(message: impl Into<String>) -> GigamonError {
    GigamonError::bad_request("client.invalid_parameter", message)
}

/// The part of a result that is returned.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Page {
    pub(super) fn of<T>(self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        items.into_iter().skip(self.offset).take(self.limit).collect()
    }
}
