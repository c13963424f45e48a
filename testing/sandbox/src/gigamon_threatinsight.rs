//! Gigamon ThreatINSIGHT (today FortiNDR Cloud): detections, event search and device look-up.
//!
//! A caller is known by its API key: the constants name one key for each behaviour. Times are moved
//! so that the newest event is an hour old at the start; rules keep their dates ([`RECORDED_AT`]).
//! Source: FortiNDR Cloud user guide ("IQL reference guide", "Event fields"); public API clients.

mod accounts;
mod detections;
mod devices;
mod events;
pub(crate) mod fixture;
mod iql;
mod parameters;
mod records;
#[cfg(test)]
mod samples;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use jiff::Timestamp;

pub use accounts::{
    DAY_WINDOWS_KEY, DETECTIONS_ONLY_KEY, KEY, NO_DEVICES_KEY, NO_EVENTS_KEY, REVOKED_KEY,
    SECOND_KEY,
};
use records::{Data, Records};

/// The path of the base URL of the detections family.
pub const DETECTIONS_BASE: &str = "/detections/v1";
/// The path of the base URL of the event family.
pub const EVENTS_BASE: &str = "/events/v2";
/// The path of the base URL of the entity family.
pub const ENTITY_BASE: &str = "/entity/v2";
/// The time for which the data is written, one hour after the newest event. RFC 3339.
pub const RECORDED_AT: &str = "2026-03-03T10:00:00Z";

type Shared = Arc<Data>;

/// The product's routes over data that ends one hour before `now`, in whole seconds.
pub(crate) fn router(now: Timestamp) -> Router {
    Router::new()
        .nest(
            DETECTIONS_BASE,
            Router::new()
                .route("/detections", get(detections::list))
                .route("/events", get(detections::events)),
        )
        .nest(EVENTS_BASE, Router::new().route("/query", post(events::query)))
        .nest(
            ENTITY_BASE,
            Router::new().route("/entity/tracking/bulk/get/ip", post(devices::by_address)),
        )
        .fallback(parameters::unknown_path)
        .with_state(Shared::new(Data::at(now)))
}
