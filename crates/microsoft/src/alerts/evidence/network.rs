//! Addresses, URLs, connections, and queries to DNS.

use std::net::IpAddr;

use relay_core::lenient::{List, Object, Parsed, Text};
use serde::Deserialize;

use crate::spelling::SpelledAddress;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct Address {
    #[serde(rename = "ipAddress")]
    ip: Parsed<SpelledAddress>,
}

impl Address {
    pub(in crate::alerts) fn ip(&self) -> Option<IpAddr> {
        self.ip.map(|SpelledAddress(ip)| ip)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct UrlEvidence {
    pub(super) url: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct Connection {
    #[serde(rename = "sourceAddress")]
    pub(in crate::alerts) source: Object<Address>,
    #[serde(rename = "destinationAddress")]
    pub(in crate::alerts) destination: Object<Address>,
}

impl Connection {
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let ends = [&self.source, &self.destination];
        ends.into_iter().filter_map(|end| end.as_ref()?.ip())
    }
}

/// A DNS query: a name and the addresses that it was resolved to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct Dns {
    #[serde(rename = "domainName")]
    pub(in crate::alerts) domain: Text,
    #[serde(rename = "ipAddresses")]
    pub(in crate::alerts) addresses: List<Address>,
    /// Who asked.
    #[serde(rename = "hostIpAddress")]
    pub(in crate::alerts) host: Object<Address>,
    /// Who was asked.
    #[serde(rename = "dnsServerIp")]
    pub(in crate::alerts) server: Object<Address>,
}

impl Dns {
    pub(super) fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let ends = [&self.host, &self.server];
        let ends = ends.into_iter().filter_map(|end| end.as_ref()?.ip());
        self.addresses.iter().filter_map(Address::ip).chain(ends)
    }
}
