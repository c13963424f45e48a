//! What the token carries and what the operator sets, spec §2.

use relay_core::{BadSetting, BaseUrl, Claim, ClaimKind, Environment, Secret, relay};
use serde::Deserialize;

use crate::actions::urlscan::Urlscan;

/// What the token may carry, for the tool that makes tokens.
pub(crate) const CLAIMS: [Claim; 3] = [
    Claim {
        name: "AuthKey",
        title: "Auth key",
        kind: ClaimKind::ApiKey,
        is_required: true,
        tooltip: "The API key of a MISP user: My Profile, Auth keys. Reading is enough to observe; sightings need a role with perm_sighting.",
    },
    Claim {
        name: "HOST",
        title: "MISP host",
        kind: ClaimKind::Text,
        is_required: false,
        tooltip: "The server's https URL, such as https://misp.example; needed unless the relay's API_URL names it.",
    },
    Claim {
        name: "URLSCAN_API_KEY",
        title: "urlscan.io API key",
        kind: ClaimKind::ApiKey,
        is_required: false,
        tooltip: "Offers scans with urlscan.io; without it none are offered.",
    },
];

/// The claims this relay reads.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Claims")]
pub struct Credentials {
    /// MISP's API key, claim `AuthKey` or `key`.
    pub(crate) key: Secret,
    /// The caller's server, claim `HOST`.
    pub(crate) host: Option<String>,
    /// The caller's key for urlscan.io, claim `URLSCAN_API_KEY`.
    pub(crate) urlscan_key: Option<Secret>,
}

impl relay::Credentials for Credentials {
    fn secrets(&self) -> Vec<&Secret> {
        std::iter::once(&self.key).chain(&self.urlscan_key).collect()
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
    urlscan_api_key: Option<String>,
}

impl TryFrom<Claims> for Credentials {
    type Error = &'static str;

    fn try_from(claims: Claims) -> Result<Self, Self::Error> {
        let key =
            claims.auth_key.and_then(Secret::new).or_else(|| claims.key.and_then(Secret::new));
        Ok(Self {
            key: key.ok_or("no API key")?,
            host: claims.host.filter(|host| !host.is_empty()),
            urlscan_key: claims.urlscan_api_key.and_then(Secret::new),
        })
    }
}

/// What the operator sets; holds nothing of any caller.
pub(crate) struct Settings {
    /// `API_URL`, for tokens without `HOST`.
    pub(crate) api_url: Option<BaseUrl>,
    /// `MISP_RELATIONS_LIMIT`: related observables per sighting; 0 saves the call for them.
    pub(crate) relations_limit: usize,
    /// `MISP_MORE_TYPES`: mail addresses, file names, user agents, mutexes, registry keys.
    pub(crate) more_types: bool,
    /// `MISP_ACTIONS`: offers to add sightings.
    pub(crate) actions: bool,
    pub(crate) urlscan: Urlscan,
}

impl Settings {
    pub(crate) fn read(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            api_url: environment.url("API_URL")?,
            relations_limit: environment.number("MISP_RELATIONS_LIMIT", 0..=200, 50)?,
            more_types: environment.flag("MISP_MORE_TYPES", false)?,
            actions: environment.flag("MISP_ACTIONS", true)?,
            urlscan: Urlscan::read(environment)?,
        })
    }
}
