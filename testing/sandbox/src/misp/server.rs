//! The state of one simulated server, and its version.

use std::sync::Mutex;

use axum::Json;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{access::Role, events::Events};
use crate::lock::locked;

/// The events, which never change, and the sightings, which callers add.
pub(super) struct Server {
    pub(super) events: &'static Events,
    /// The start of the server, which is the date of every sighting that is added.
    pub(super) now: Timestamp,
    pub(super) sightings: Mutex<Vec<Value>>,
}

impl Server {
    pub(super) fn new(events: &'static Events, now: Timestamp) -> Self {
        Self { events, now, sightings: Mutex::default() }
    }

    pub(super) fn sightings_of(&self, attribute_id: u64) -> Vec<Value> {
        let id = attribute_id.to_string();
        let all = locked(&self.sightings);
        all.iter().filter(|sighting| sighting["attribute_id"] == *id).cloned().collect()
    }
}

/// `GET /servers/getVersion`
pub(super) async fn version(role: Role) -> Json<Value> {
    Json(json!({
        "version": "2.5.1",
        "pymisp_recommended_version": "2.5.1",
        "perm_sync": false,
        "perm_sighting": role.may_sight,
        "perm_galaxy_editor": false,
        "perm_analyst_data": false,
        "uuid": "8f0d2c1a-53b4-4b0e-9a77-1d2e3f405162",
        "request_encoding": ["gzip", "br"],
        "filter_sightings": true,
    }))
}
