//! Which device had an address.

use relay_core::{
    Response, Result,
    lenient::{List, Object, Text, Texts},
};
use serde::Deserialize;

/// A DHCP lease: which device had an address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lease {
    account_code: Text,
    /// Another name of `account_code`.
    customer_id: Text,
    pub(crate) ip: Text,
    pub(crate) mac: Text,
    hostname: Text,
    hostnames: Texts,
}

impl Lease {
    /// Returns the code of the account of the network, which events call `customer_id`.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account_code.as_deref().or(self.customer_id.as_deref())
    }

    /// Returns the names of the device.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.hostname.as_deref().into_iter().chain(self.hostnames.iter().map(String::as_str))
    }
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
