//! API keys, what their users may do, and MISP's errors.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use serde_json::json;

use super::call::reply;

/// The key of a user of organisation 1 who may search and add sightings.
pub const API_KEY: &str = "Sandb0xMispKeyOfAnAnalystWithAllRights01";
/// A read-only key of that user: without sightings.
pub const READ_ONLY_KEY: &str = "Sandb0xMispKeyOfAReaderWithoutSighting02";
/// The key of a user whose role may not search through the API.
pub const NO_SEARCH_KEY: &str = "Sandb0xMispKeyOfARoleWithoutApiSearch003";
/// The key of the site administrator, who sees everything, also during maintenance.
pub const ADMIN_KEY: &str = "Sandb0xMispKeyOfTheSiteAdministrator0004";
/// The key of a user of organisation 2 who may search and add sightings.
pub const PARTNER_KEY: &str = "Sandb0xMispKeyOfAPublisherOfThePartner05";
/// The key of a user of organisation 2 whose role has no `perm_sighting`.
pub const PARTNER_READER_KEY: &str = "Sandb0xMispKeyOfAReaderOfThePartner00006";
/// The key of a user whose role may search twice in 15 minutes.
pub const QUOTA_KEY: &str = "Sandb0xMispKeyOfARoleWithASearchQuota007";
/// The key of a disabled user.
pub const DISABLED_KEY: &str = "Sandb0xMispKeyOfAUserWhoIsDisabled000008";
/// A key that has expired.
pub const EXPIRED_KEY: &str = "Sandb0xMispKeyThatHasExpired000000000009";
/// A key of the analyst that ends at [`KEY_END`].
pub const ENDING_KEY: &str = "Sandb0xMispKeyOfTheAnalystWithAnEnd00011";
/// The end of [`ENDING_KEY`], as the header tells it.
pub const KEY_END: &str = "2026-03-17T10:00:00+00:00";
/// A key that may be used from another address only.
pub const OTHER_ADDRESS_KEY: &str = "Sandb0xMispKeyBoundToAnotherAddress00010";

const UNKNOWN_KEY: &str = "Authentication failed. Please make sure you pass the API key of an \
    API enabled user along in the Authorization header.";
const DISABLED: &str = "Authentication failed. Your user account has been disabled.";
const OTHER_ADDRESS: &str = "It is not possible to use this Auth key from your IP address";
const NOT_PERMITTED: &str = "You do not have permission to use this functionality.";

/// The user of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    /// The key, by which searches are counted.
    pub(super) key: &'static str,
    pub(super) organisation: u64,
    pub(super) site_admin: bool,
    pub(super) may_sight: bool,
    /// Searches in 15 minutes; `None` is no limit.
    pub(super) searches: Option<usize>,
    /// When the key ends.
    pub(super) end: Option<&'static str>,
}

impl User {
    /// The user whose key a request brings.
    pub(super) fn of_request(headers: &HeaderMap) -> Result<Self, MispError> {
        let key = headers.get(AUTHORIZATION).or_else(|| headers.get("x-misp-auth"));
        let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default().trim();
        let key = KEYS.iter().find(|(known, _)| *known == key);
        let Some(&(key, owner)) = key else {
            return Err(MispError::forbidden(UNKNOWN_KEY));
        };
        let user = Self {
            key,
            organisation: 1,
            site_admin: false,
            may_sight: false,
            searches: None,
            end: None,
        };
        match owner {
            Owner::Disabled => Err(MispError::forbidden(DISABLED)),
            Owner::Expired => Err(MispError::forbidden(UNKNOWN_KEY)),
            Owner::OtherAddress => Err(MispError::forbidden(OTHER_ADDRESS)),
            Owner::Administrator => Ok(Self { site_admin: true, may_sight: true, ..user }),
            Owner::Analyst(organisation) => Ok(Self { organisation, may_sight: true, ..user }),
            Owner::Ending(end) => Ok(Self { may_sight: true, end: Some(end), ..user }),
            Owner::Reader(organisation) => Ok(Self { organisation, ..user }),
            Owner::Limited(searches) => Ok(Self { searches: Some(searches), ..user }),
        }
    }

    /// An error unless the role has `perm_sighting`.
    pub(super) fn check_sighting(self) -> Result<(), MispError> {
        if self.may_sight { Ok(()) } else { Err(MispError::forbidden(NOT_PERMITTED)) }
    }

    /// The answer to an action that does not exist.
    pub(super) fn unknown_action(self) -> MispError {
        if self.site_admin { MispError::not_found() } else { MispError::forbidden(NOT_PERMITTED) }
    }
}

#[derive(Clone, Copy, Debug)]
enum Owner {
    Administrator,
    Analyst(u64),
    Reader(u64),
    Limited(usize),
    Ending(&'static str),
    Disabled,
    Expired,
    OtherAddress,
}

const KEYS: [(&str, Owner); 11] = [
    (API_KEY, Owner::Analyst(1)),
    (READ_ONLY_KEY, Owner::Reader(1)),
    (NO_SEARCH_KEY, Owner::Limited(0)),
    (ADMIN_KEY, Owner::Administrator),
    (PARTNER_KEY, Owner::Analyst(2)),
    (PARTNER_READER_KEY, Owner::Reader(2)),
    (QUOTA_KEY, Owner::Limited(2)),
    (ENDING_KEY, Owner::Ending(KEY_END)),
    (DISABLED_KEY, Owner::Disabled),
    (EXPIRED_KEY, Owner::Expired),
    (OTHER_ADDRESS_KEY, Owner::OtherAddress),
];

/// An error as MISP writes it: the message stands under two names, beside the path.
#[derive(Debug)]
pub(super) struct MispError {
    status: StatusCode,
    message: &'static str,
    headers: HeaderMap,
}

impl MispError {
    pub(super) fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message, headers: HeaderMap::new() }
    }

    pub(super) fn with_headers(self, headers: HeaderMap) -> Self {
        Self { headers, ..self }
    }

    fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// What the server answers where its code fails.
    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "An Internal Error Has Occurred.")
    }

    /// The response to a call of this path.
    pub(super) fn at(&self, path: &str) -> Response {
        let body = json!({"name": self.message, "message": self.message, "url": path});
        (self.status, self.headers.clone(), reply(&body)).into_response()
    }
}
