//! Qualys Indication of Compromise (today EDR) and the login of its API gateway.
//!
//! Callers differ in the account with which they log in: the constants name one account for each behaviour.
//! Source: EDR API guide ("Qualys User Account", "Fetch Events Using SearchAfter"), "API Rate Limits".

mod accounts;
mod error;
mod events;
pub(crate) mod fixture;
mod login;
mod qql;
mod quota;
mod time;
mod tokens;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use jiff::Timestamp;

use crate::clock::Clock;
pub use accounts::{
    ACCOUNT, AWKWARD_PASSWORD, Account, ONE_CALL_A_SECOND, OUTDATED_TOKENS, PLAIN_PATHS_ONLY,
    SECOND_TENANT, SHORT_LIVED_TOKENS, SINGLE_USE_TOKENS, SPENT_QUOTA, TWO_CALLS_AT_A_TIME,
    USUAL_QUOTA, VERSIONED_PATHS_ONLY,
};
use events::Records;
use quota::Quotas;
use tokens::Tokens;

/// The login.
pub const AUTH_PATH: &str = "/auth";
/// The event search without a version.
pub const EVENTS_PATH: &str = "/ioc/events";
/// The event search of the versioned interface.
pub const VERSIONED_EVENTS_PATH: &str = "/ioc/v1/events";
/// How both paths of the event search begin.
pub const EVENT_SEARCHES: &str = "/ioc/";

/// What the requests to one simulator share.
struct Gateway {
    clock: Clock,
    tokens: Tokens,
    quotas: Quotas,
    records: Records,
}

/// The product's routes over fresh data; the gateway's clock starts at `now`.
pub(crate) fn router(now: Timestamp) -> Router {
    let gateway = Gateway {
        clock: Clock::starting_at(now),
        tokens: Tokens::default(),
        quotas: Quotas::default(),
        records: Records::default(),
    };
    Router::new()
        .route(AUTH_PATH, post(login::log_in))
        .route(EVENTS_PATH, get(events::search))
        .route(VERSIONED_EVENTS_PATH, get(events::search))
        .fallback(error::unknown_path)
        .with_state(Arc::new(gateway))
}
