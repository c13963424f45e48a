//! Microsoft's identity platform: the token endpoint that both Microsoft products share.
//!
//! `POST /{tenant}/oauth2/v2.0/token` with a form, grant `client_credentials`. Tokens are opaque text; they
//! are bound to tenant, app and resource, and end after [`LIFETIME_SECONDS`] of tokio's time, after one call
//! (for [`app::ONE_CALL`]), or all at once after `POST` to [`EXPIRE_TOKENS`].
//! Source: page "Microsoft identity platform and the OAuth 2.0 client credentials flow".

pub mod app;
mod error;
mod limits;
mod request;
pub mod tenant;
mod tokens;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

pub use app::App;
pub(crate) use error::Unauthorized;
pub(crate) use limits::{CallLimits, Limit, LimitReached, Rate};
pub(crate) use request::Resource;
pub use tenant::Tenant;
pub(crate) use tokens::Grant;

use error::TokenError;
use request::TokenRequest;
use tokens::Tokens;

/// The lifetime of a token; the `expires_in` of every response.
pub const LIFETIME_SECONDS: u64 = 3599;

/// `POST` here ends every token issued so far; the response is 204. No product has such a path.
pub const EXPIRE_TOKENS: &str = "/sandbox/tokens/expire";

/// The time at which the Microsoft simulators answer, shortly after their newest record:
/// 2026-10-31T09:00:00Z. It does not go on, so that data never grows old and answers compare whole.
pub const NOW: Timestamp = Timestamp::constant(1_793_437_200, 0);

/// The endpoint and the tokens that it has issued. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    tokens: Arc<Tokens>,
    request_ids: Arc<AtomicU64>,
}

impl Identity {
    /// The token endpoint, and [`EXPIRE_TOKENS`].
    pub(crate) fn routes(&self) -> Router {
        Router::new()
            .route("/{tenant}/oauth2/v2.0/token", any(token))
            .route(EXPIRE_TOKENS, post(expire))
            .with_state(self.clone())
    }

    /// The grant of the caller's bearer token at this resource. Counts as a use of the token.
    pub(crate) fn authorize(
        &self,
        headers: &HeaderMap,
        resource: Resource,
    ) -> Result<Grant, Unauthorized> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(Unauthorized::Missing);
        }
        let grant = self.tokens.use_once(token.trim(), Instant::now())?;
        if grant.resource == resource { Ok(grant) } else { Err(Unauthorized::OtherResource) }
    }

    /// A new id for a response, in the form of a GUID. Ids differ within a sandbox and repeat in the next.
    pub(crate) fn request_id(&self) -> String {
        let number = self.request_ids.fetch_add(1, Ordering::Relaxed) + 1;
        format!("5a9db0c5-0000-4000-8000-{number:012x}")
    }

    fn grant(&self, tenant: &str, request: &TokenRequest) -> Result<Response, TokenError> {
        let grant = request.grant(tenant)?;
        let body = json!({
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "ext_expires_in": LIFETIME_SECONDS,
            "access_token": self.tokens.issue(grant, Instant::now()),
        });
        let headers = [(header::CACHE_CONTROL, "no-store, no-cache"), (header::PRAGMA, "no-cache")];
        Ok((headers, Json(body)).into_response())
    }
}

/// A body counts only with POST and as a form, as the endpoint has it.
async fn token(
    State(identity): State<Identity>,
    Path(tenant): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded"));
    let form = if method == Method::POST && is_form { &body[..] } else { &[] };
    let request = TokenRequest::read(form);
    identity
        .grant(&tenant, &request)
        .unwrap_or_else(|error| error.response(&identity.request_id(), &identity.request_id()))
}

async fn expire(State(identity): State<Identity>) -> StatusCode {
    identity.tokens.expire_all();
    StatusCode::NO_CONTENT
}
