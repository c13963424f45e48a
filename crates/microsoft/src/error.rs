//! What a response of Microsoft Graph that is not a success means.
//!
//! Kinds and codes: docs/relays/graph-security.md#errors.

use std::fmt;

use relay_core::{
    Error, ErrorKind, Observable, Response,
    lenient::{Object, Text},
    one_line,
};
use serde::Deserialize;

use crate::GraphClient;

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
    /// Reads incidents.
    ReadIncidents,
    /// Reads reputations of hosts.
    ReadThreatIntelligence,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadAlerts => "SecurityAlert.Read.All",
            Self::Hunt => "ThreatHunting.Read.All",
            Self::ReadEvents => "SecurityEvents.Read.All",
            Self::ReadIncidents => "SecurityIncident.Read.All",
            Self::ReadThreatIntelligence => "ThreatIntelligence.Read.All",
        })
    }
}

/// Returns the error for a request that needs `permission`; a 403 says what to grant, 404 and 410
/// which setting to look at.
pub fn error_from(response: &Response, permission: Permission) -> Error {
    let words = words(response);
    let error = without_permission(response);
    match (response.status(), permission) {
        (403, _) => error.with_advice(forbidden_advice(&words, permission)),
        (404 | 410, Permission::ReadEvents) => {
            error.with_advice("Microsoft has retired this list, set GRAPH_BACKEND to alerts_v2")
        }
        (404 | 410, _) => error.with_advice("check GRAPH_CLOUD and GRAPH_BASE_URL"),
        _ => error,
    }
}

/// Returns what to do about a 403: nothing that is granted in Entra helps where the tenant lacks a
/// licence.
pub(crate) fn forbidden_advice(words: &str, permissions: impl fmt::Display) -> String {
    let words = words.to_lowercase();
    if ["licen", "subscription", "not provisioned", "not onboarded"]
        .iter()
        .any(|it| words.contains(it))
    {
        "the tenant needs the product's licence, no permission helps".to_owned()
    } else {
        format!("grant the application {permissions} in Microsoft Entra, with admin consent")
    }
}

impl<C: Sync> GraphClient<'_, C> {
    /// Returns the error of a request with the observable that it was about; of one that was not
    /// sent the warning that says so.
    pub fn error_about(&self, error: Error, observable: &Observable) -> Error {
        match error.kind() {
            ErrorKind::NotAsked => self.call.not_asked(observable),
            _ => error.about([&observable.value]),
        }
    }
}

/// The error of a request that was not sent, because an earlier one failed in a way that this one
/// would, too. [`GraphClient::error_about`] names the observable.
pub(crate) fn not_sent() -> Error {
    let text = "Microsoft was not asked about everything, because an earlier request failed; ask about the rest again.";
    Error::new(ErrorKind::NotAsked, text).as_warning()
}

/// Returns the error for a request that no single permission allows.
pub(crate) fn without_permission(response: &Response) -> Error {
    let error = response.refusal(Some(&words(response)));
    match response.status() {
        404 | 410 => error.with_message(format!(
            "{} does not know the address: {}",
            response.service(),
            words(response)
        )),
        400 | 401 | 403 | 429 | 502..=504 => error,
        _ => error.with_code("unknown"),
    }
}

/// Returns Graph's own message, else its code, else the status alone: bodies of other forms are not
/// quoted.
fn words(response: &Response) -> String {
    let body: ErrorBody = response.json().unwrap_or_default();
    let error = body.error.into_inner().unwrap_or_default();
    let message = body.error_description.into_inner().or_else(|| error.message.into_inner());
    let message = message.map(|it| one_line(&it)).filter(|it| !it.is_empty());
    message.or_else(|| error.code.into_inner().map(|it| one_line(&it))).unwrap_or_else(|| {
        let is_json = response.body().trim_ascii_start().starts_with(b"{");
        if is_json {
            format!("status {} without a reason", response.status())
        } else {
            response.quote()
        }
    })
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
    code: Text,
    message: Text,
}
