//! Token, tenant, permission and call limit, in the order in which the service checks them.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OriginalUri},
    response::IntoResponse,
};
use http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{Service, error::DefenderError, tenant::DefenderTenant};
use crate::identity::{Grant, Limit, Resource, Unauthorized, app};

/// What an API requires of its callers.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) limit: &'static Limit,
    /// Application permissions, of which one is enough.
    pub(super) roles: &'static [&'static str],
}

/// A request before its token is checked.
#[derive(Debug)]
pub(super) struct Gate {
    service: Arc<Service>,
    headers: HeaderMap,
    uri: Uri,
}

/// The app that calls, and the tenant it calls for.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    pub(super) tenant: &'a DefenderTenant,
    pub(super) now: Timestamp,
    grant: Grant,
}

impl Caller<'_> {
    pub(super) fn has(&self, role: &str) -> bool {
        self.grant.has_any(&[role])
    }

    pub(super) fn app_id(&self) -> &'static str {
        self.grant.app.id
    }

    /// The name under which the app's requests and indicators are shown.
    pub(super) fn app_name(&self) -> &'static str {
        if *self.grant.app == app::DEFENDER { "relay-app" } else { self.grant.app.id }
    }
}

impl Gate {
    /// The address without the query, and the query.
    pub(super) fn address(&self) -> (String, &str) {
        let host = self.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let address = format!("http://{}{}", host.unwrap_or_default(), self.uri.path());
        (address, self.uri.query().unwrap_or_default())
    }

    /// Checks the caller of this API and counts the call.
    pub(super) fn admit(&self, api: &Api) -> Result<Caller<'_>, DefenderError> {
        let caller = self.caller()?;
        if !caller.grant.has_any(api.roles) {
            let roles = api.roles.join(", ");
            return Err(DefenderError::forbidden(format!(
                "The token has none of the application permissions that this API requires: {roles}."
            )));
        }
        let counted = self.service.limits.count(api.limit, &caller.grant);
        counted.map_err(|reached| DefenderError::too_many_requests(&reached))?;
        Ok(caller)
    }

    /// The caller by its token, whatever its permissions.
    pub(super) fn caller(&self) -> Result<Caller<'_>, DefenderError> {
        let grant = self.service.identity.authorize(&self.headers, Resource::Defender);
        let grant = grant.map_err(|reason| unauthorized(&reason))?;
        let tenant = self.service.tenant(grant.tenant.id).ok_or_else(|| {
            DefenderError::forbidden("The tenant has no Defender for Endpoint subscription.")
        })?;
        match tenant.behaviour.retired {
            Some(status) => Err(retired(status)),
            None => Ok(Caller { tenant, now: self.service.clock.now(), grant }),
        }
    }

    /// The body of a request, which must be declared as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, DefenderError> {
        let media = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media.is_some_and(|media| media.starts_with("application/json")) {
            return Err(DefenderError::body("send it as application/json"));
        }
        serde_json::from_slice(body).map_err(DefenderError::body)
    }
}

/// A token for another resource is valid, but not permitted here.
fn unauthorized(reason: &Unauthorized) -> DefenderError {
    let message = match reason {
        Unauthorized::Missing => "The call carries no bearer token.",
        Unauthorized::Unknown => "The token is not valid.",
        Unauthorized::Expired => "The token has expired.",
        Unauthorized::OtherResource => {
            return DefenderError::forbidden("The token is for another API.");
        }
    };
    DefenderError::new(StatusCode::UNAUTHORIZED, "Unauthorized", message)
}

/// What every address of a retired API answers.
fn retired(status: StatusCode) -> DefenderError {
    let code = if status == StatusCode::GONE { "Gone" } else { "NotFound" };
    let message = "This API is retired. Use the Microsoft Graph security API.";
    DefenderError::new(status, code, message)
}

impl FromRequestParts<Arc<Service>> for Gate {
    type Rejection = axum::response::Response;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Self::Rejection> {
        let OriginalUri(uri) = OriginalUri::from_request_parts(parts, service)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self { service: Arc::clone(service), headers: parts.headers.clone(), uri })
    }
}
