//! A relay in this process: the real service behind its token check, without Lambda and network.

use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use jsonwebtoken::{EncodingKey, Header, encode};
use relay_core::{
    Environment, Relay, Service,
    auth::Gateway,
    route::Route,
    service::{Incoming, Outgoing},
};
use serde_json::Value;
use tokio::time::Instant;

use crate::output::Failure;

/// What a gateway grants.
const PATIENCE: Duration = Duration::from_secs(27);
/// Never leaves this process: relay and token are both made here.
const SECRET: &str = "a-secret-for-one-process-only-that-signs-and-verifies-right-here";

type Answering = Pin<Box<dyn Future<Output = Outgoing> + Send>>;

/// A running relay and a token that it accepts.
pub(crate) struct Local {
    answer: Box<dyn Fn(Incoming) -> Answering + Send + Sync>,
    token: String,
}

impl Local {
    /// Starts a relay with these settings and signs a token with these claims.
    pub(crate) async fn start<R: Relay>(
        settings: Environment,
        claims: Value,
    ) -> Result<Self, Failure> {
        let settings = settings.with("SECRET_KEY", SECRET);
        let service = Service::<R>::new(&settings).await;
        let service = service.map_err(|bad| Failure::Usage(bad.to_string()))?;
        let service = std::sync::Arc::new(service);
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let token = encode(&Header::default(), &claims, &key);
        Ok(Self {
            answer: Box::new(move |incoming| {
                let service = service.clone();
                Box::pin(async move { service.answer(incoming).await })
            }),
            token: token.map_err(|error| Failure::Usage(error.to_string()))?,
        })
    }

    /// Sends a request as a gateway would, and returns the answer's JSON.
    pub(crate) async fn ask(&self, route: Route, body: &impl serde::Serialize) -> String {
        let (method, path) = address(route);
        let mut headers = HeaderMap::new();
        if let Ok(bearer) = HeaderValue::try_from(format!("Bearer {}", self.token)) {
            headers.insert(header::AUTHORIZATION, bearer);
        }
        let incoming = Incoming {
            method,
            path: path.to_owned(),
            headers,
            body: Bytes::from(serde_json::to_vec(body).unwrap_or_default()),
            gateway: Gateway::default(),
            request_id: "local".to_owned(),
            deadline: Instant::now() + PATIENCE,
        };
        (self.answer)(incoming).await.body
    }
}

/// A route's method and path.
pub(crate) fn address(route: Route) -> (Method, &'static str) {
    let known = Route::ALL.iter().find(|(known, ..)| *known == route);
    known.map_or((Method::POST, "/"), |(_, method, path)| (method.clone(), *path))
}
