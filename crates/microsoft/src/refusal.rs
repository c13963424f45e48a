//! What Graph means when it says no: the one function from an answer to an error.

use std::fmt;

use relay_core::{Error, Response, http::one_line, lenient};
use serde::Deserialize;

/// A permission that an administrator grants to the application.
///
/// Source: spec §5.5; page "Microsoft Graph permissions reference".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Reads `alerts_v2`.
    ReadAlerts,
    /// Runs hunting queries.
    Hunt,
    /// Reads the legacy alerts.
    ReadEvents,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadAlerts => "SecurityAlert.Read.All",
            Self::Hunt => "ThreatHunting.Read.All",
            Self::ReadEvents => "SecurityEvents.Read.All",
        })
    }
}

/// What an answer other than success means, for a call that needs `permission`.
///
/// Kinds and codes: spec §7. A 403 names the permission; what has no row there is `unknown`.
pub fn refusal(response: &Response, permission: Permission) -> Error {
    let error = plain(response);
    if response.status() != 403 {
        return error;
    }
    error.with_advice(format!(
        "grant the application {permission} in Microsoft Entra, with admin consent"
    ))
}

/// The same for a call that no single permission opens.
pub(crate) fn plain(response: &Response) -> Error {
    let error = response.refusal(words(response).as_deref());
    match response.status() {
        400 | 401 | 403 | 404 | 429 | 502..=504 => error,
        _ => error.with_code("unknown"),
    }
}

/// Graph's own words; the login's form of an error is understood as well.
fn words(response: &Response) -> Option<String> {
    let body: Body = response.json().ok()?;
    let words = body.error_description.or_else(|| body.error?.message)?;
    Some(one_line(&words))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(deserialize_with = "lenient::object")]
    error: Option<Reason>,
    #[serde(deserialize_with = "lenient::text")]
    error_description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
}
