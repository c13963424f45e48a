//! Devices, their network interfaces, and the sessions on them.

use std::net::IpAddr;

use relay_core::lenient::{List, Object, Parsed, ParsedList, Text};
use serde::Deserialize;

use super::{account::UserEvidence, network::Address, present};
use crate::spelling::SpelledAddress;

/// A device.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct Device {
    pub(in crate::alerts) host_name: Text,
    #[serde(rename = "deviceDnsName")]
    pub(in crate::alerts) dns_name: Text,
    /// Defender for Endpoint's id: forty hex digits.
    #[serde(rename = "mdeDeviceId")]
    pub(in crate::alerts) machine_id: Text,
    /// `Windows11`; `Other` when it is unknown.
    pub(in crate::alerts) os_platform: Text,
    /// The version of the operating system: `23H2`.
    pub(in crate::alerts) version: Text,
    ip_interfaces: ParsedList<SpelledAddress>,
    #[serde(rename = "lastIpAddress")]
    last_ip: Parsed<SpelledAddress>,
    /// The address that the device has on the internet, often of many devices at a time.
    #[serde(rename = "lastExternalIpAddress")]
    last_external_ip: Parsed<SpelledAddress>,
    pub(in crate::alerts) logged_on_users: List<LoggedOnUser>,
}

impl Device {
    /// Returns the DNS name up to its first dot.
    pub(in crate::alerts) fn first_label(&self) -> Option<&str> {
        self.dns_name.as_deref()?.split('.').next()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = [self.host_name.as_deref(), self.dns_name.as_deref(), self.first_label()];
        names.into_iter().flatten()
    }

    /// Returns the addresses of the interfaces, the last one, and the one on the internet.
    pub(in crate::alerts) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let last = [*self.last_ip, *self.last_external_ip].into_iter().flatten();
        self.ip_interfaces.iter().copied().chain(last).map(|SpelledAddress(ip)| ip)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct LoggedOnUser {
    pub(in crate::alerts) account_name: Text,
}

/// A device of the internet of things or of a plant.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct IotDevice {
    #[serde(rename = "deviceName")]
    pub(in crate::alerts) name: Text,
    #[serde(rename = "ipAddress")]
    address: Object<Address>,
    mac_address: Text,
    nics: List<Nic>,
    pub(in crate::alerts) operating_system: Text,
    pub(in crate::alerts) serial_number: Text,
}

impl IotDevice {
    pub(in crate::alerts) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let of_nics = self.nics.iter().filter_map(|nic| nic.address.as_ref()?.ip());
        self.address.as_ref().and_then(Address::ip).into_iter().chain(of_nics)
    }

    pub(in crate::alerts) fn macs(&self) -> impl Iterator<Item = &str> {
        let of_nics = present(&self.nics, |nic| nic.mac_address.as_deref());
        self.mac_address.as_deref().into_iter().chain(of_nics)
    }
}

/// A network interface.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct Nic {
    #[serde(rename = "ipAddress")]
    address: Object<Address>,
    mac_address: Text,
}

/// A session of an account, on a device or in the cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct LogonSession {
    pub(super) account: Object<UserEvidence>,
    pub(super) host: Object<Device>,
}
