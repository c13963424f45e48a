//! Who calls: token, tenant, permission and quota, in the order in which the service looks at them.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, OriginalUri},
    response::IntoResponse,
};
use http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    Service,
    limits::Quota,
    odata::{Entity, List, Options},
    problem::Problem,
    tenant::Tenant,
};
use crate::identity::{Grant, Resource, Unauthorized, app};

/// What an API asks of its callers.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) quota: Quota,
    /// Application permissions, of which one is enough.
    pub(super) roles: &'static [&'static str],
}

/// A call before anybody has looked at its token.
#[derive(Debug)]
pub(super) struct Gate {
    service: Arc<Service>,
    headers: HeaderMap,
    uri: Uri,
}

/// Who passed the gate.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    pub(super) tenant: &'a Tenant,
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
    /// The address as the caller wrote it.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Lets the caller of this API in, or says what is missing.
    pub(super) fn admit(&self, api: &Api) -> Result<Caller<'_>, Problem> {
        let caller = self.known()?;
        if !caller.grant.has_any(api.roles) {
            let roles = api.roles.join(", ");
            return Err(Problem::forbidden(format!(
                "The token has none of the application permissions that this API requires: {roles}."
            )));
        }
        if caller.tenant.manners.is_limited {
            let key = (caller.tenant.id, caller.app_id());
            self.service.limits.take(key, api.quota, Instant::now())?;
        }
        Ok(caller)
    }

    /// The caller by its token, whatever it may do.
    pub(super) fn known(&self) -> Result<Caller<'_>, Problem> {
        let grant = self
            .service
            .identity
            .authorize(&self.headers, Resource::Defender)
            .map_err(|reason| unwelcome(&reason))?;
        let tenant = self.service.tenant(grant.tenant.id).ok_or_else(|| {
            Problem::forbidden("The tenant has no Defender for Endpoint subscription.")
        })?;
        match tenant.manners.gone {
            Some(status) => Err(retired(status)),
            None => Ok(Caller { tenant, now: self.service.clock.now(), grant }),
        }
    }

    /// The body of a call, which must be declared as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Problem> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(Problem::body("Request body is incorrect: send it as application/json."));
        }
        serde_json::from_slice(body)
            .map_err(|error| Problem::body(format!("Request body is incorrect: {error}.")))
    }

    /// One page of a list of this tenant, with an absolute link to the next.
    pub(super) fn page(
        &self,
        caller: &Caller<'_>,
        options: &Options,
        list: &List,
        rows: Vec<Entity>,
    ) -> Value {
        let host = self.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let address = format!("http://{}{}", host.unwrap_or_default(), self.uri.path());
        options.page(list, rows, caller.tenant.manners.page, &address)
    }
}

/// A token for another resource is valid, but not permitted here (spec §3.2).
fn unwelcome(reason: &Unauthorized) -> Problem {
    match reason {
        Unauthorized::Missing => Problem::unauthorized("The call carries no bearer token."),
        Unauthorized::Unknown => Problem::unauthorized("The token is not valid."),
        Unauthorized::Expired => Problem::unauthorized("The token has expired."),
        Unauthorized::OtherResource => Problem::forbidden("The token is for another API."),
    }
}

/// What every address of a retired API answers.
fn retired(status: StatusCode) -> Problem {
    let code = if status == StatusCode::GONE { "Gone" } else { "NotFound" };
    Problem::new(status, code, "This API is retired. Use the Microsoft Graph security API.")
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
