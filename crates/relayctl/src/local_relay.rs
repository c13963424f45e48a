//! A relay in this process: the service behind its token check, without Lambda and network.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use catalog::{CatalogEntry, StartedRelay};
use http::{HeaderMap, HeaderValue, Method, header};
use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};
use relay_core::{Clock, Environment, Gateway, Incoming, Route, SystemResolver};
use sandbox::{Fixture, Product, Sandbox};
use serde::Serialize;
use tokio::time::Instant;

use crate::failure::{Failure, Outcome};

/// The time that a gateway leaves a function.
const CALL_TIMEOUT: Duration = Duration::from_secs(27);
/// Relay and token are both made in this process, and the secret never leaves it.
const SECRET: &str = "a-secret-for-one-process-only-that-signs-and-verifies-right-here";

/// A started relay, and a token that it accepts.
pub(crate) struct LocalRelay {
    relay: Arc<dyn StartedRelay>,
    token: String,
}

impl LocalRelay {
    /// Starts a relay with these settings and makes it a token of these claims.
    pub(crate) async fn start(
        entry: &CatalogEntry,
        settings: Environment,
        claims: &impl Serialize,
    ) -> Outcome<Self> {
        Self::start_at(entry, settings, claims, Clock::system()).await
    }

    /// Starts a relay whose time is this clock's.
    async fn start_at(
        entry: &CatalogEntry,
        settings: Environment,
        claims: &impl Serialize,
        clock: Clock,
    ) -> Outcome<Self> {
        let settings = settings.with("SECRET_KEY", SECRET);
        let relay = entry.start_with(settings, clock, Arc::new(SystemResolver)).await?;
        Ok(Self { relay, token: signed(claims, SECRET)? })
    }

    /// Returns a token that the relay accepts.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Returns the relay itself.
    pub(crate) fn relay(&self) -> Arc<dyn StartedRelay> {
        self.relay.clone()
    }

    /// Sends a request as a gateway does, and returns the answer's JSON.
    pub(crate) async fn call(&self, route: Route, body: &impl Serialize) -> String {
        let (method, path) = method_and_path(route);
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        let request = request(method, path.to_owned(), authorization(&self.token), body);
        self.relay.answer(request).await.json()
    }
}

/// A relay in front of its product's simulator.
pub(crate) struct SimulatedRelay {
    pub(crate) relay: LocalRelay,
    pub(crate) fixture: &'static Fixture,
    /// Runs until it is dropped.
    _sandbox: Sandbox,
}

impl SimulatedRelay {
    /// Starts the simulator and the relay.
    pub(crate) async fn start(entry: &CatalogEntry) -> Outcome<Self> {
        Self::start_with(entry, Clock::system()).await
    }

    /// Starts the simulator and the relay at a time that stands still, so that the answers to the same
    /// questions are always the same.
    pub(crate) async fn start_at(entry: &CatalogEntry, now: Timestamp) -> Outcome<Self> {
        Self::start_with(entry, Clock::fixed(now)).await
    }

    async fn start_with(entry: &CatalogEntry, clock: Clock) -> Outcome<Self> {
        let slug = entry.about.slug;
        let product = Product::from_slug(slug)
            .ok_or_else(|| Failure::Usage(format!("there is no simulator for {slug}.")))?;
        let sandbox = Sandbox::start_at(product, clock.now()).await.map_err(|error| {
            Failure::Unreachable(format!("the simulator cannot start: {error}."))
        })?;
        let fixture = product.fixture();
        let settings = Environment::of(fixture.settings(sandbox.url()));
        let relay = LocalRelay::start_at(entry, settings, &fixture.claims(), clock).await?;
        Ok(Self { relay, fixture, _sandbox: sandbox })
    }
}

/// Signs a token with HS256, as the module's own generator does; no claim is added.
pub(crate) fn signed(claims: &impl Serialize, secret: &str) -> Outcome<String> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::default(), claims, &key)
        .map_err(|error| Failure::Usage(format!("the token cannot be signed: {error}.")))
}

/// Returns a request of which only the token is checked.
pub(crate) fn token_check(token: &str) -> Incoming {
    let (method, path) = method_and_path(Route::Health);
    request(method, path.to_owned(), authorization(token), Bytes::new())
}

/// Returns a request as a gateway delivers it now.
pub(crate) fn request(method: Method, path: String, headers: HeaderMap, body: Bytes) -> Incoming {
    Incoming {
        method,
        path,
        headers,
        body,
        gateway: Gateway::default(),
        request_id: "local".to_owned(),
        deadline: Instant::now() + CALL_TIMEOUT,
        trace: None,
    }
}

fn authorization(token: &str) -> HeaderMap {
    let bearer = HeaderValue::try_from(format!("Bearer {token}"));
    bearer.into_iter().map(|bearer| (header::AUTHORIZATION, bearer)).collect()
}

/// Returns the method and the path of a route.
pub(crate) fn method_and_path(route: Route) -> (Method, &'static str) {
    let known = Route::ALL.iter().find(|(known, ..)| *known == route);
    known.map_or((Method::POST, "/"), |(_, method, path)| (method.clone(), *path))
}
