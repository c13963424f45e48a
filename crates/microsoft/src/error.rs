//! What a response of Microsoft Graph that is not a success means.
//!
//! Kinds and codes: docs/relays/graph-security.md#errors.

use std::fmt;

use relay_core::{
    Error, Response,
    lenient::{Object, Text},
    one_line,
};
use serde::Deserialize;

/// A permission that an administrator grants to the application.
///
/// Source: Microsoft's page "Microsoft Graph permissions reference".
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

/// Returns the error for a request that needs `permission`; a 403 names it.
pub fn error_from(response: &Response, permission: Permission) -> Error {
    let error = without_permission(response);
    if response.status() != 403 {
        return error;
    }
    error.with_advice(format!(
        "grant the application {permission} in Microsoft Entra, with admin consent"
    ))
}

/// Returns the error for a request that no single permission allows.
pub(crate) fn without_permission(response: &Response) -> Error {
    let error = response.refusal(message(response).as_deref());
    match response.status() {
        400 | 401 | 403 | 404 | 429 | 502..=504 => error,
        _ => error.with_code("unknown"),
    }
}

/// Reads Graph's own message. The login's form of an error is understood as well, because a proxy
/// may pass it on.
fn message(response: &Response) -> Option<String> {
    let body: ErrorBody = response.json().ok()?;
    let message = body.error_description.into_inner();
    let message = message.or_else(|| body.error.into_inner()?.message.into_inner())?;
    Some(one_line(&message))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: Object<GraphError>,
    error_description: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GraphError {
    message: Text,
}
