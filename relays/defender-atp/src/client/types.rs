//! What the requests of one call brought, before it is mapped.

use std::collections::HashMap;

use microsoft::defender::{Alert, AlertQuery, DeviceEvent};
use relay_core::ctim::Sighting;

/// Alerts by what they were searched by.
pub(crate) type AlertsByQuery = HashMap<AlertQuery, Vec<Alert>>;

/// Events by the text of the key that they were searched by.
pub(crate) type EventsByKey = HashMap<String, Vec<DeviceEvent>>;

/// The sightings of each observable, in the order of the observables.
pub(crate) type Sightings = Vec<Vec<Sighting>>;
