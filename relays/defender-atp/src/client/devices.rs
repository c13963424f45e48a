//! Devices: their records, many at once, and the one that an action is about.
//!
//! Source: spec §4.3; pages "machine resource type", "List machines API", "Get machine by ID API".

use relay_core::{Partial, lenient};
use serde::Deserialize;

use super::{Api, Failure, Group, rows::Lookup};

/// A device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Machine {
    /// 40 hex digits.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) computer_dns_name: Option<String>,
    /// `Windows11`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) os_platform: Option<String>,
    /// `64-bit`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) os_architecture: Option<String>,
    /// `x64`; what older records have in place of the architecture.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) os_processor: Option<String>,
    /// `23H2`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) last_ip_address: Option<String>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) ip_addresses: Vec<MachineAddress>,
}

/// One address of a device, and the adapter that has it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MachineAddress {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip_address: Option<String>,
    /// Twelve hex digits, with separators or without.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) mac_address: Option<String>,
}

/// A network adapter as hunting tells it: a MAC address and what is reached by it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Adapter {
    pub(crate) mac: Option<String>,
    pub(crate) addresses: Vec<String>,
}

const MACHINES: Lookup = Lookup {
    group: Group::Machines,
    list: "machines",
    property: "id",
    option: None,
    none_is_404: true,
};

impl Api<'_> {
    /// The devices with these ids; those that the product does not know are missing.
    pub(crate) async fn machines(&self, ids: &[&str]) -> Partial<Vec<Machine>> {
        self.look_up(MACHINES, ids).await
    }

    /// The device with this id or name; none when the product does not know it.
    pub(crate) async fn machine(&self, id_or_name: &str) -> Result<Option<Machine>, Failure> {
        match self.get(Group::Machines, &["machines", id_or_name]).await {
            Ok(response) => Ok(Some(response.json()?)),
            Err(failure) if failure.is_unknown_thing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
