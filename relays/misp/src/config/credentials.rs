//! The claims of the token, docs/relays/misp.md#settings-and-claims.

use relay_core::{Claim, ClaimKind, Secret};
use serde::Deserialize;

/// The claims, in the order in which a form asks for them.
pub(crate) const CLAIMS: &[Claim] = &[
    Claim {
        name: "AuthKey",
        former_name: Some("key"),
        title: "Auth key",
        kind: ClaimKind::ApiKey,
        is_required: true,
        tooltip: "The API key of a MISP user: My Profile, Auth keys. Reading is enough to observe; sightings need a role with perm_sighting.",
    },
    Claim {
        name: "HOST",
        former_name: None,
        title: "MISP host",
        kind: ClaimKind::Text,
        is_required: false,
        tooltip: "The server's https URL, such as https://misp.example; needed unless the relay's API_URL names it.",
    },
    Claim {
        name: "URLSCAN_API_KEY",
        former_name: None,
        title: "urlscan.io API key",
        kind: ClaimKind::ApiKey,
        is_required: false,
        tooltip: "Offers scans with urlscan.io; without it none are offered.",
    },
];

/// The caller's credentials, as the token carries them.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Claims")]
pub struct Credentials {
    /// MISP's API key, claim `AuthKey` or `key`.
    pub(crate) api_key: Secret,
    /// The base URL of the caller's server, claim `HOST`; not yet validated.
    pub(crate) host: Option<String>,
    /// The caller's key for urlscan.io, claim `URLSCAN_API_KEY`.
    pub(crate) urlscan_key: Option<Secret>,
}

impl relay_core::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.api_key).chain(&self.urlscan_key).collect()
    }

    fn account(&self) -> String {
        self.host.clone().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "AuthKey")]
    auth_key: Option<String>,
    key: Option<String>,
    #[serde(rename = "HOST")]
    host: Option<String>,
    #[serde(rename = "URLSCAN_API_KEY")]
    urlscan_key: Option<String>,
}

impl TryFrom<Claims> for Credentials {
    type Error = &'static str;

    fn try_from(claims: Claims) -> Result<Self, Self::Error> {
        let auth_key = claims.auth_key.and_then(Secret::new);
        let api_key = auth_key.or_else(|| claims.key.and_then(Secret::new));
        Ok(Self {
            api_key: api_key.ok_or("no API key")?,
            host: claims.host.filter(|host| !host.is_empty()),
            urlscan_key: claims.urlscan_key.and_then(Secret::new),
        })
    }
}
