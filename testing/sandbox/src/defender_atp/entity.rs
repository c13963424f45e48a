//! The entities whose alerts can be listed: a file, an address or a domain, and the product's checks of each.

use std::net::IpAddr;

use super::error::DefenderError;

/// The entity of a call such as `/files/{id}/alerts`, in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntityId {
    /// SHA-1 in lower case.
    File(String),
    Ip(IpAddr),
    /// Lower case, without a dot at the end.
    Domain(String),
}

impl EntityId {
    /// A file for its alerts: SHA-1 only ("Get file-related alerts API", limitations).
    pub(super) fn file(hash: &str) -> Result<Self, DefenderError> {
        let is_valid = is_hash(hash, 40);
        is_valid.then(|| Self::File(hash.to_ascii_lowercase())).ok_or_else(|| invalid_hash(hash))
    }

    pub(super) fn ip(address: &str) -> Result<Self, DefenderError> {
        address.parse().map(Self::Ip).map_err(|_| invalid_ip(address))
    }

    pub(super) fn domain(name: &str) -> Result<Self, DefenderError> {
        let is_valid = is_domain(name);
        is_valid
            .then(|| Self::Domain(name.to_ascii_lowercase()))
            .ok_or_else(|| invalid_domain(name))
    }
}

pub(super) fn is_hash(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

pub(super) fn invalid_hash(hash: &str) -> DefenderError {
    DefenderError::bad("InvalidHashValue", format!("Hash value {hash} is invalid."))
}

pub(super) fn invalid_ip(address: &str) -> DefenderError {
    DefenderError::bad("InvalidIpAddress", format!("IP address {address} is invalid."))
}

pub(super) fn invalid_domain(name: &str) -> DefenderError {
    DefenderError::bad("InvalidDomainName", format!("Domain name {name} is invalid."))
}

pub(super) fn invalid_url(url: &str) -> DefenderError {
    DefenderError::bad("InvalidUrl", format!("URL {url} is invalid."))
}

/// The host of a URL, also when the scheme is missing; lower case.
pub(super) fn host_of(address: &str) -> Option<String> {
    let is_whole = address.contains("://");
    let whole = if is_whole { address.to_owned() } else { format!("http://{address}") };
    url::Url::parse(&whole).ok()?.host_str().map(str::to_owned)
}
