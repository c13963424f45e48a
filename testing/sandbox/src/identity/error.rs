//! Errors of the token endpoint, with the service's `AADSTS` codes, and of tokens at an API.
//!
//! Source: page "Microsoft Entra authentication and authorization error codes".

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

use super::{App, NOW, Tenant};

/// Why a bearer token does not open an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unauthorized {
    /// No `Authorization` header with a bearer token.
    Missing,
    /// A token that was never issued.
    Unknown,
    /// A token that is no longer valid.
    Expired,
    /// A token for another API.
    OtherResource,
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum TokenError {
    MalformedTenant(String),
    UnknownTenant(String),
    MissingParameter(&'static str),
    UnsupportedGrant(String),
    UnknownApp { id: String, tenant: &'static Tenant },
    MissingSecret,
    WrongSecret(&'static App),
    ExpiredSecret(&'static App),
    NotDefaultScope(String),
    UnknownResource { name: String, tenant: &'static Tenant },
}

impl TokenError {
    /// The number of the code, and the OAuth error.
    fn code(&self) -> (u32, &'static str) {
        match self {
            Self::MalformedTenant(_) => (900_023, "invalid_request"),
            Self::UnknownTenant(_) => (90_002, "invalid_request"),
            Self::MissingParameter(_) => (900_144, "invalid_request"),
            Self::UnsupportedGrant(_) => (70_003, "unsupported_grant_type"),
            Self::UnknownApp { .. } => (700_016, "unauthorized_client"),
            Self::MissingSecret => (7_000_216, "invalid_client"),
            Self::WrongSecret(_) => (7_000_215, "invalid_client"),
            Self::ExpiredSecret(_) => (7_000_222, "invalid_client"),
            Self::NotDefaultScope(_) => (1_002_012, "invalid_scope"),
            Self::UnknownResource { .. } => (500_011, "invalid_resource"),
        }
    }

    fn description(&self) -> String {
        match self {
            Self::MalformedTenant(text) => format!(
                "Specified tenant identifier '{text}' is neither a valid DNS name, nor a valid external domain."
            ),
            Self::UnknownTenant(text) => format!(
                "Tenant '{text}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
            ),
            Self::MissingParameter(name) => {
                format!("The request body must contain the following parameter: '{name}'.")
            }
            Self::UnsupportedGrant(text) => {
                format!("The app requested an unsupported grant type '{text}'.")
            }
            Self::UnknownApp { id, tenant } => format!(
                "Application with identifier '{id}' was not found in the directory '{}'.",
                tenant.name
            ),
            Self::MissingSecret => "'client_assertion', 'client_secret' or 'request' is required \
                                    for the 'client_credentials' grant type."
                .to_owned(),
            Self::WrongSecret(app) => format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
                app.id
            ),
            Self::ExpiredSecret(app) => {
                format!("The provided client secret keys for app '{}' are expired.", app.id)
            }
            Self::NotDefaultScope(scope) => format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."
            ),
            Self::UnknownResource { name, tenant } => format!(
                "The resource principal named {name} was not found in the tenant named {}.",
                tenant.name
            ),
        }
    }

    pub(super) fn response(&self, trace_id: &str, correlation_id: &str) -> Response {
        let (code, error) = self.code();
        let status = match error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let time = NOW.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let description = format!(
            "AADSTS{code}: {} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {time}",
            self.description()
        );
        let body = json!({
            "error": error,
            "error_description": description,
            "error_codes": [code],
            "timestamp": time,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        (status, Json(body)).into_response()
    }
}
