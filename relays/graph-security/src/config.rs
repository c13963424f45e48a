//! The settings of the relay.
//!
//! Source: docs/relays/graph-security.md#settings-and-claims. Those of Microsoft Graph itself are
//! read by [`Graph::new`](microsoft::Graph::new).

mod credentials;

use relay_core::{BadSetting, Environment};
use serde::Deserialize;

pub(crate) use credentials::CLAIMS;
pub use credentials::Credentials;

/// The list that alerts are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Backend {
    /// `/security/alerts_v2`.
    #[serde(rename = "alerts_v2")]
    AlertsV2,
    /// The legacy `/security/alerts`, which Microsoft retires.
    #[serde(rename = "alerts")]
    Legacy,
}

/// The settings of the relay's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    /// `GRAPH_BACKEND`, for callers whose token does not choose.
    backend: Backend,
}

impl Config {
    /// Reads `GRAPH_BACKEND`: `alerts_v2` (default) or `alerts`.
    ///
    /// Errors: [`BadSetting`] for any other word.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let words = [("alerts_v2", Backend::AlertsV2), ("alerts", Backend::Legacy)];
        let backend = environment.word("GRAPH_BACKEND", &words, Backend::AlertsV2)?;
        Ok(Self { backend })
    }

    /// Returns the backend for a caller: the token's choice, else the setting.
    pub(crate) fn backend(&self, credentials: &Credentials) -> Backend {
        credentials.backend.unwrap_or(self.backend)
    }
}
