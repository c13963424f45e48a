//! The look-up of devices.
//! Specification: docs/relays/gigamon-threatinsight.md#device-look-up.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use futures::future::join_all;
use relay_core::{Error, ErrorKind, Partial, Request, Time};
use serde_json::{Value, json};

use super::{Client, Family, Lease, collected, downgrade_if, query, types};

/// How many addresses one device look-up may have.
const MAX_ADDRESSES: usize = 500;
/// The time that a device look-up needs.
const MIN_LOOK_UP_TIME: Duration = Duration::from_secs(2);
const NO_DEVICE_LOOK_UP: &str = "The device look-up of Gigamon ThreatINSIGHT does not answer at its address; names of devices are missing.";

impl Client<'_> {
    /// Returns which devices had these addresses at these times. All errors are warnings.
    pub(crate) async fn leases(&self, addresses: &BTreeMap<IpAddr, Time>) -> Partial<Vec<Lease>> {
        let Some(family) = &self.entity else { return Partial::default() };
        if addresses.is_empty() {
            return Partial::default();
        }
        if self.call.time_left() < MIN_LOOK_UP_TIME {
            return no_time_for_look_up().into();
        }
        let entities = query::entities(addresses);
        let chunks = entities.chunks(MAX_ADDRESSES).map(|chunk| self.look_up(family, chunk));
        let found = collected(join_all(chunks).await);
        Partial { data: found.data.unwrap_or_default(), errors: downgrade_if(true, found.errors) }
    }

    async fn look_up(&self, family: &Family, entities: &[Value]) -> Partial<Option<Vec<Lease>>> {
        if let Some(missing) = self.known_missing(family, NO_DEVICE_LOOK_UP) {
            return missing.into();
        }
        let request = Request::post(family.base.path("/entity/tracking/bulk/get/ip")).repeatable();
        let response = match request.json(&json!({"entities": entities})) {
            Ok(request) => self.send(family, request).await,
            Err(error) => Some(Err(error)),
        };
        let leases =
            response.map(|response| response.and_then(|response| types::leases(&response)));
        match leases.transpose() {
            Ok(data) => data.into(),
            Err(error) => self.noting_missing(family, NO_DEVICE_LOOK_UP, error).into(),
        }
    }
}

fn no_time_for_look_up() -> Error {
    let text =
        "No time was left to look devices up; ask about fewer observables to see their names.";
    Error::new(ErrorKind::Interrupted, text).as_warning()
}
