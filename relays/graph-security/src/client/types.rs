//! An alert of the legacy list: the members that are read.
//!
//! Source: Microsoft's page "alert resource type" (microsoft.graph).

use relay_core::lenient::{Integer, List, Object, Text, Texts};
use serde::Deserialize;

/// An alert. Times are RFC 3339 texts in UTC.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Alert {
    pub(crate) id: Text,
    pub(crate) title: Text,
    pub(crate) category: Text,
    pub(crate) description: Text,
    pub(crate) severity: Text,
    /// Percent.
    pub(crate) confidence: Integer,
    #[serde(rename = "eventDateTime")]
    pub(crate) event: Text,
    #[serde(rename = "createdDateTime")]
    pub(crate) created: Text,
    #[serde(rename = "vendorInformation")]
    pub(crate) vendor: Object<Vendor>,
    /// Links to the provider's own pages.
    pub(crate) source_materials: Texts,
    pub(crate) host_states: List<HostState>,
    pub(crate) network_connections: List<Connection>,
    pub(crate) file_states: List<FileState>,
}

impl Alert {
    /// Returns the provider that reported the alert.
    pub(crate) fn provider(&self) -> Option<&str> {
        self.vendor.as_ref()?.provider.as_deref()
    }

    /// Returns the provider's product.
    pub(crate) fn sub_provider(&self) -> Option<&str> {
        self.vendor.as_ref()?.sub_provider.as_deref()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Vendor {
    provider: Text,
    sub_provider: Text,
}

/// A device.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HostState {
    pub(crate) private_ip_address: Text,
    pub(crate) public_ip_address: Text,
    pub(crate) net_bios_name: Text,
    pub(crate) fqdn: Text,
    pub(crate) os: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Connection {
    pub(crate) source_address: Text,
    pub(crate) destination_address: Text,
    pub(crate) destination_domain: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileState {
    pub(crate) name: Text,
    /// The whole path.
    pub(crate) path: Text,
    #[serde(rename = "fileHash")]
    pub(crate) hash: Object<FileHash>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FileHash {
    /// `sha256`, `sha1`, `md5`, `authenticodeHash256` and others.
    #[serde(rename = "hashType")]
    pub(crate) kind: Text,
    #[serde(rename = "hashValue")]
    pub(crate) value: Text,
}
