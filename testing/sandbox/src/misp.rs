//! A MISP server with events of its own, and the submission call of urlscan.io below `/urlscan`.
//!
//! Actions of MISP 2.5.1: `/servers/getVersion`, `/attributes/restSearch`, `/attributes/add`,
//! `/sightings/add`, `/sightings/listSightings`, `/warninglists/checkValue`, `/events/index`. An API key
//! decides who looks and what may be done; [`Installation`] sets the server up; [`sample`] names values
//! that its events hold.

mod access;
mod adding;
mod call;
mod collation;
mod conditions;
mod content;
mod correlation;
mod decay;
pub mod faults;
mod feed;
mod filter;
pub(crate) mod fixture;
mod index;
mod installation;
mod order;
mod row;
pub mod sample;
mod search;
mod server;
mod sighting;
mod storing;
mod urlscan;
mod warninglist;

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, response::Response};
use http::{StatusCode, request::Parts};
use jiff::Timestamp;

pub use access::{
    ADMIN_KEY, API_KEY, DISABLED_KEY, ENDING_KEY, EXPIRED_KEY, KEY_END, NO_SEARCH_KEY,
    OTHER_ADDRESS_KEY, PARTNER_KEY, PARTNER_READER_KEY, QUOTA_KEY, READ_ONLY_KEY,
};
pub use installation::{Front, Installation};
pub use urlscan::URLSCAN_API_KEY;

use server::Server;

/// The product's routes over fresh data; sightings that callers add are dated `now`.
pub(crate) fn router(now: Timestamp) -> Router {
    match Installation::built_in() {
        Ok(installation) => installation.router(now),
        Err(damage) => Router::new().fallback((StatusCode::INTERNAL_SERVER_ERROR, damage)),
    }
}

fn routes(server: Server) -> Router {
    Router::new()
        .fallback(answer)
        .with_state(Arc::new(server))
        .nest("/urlscan/api/v1", urlscan::router())
}

async fn answer(State(server): State<Arc<Server>>, head: Parts, body: Bytes) -> Response {
    server.answer(&head, &body)
}
