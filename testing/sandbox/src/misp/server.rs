//! What one imitated server holds, and its version.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use jiff::Timestamp;
use serde::Serialize;

use super::{access::Role, events::Events, sighting::Sighting};

/// The events, which never change, and the sightings, which callers add.
pub(super) struct Server {
    pub(super) events: &'static Events,
    /// When the server started, which is the date of every sighting that is added.
    pub(super) now: Timestamp,
    sightings: Mutex<Vec<Sighting>>,
}

impl Server {
    pub(super) fn new(events: &'static Events, now: Timestamp) -> Self {
        Self { events, now, sightings: Mutex::default() }
    }

    pub(super) fn sightings(&self) -> MutexGuard<'_, Vec<Sighting>> {
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sightings_of(&self, attribute_id: u64) -> Vec<Sighting> {
        let all = self.sightings();
        all.iter().filter(|sighting| sighting.attribute_id == attribute_id).cloned().collect()
    }
}

/// The answer of `GET /servers/getVersion`.
#[derive(Serialize)]
pub(super) struct Version {
    version: &'static str,
    pymisp_recommended_version: &'static str,
    perm_sync: bool,
    perm_sighting: bool,
    perm_galaxy_editor: bool,
    perm_analyst_data: bool,
    uuid: &'static str,
    request_encoding: [&'static str; 2],
    filter_sightings: bool,
}

pub(super) async fn version(role: Role) -> Json<Version> {
    Json(Version {
        version: "2.5.1",
        pymisp_recommended_version: "2.5.1",
        perm_sync: false,
        perm_sighting: role.may_sight,
        perm_galaxy_editor: false,
        perm_analyst_data: false,
        uuid: "8f0d2c1a-53b4-4b0e-9a77-1d2e3f405162",
        request_encoding: ["gzip", "br"],
        filter_sightings: true,
    })
}
