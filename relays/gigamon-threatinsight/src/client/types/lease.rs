//! Which device had an address.

use relay_core::{
    Response, Result,
    lenient::{List, Object, Text},
};
use serde::Deserialize;

/// A DHCP lease: which device had an address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lease {
    /// The code of the account of the network; `customer_id` of events.
    pub(crate) account_code: Text,
    pub(crate) ip: Text,
    pub(crate) mac: Text,
    pub(crate) hostname: Text,
}

/// Returns the leases of a device look-up. Errors: `Malformed`.
pub(in crate::client) fn leases(response: &Response) -> Result<Vec<Lease>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        entity_tracking_bulk_response: Object<Tracked>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Tracked {
        dhcp: List<Lease>,
    }
    let body: Body = response.json()?;
    let tracked = body.entity_tracking_bulk_response.into_inner();
    tracked.map(|tracked| tracked.dhcp.into_inner()).ok_or_else(|| response.malformed())
}
