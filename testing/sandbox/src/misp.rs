//! A MISP server with events of its own, and the submission call of urlscan.io below `/urlscan`.
//!
//! Calls of MISP: `GET /servers/getVersion`, `POST /attributes/restSearch`, `POST /sightings/add`.
//! An API key decides what its role may do; [`sample`] names values that the events hold.

mod access;
mod attribute;
mod events;
pub mod faults;
mod filter;
pub(crate) mod fixture;
pub mod sample;
mod search;
mod server;
mod sighting;
mod urlscan;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use http::{StatusCode, Uri};
use jiff::Timestamp;

pub use access::{API_KEY, NO_SEARCH_KEY, READ_ONLY_KEY};
pub use urlscan::URLSCAN_API_KEY;

use access::MispError;
use server::Server;

/// The product's routes over fresh data; sightings that callers add are dated `now`.
pub(crate) fn router(now: Timestamp) -> Router {
    match events::built_in() {
        Ok(events) => routes(Arc::new(Server::new(events, now))),
        Err(damage) => Router::new().fallback((StatusCode::INTERNAL_SERVER_ERROR, damage)),
    }
}

fn routes(server: Arc<Server>) -> Router {
    Router::new()
        .route("/servers/getVersion", get(server::version))
        .route("/attributes/restSearch", post(search::search))
        .route("/sightings/add", post(sighting::add))
        .fallback(unknown_path)
        .with_state(server)
        .nest("/urlscan/api/v1", urlscan::router())
}

async fn unknown_path(uri: Uri) -> MispError {
    MispError::new(StatusCode::NOT_FOUND, "Not Found", uri.path())
}
