//! API keys, the rights of their roles, and MISP's errors.

use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::AUTHORIZATION, request::Parts};
use serde::Serialize;

/// The key of a user who may search and add sightings.
pub const API_KEY: &str = "Sandb0xMispKeyOfAnAnalystWithAllRights01";
/// The key of a user without `perm_sighting`.
pub const READ_ONLY_KEY: &str = "Sandb0xMispKeyOfAReaderWithoutSighting02";
/// The key of a user whose role may not search through the API.
pub const NO_SEARCH_KEY: &str = "Sandb0xMispKeyOfARoleWithoutApiSearch003";

const UNKNOWN_KEY: &str = "Authentication failed. Please make sure you pass the API key of an \
    API enabled user along in the Authorization header.";

/// The rights of the caller's key. Any other key is refused with 403.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) may_search: bool,
    pub(super) may_sight: bool,
}

impl Role {
    fn of_key(key: &[u8]) -> Option<Self> {
        let (may_search, may_sight) = match std::str::from_utf8(key).ok()? {
            API_KEY => (true, true),
            READ_ONLY_KEY => (true, false),
            NO_SEARCH_KEY => (false, false),
            _ => return None,
        };
        Some(Self { may_search, may_sight })
    }
}

impl<S: Sync> FromRequestParts<S> for Role {
    type Rejection = MispError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MispError> {
        parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|key| Self::of_key(key.as_bytes()))
            .ok_or_else(|| MispError::new(StatusCode::FORBIDDEN, UNKNOWN_KEY, parts.uri.path()))
    }
}

/// An error as MISP writes it: the message stands under two names.
#[derive(Debug, Serialize)]
pub(super) struct MispError {
    #[serde(skip)]
    status: StatusCode,
    name: &'static str,
    message: &'static str,
    url: String,
}

impl MispError {
    pub(super) fn new(status: StatusCode, message: &'static str, url: &str) -> Self {
        Self { status, name: message, message, url: url.to_owned() }
    }
}

impl IntoResponse for MispError {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
