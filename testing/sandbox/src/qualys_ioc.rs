//! Qualys Indication of Compromise (today EDR) and the login of its API gateway.
//!
//! What differs between callers is the account they log in with: the constants name one account for
//! each behaviour.
//! Source: EDR API guide ("Qualys User Account", "Fetch Events Using SearchAfter"), "API Rate Limits".

mod accounts;
mod answers;
mod events;
pub(crate) mod fixture;
mod login;
mod qql;
mod quota;
mod time;
mod tokens;

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    routing::{get, post},
};
use jiff::Timestamp;

pub use accounts::{
    ACCOUNT, AWKWARD_PASSWORD, Account, ONE_CALL_A_SECOND, OUTDATED_TOKENS, SECOND_TENANT,
    SHORT_LIVED_TOKENS, SINGLE_USE_TOKENS, SPENT_QUOTA, TWO_CALLS_AT_A_TIME, VERSIONED_PATHS_ONLY,
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

/// What the calls to one imitation share.
#[derive(Default)]
struct Gateway {
    tokens: Tokens,
    quotas: Quotas,
    records: Records,
}

/// The product's routes over fresh data.
pub(crate) fn router() -> Router {
    Router::new()
        .route(AUTH_PATH, post(login::log_in))
        .route(EVENTS_PATH, get(events::search))
        .route(VERSIONED_EVENTS_PATH, get(events::search))
        .fallback(answers::no_such_page)
        .with_state(Arc::<Gateway>::default())
}

fn present() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or_default()
}
