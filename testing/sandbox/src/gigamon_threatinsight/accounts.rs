//! The API keys of the simulator: the data that each opens, and the families of the interface that serve it.

use axum::extract::FromRequestParts;
use http::{StatusCode, header::AUTHORIZATION, request::Parts};

use super::{Records, Shared, parameters::GigamonError};

/// The usual key.
pub const KEY: &str = "sandbox-key-1f7c0e5a9b3d";
/// A key of another account, with data of its own.
pub const SECOND_KEY: &str = "sandbox-second-key-82d4c6e1";
/// A key that was valid once: 401.
pub const REVOKED_KEY: &str = "sandbox-revoked-key-00aa11bb";
/// Sees the data of [`KEY`]; the event family answers 404.
pub const NO_EVENTS_KEY: &str = "sandbox-no-events-key-5e6f7a8b";
/// Sees the data of [`KEY`]; the entity family answers 410.
pub const NO_DEVICES_KEY: &str = "sandbox-no-devices-key-9c0d1e2f";
/// Sees the data of [`KEY`]; the event family answers 410, the entity family 404.
pub const DETECTIONS_ONLY_KEY: &str = "sandbox-detections-only-key-3a4b5c6d";
/// Sees the data of [`KEY`]; the event search answers 400 to a window longer than a day.
pub const DAY_WINDOWS_KEY: &str = "sandbox-day-windows-key-7e8f9a0b";

/// The customer whose data a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Customer {
    First,
    Second,
}

/// The account behind a key.
#[derive(Debug)]
pub(super) struct Account {
    key: &'static str,
    customer: Customer,
    /// The status of the event family if it does not serve this account.
    pub(super) events: Option<StatusCode>,
    /// The status of the entity family if it does not serve this account.
    pub(super) devices: Option<StatusCode>,
    /// The longest window of an event search.
    pub(super) max_days: Option<i64>,
}

const USUAL: Account =
    Account { key: KEY, customer: Customer::First, events: None, devices: None, max_days: None };

static ACCOUNTS: [Account; 6] = [
    USUAL,
    Account { key: SECOND_KEY, customer: Customer::Second, ..USUAL },
    Account { key: NO_EVENTS_KEY, events: Some(StatusCode::NOT_FOUND), ..USUAL },
    Account { key: NO_DEVICES_KEY, devices: Some(StatusCode::GONE), ..USUAL },
    Account {
        key: DETECTIONS_ONLY_KEY,
        events: Some(StatusCode::GONE),
        devices: Some(StatusCode::NOT_FOUND),
        ..USUAL
    },
    Account { key: DAY_WINDOWS_KEY, max_days: Some(1), ..USUAL },
];

/// The account that calls, by its `Authorization: IBToken <key>`.
pub(super) struct Caller(pub(super) &'static Account);

impl Caller {
    /// The part of the data that the caller sees.
    pub(super) fn records<'a>(&self, data: &'a Shared) -> &'a Records {
        match self.0.customer {
            Customer::First => &data.first,
            Customer::Second => &data.second,
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = GigamonError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, GigamonError> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = header
            .and_then(|value| value.strip_prefix("IBToken "))
            .ok_or_else(|| GigamonError::unauthenticated("No API token was sent."))?;
        let account = ACCOUNTS.iter().find(|account| account.key == key);
        account.map(Self).ok_or_else(|| {
            GigamonError::unauthenticated(match key {
                REVOKED_KEY => "The API token was revoked.",
                _ => "The API token is not known.",
            })
        })
    }
}
