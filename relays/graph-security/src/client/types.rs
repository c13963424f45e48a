//! An alert of the legacy list: the members that are read.
//!
//! Source: Microsoft's page "alert resource type" (microsoft.graph).

use relay_core::lenient;
use serde::Deserialize;

/// An alert. Times are RFC 3339 texts in UTC.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Alert {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) title: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) description: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) severity: Option<String>,
    /// Percent.
    #[serde(deserialize_with = "lenient::integer")]
    pub(crate) confidence: Option<i64>,
    #[serde(rename = "eventDateTime", deserialize_with = "lenient::text")]
    pub(crate) event: Option<String>,
    #[serde(rename = "createdDateTime", deserialize_with = "lenient::text")]
    pub(crate) created: Option<String>,
    #[serde(rename = "vendorInformation", deserialize_with = "lenient::object")]
    pub(crate) vendor: Option<Vendor>,
    /// Links to the provider's own pages.
    #[serde(deserialize_with = "lenient::texts")]
    pub(crate) source_materials: Vec<String>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) host_states: Vec<HostState>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) network_connections: Vec<Connection>,
    #[serde(deserialize_with = "lenient::objects")]
    pub(crate) file_states: Vec<FileState>,
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
    #[serde(deserialize_with = "lenient::text")]
    provider: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    sub_provider: Option<String>,
}

/// A device.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct HostState {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) private_ip_address: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) public_ip_address: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) net_bios_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) fqdn: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) os: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Connection {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) source_address: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) destination_address: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) destination_domain: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileState {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    /// The whole path.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) path: Option<String>,
    #[serde(rename = "fileHash", deserialize_with = "lenient::object")]
    pub(crate) hash: Option<FileHash>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FileHash {
    /// `sha256`, `sha1`, `md5`, `authenticodeHash256` and others.
    #[serde(rename = "hashType", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    #[serde(rename = "hashValue", deserialize_with = "lenient::text")]
    pub(crate) value: Option<String>,
}
