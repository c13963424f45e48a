//! The entity family: which device had an address at a time.

use std::net::IpAddr;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::Caller,
    parameters::GigamonError,
    records::{Moment, time_of},
};

const MAX_ENTITIES: usize = 500;

/// The body of the bulk call.
#[derive(Deserialize)]
pub(super) struct Bulk {
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
struct Entity {
    ip: IpAddr,
    event_time: Moment,
}

/// `POST /entity/tracking/bulk/get/ip`: the DHCP leases that were in force.
pub(super) async fn by_address(
    caller: Caller,
    State(data): State<Shared>,
    body: Result<Json<Bulk>, JsonRejection>,
) -> Result<Json<Value>, GigamonError> {
    if let Some(status) = caller.0.devices {
        return Err(GigamonError::no_family(status));
    }
    let Json(bulk) = body.map_err(|error| invalid(error.body_text()))?;
    if bulk.entities.is_empty() {
        return Err(invalid("No entities specified."));
    }
    if bulk.entities.len() > MAX_ENTITIES {
        return Err(invalid("At most 500 entities can be asked for."));
    }
    let leases = caller.records(&data).leases.iter();
    let dhcp: Vec<_> =
        leases.filter(|lease| bulk.entities.iter().any(|one| one.held(lease))).collect();
    Ok(Json(json!({"entity_tracking_bulk_response": {"pdns": [], "dhcp": dhcp}})))
}

fn invalid(message: impl Into<String>) -> GigamonError {
    GigamonError::bad_request("client.invalid_body", message)
}

impl Entity {
    /// Whether the address had this lease when the event happened.
    fn held(&self, lease: &Value) -> bool {
        let address = lease["ip"].as_str().and_then(|ip| ip.parse().ok());
        let Moment(time) = self.event_time;
        let began = time_of(lease, "lease_start").is_some_and(|start| start <= time);
        let lasted = time_of(lease, "lease_end").is_none_or(|end| time < end);
        address == Some(self.ip) && began && lasted
    }
}
