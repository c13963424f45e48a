//! A relay in this process: the real service behind its token check, without Lambda and network.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jsonwebtoken::{EncodingKey, Header, encode};
use relay_core::{Environment, auth::Gateway, route::Route, service::Incoming};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    catalog::{Facts, Ready},
    failure::{Failure, Outcome},
};

/// What a gateway grants.
const PATIENCE: Duration = Duration::from_secs(27);
/// Never leaves this process: relay and token are both made here.
const SECRET: &str = "a-secret-for-one-process-only-that-signs-and-verifies-right-here";

/// A running relay and a token that it accepts.
pub(crate) struct Local {
    relay: Arc<dyn Ready>,
    token: String,
}

impl Local {
    /// Starts a relay with these settings and signs a token with these claims.
    pub(crate) async fn start(
        facts: &Facts,
        settings: Environment,
        claims: Value,
    ) -> Outcome<Self> {
        let relay = facts.start(settings.with("SECRET_KEY", SECRET)).await?;
        Ok(Self { relay, token: signed(&claims, SECRET)? })
    }

    /// The token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The relay without the token.
    pub(crate) fn relay(&self) -> Arc<dyn Ready> {
        self.relay.clone()
    }

    /// Sends a request as a gateway would, and returns the answer's JSON.
    pub(crate) async fn ask(&self, route: Route, body: &impl Serialize) -> String {
        let (method, path) = address(route);
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        let request = request(method, path.to_owned(), bearing(&self.token), body);
        self.relay.answer(request).await.body
    }

    /// Whether the relay accepts the token.
    #[cfg(test)]
    pub(crate) async fn check(&self) -> relay_core::Result<()> {
        self.relay.check(&question(&self.token)).await
    }
}

/// A token with these claims, as the module's own generator makes it: HS256, nothing added.
pub(crate) fn signed(claims: &impl Serialize, secret: &str) -> Outcome<String> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::default(), claims, &key)
        .map_err(|error| Failure::Usage(format!("the token cannot be signed: {error}.")))
}

/// A request that is about its token alone.
pub(crate) fn question(token: &str) -> Incoming {
    let (method, path) = address(Route::Health);
    request(method, path.to_owned(), bearing(token), Bytes::new())
}

/// A request as a gateway would deliver it now.
pub(crate) fn request(method: Method, path: String, headers: HeaderMap, body: Bytes) -> Incoming {
    Incoming {
        method,
        path,
        headers,
        body,
        gateway: Gateway::default(),
        request_id: "local".to_owned(),
        deadline: Instant::now() + PATIENCE,
    }
}

fn bearing(token: &str) -> HeaderMap {
    let bearer = HeaderValue::try_from(format!("Bearer {token}"));
    bearer.into_iter().map(|bearer| (header::AUTHORIZATION, bearer)).collect()
}

/// A route's method and path.
pub(crate) fn address(route: Route) -> (Method, &'static str) {
    let known = Route::ALL.iter().find(|(known, ..)| *known == route);
    known.map_or((Method::POST, "/"), |(_, method, path)| (method.clone(), *path))
}
