//! The client for one kind of host: one connection to each origin that speaks HTTP/2, however many
//! requests begin at once; to others one for each request that is under way.

use std::sync::Arc;

use http::{HeaderValue, Method, header};
use reqwest::{ClientBuilder, Request, Response, dns::Resolve};
use url::Url;

use super::{
    CONNECT_TIMEOUT, HTTP2_PING_INTERVAL, POOL_IDLE_TIMEOUT,
    connector::{Negotiation, Protocol, SENDING, Sending},
    origin::{ConnectFailure, Origin, Origins},
};
use crate::settings::BadSetting;

/// Why there is no response.
pub(super) enum NoResponse {
    /// Nothing was sent.
    NotConnected(ConnectFailure),
    /// The connection ended before the first byte of a response.
    Interrupted(reqwest::Error),
}

/// Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub(super) struct Client {
    http2: reqwest::Client,
    /// For the origins that do not speak HTTP/2.
    any: reqwest::Client,
    origins: Arc<Origins>,
}

impl Client {
    /// Creates a client that trusts these issuers and calls only hosts that `names` resolves.
    pub(super) fn new(
        tls: &rustls::ClientConfig,
        user_agent: &str,
        names: impl Resolve + 'static,
    ) -> Result<Self, BadSetting> {
        let names: Arc<dyn Resolve> = Arc::new(names);
        let builder = |protocol| {
            let builder = builder(tls.clone(), user_agent).dns_resolver(Arc::clone(&names));
            builder.connector_layer(Negotiation(protocol))
        };
        let built = |builder: ClientBuilder| {
            builder.build().map_err(|_| BadSetting::new("The HTTP client", "cannot be built"))
        };
        Ok(Self {
            http2: built(builder(Protocol::Http2).http2_prior_knowledge())?,
            any: built(builder(Protocol::Any))?,
            origins: Arc::default(),
        })
    }

    /// Sends a request, whose body is in memory.
    pub(super) async fn execute(&self, mut request: Request) -> Result<Response, NoResponse> {
        let origin = self.origins.of(request.url());
        let _request = origin.request();
        let mut may_wait_again = true;
        loop {
            let again = request.try_clone();
            let was_http1 = origin.speaks_http1();
            let sending = Sending::to(&origin);
            let error = match self.send(request, &origin, &sending).await {
                Ok(response) => return Ok(response),
                Err(error) if error.is_connect() => error,
                Err(error) => return Err(NoResponse::Interrupted(error)),
            };
            let is_for_other_client = origin.speaks_http1() && !was_http1;
            let has_waited_in_vain = !sending.has_connected() && !origin.was_late();
            match again {
                Some(again) if is_for_other_client => request = again,
                Some(again) if has_waited_in_vain && may_wait_again => {
                    may_wait_again = false;
                    request = again;
                }
                _ => return Err(NoResponse::NotConnected(failure(error, &origin, &sending))),
            }
        }
    }

    /// Opens a connection and sends nothing on it, unless there is one, as after a request, or
    /// a request is opening one. Returns whether it opened one.
    pub(super) async fn open(&self, url: &Url) -> bool {
        let origin = self.origins.of(url);
        if origin.speaks_http1() || origin.is_in_use(POOL_IDLE_TIMEOUT) {
            return false;
        }
        let sending = Sending::to(&origin);
        match self.send(opening(url), &origin, &sending).await {
            Err(error) if error.is_connect() && !origin.speaks_http1() => {
                let failure = failure(error, &origin, &sending);
                let origin = url.origin().ascii_serialization();
                tracing::debug!(origin, %failure, "no connection was opened in advance");
                false
            }
            _ => sending.has_connected(),
        }
    }

    async fn send(
        &self,
        request: Request,
        origin: &Origin,
        sending: &Arc<Sending>,
    ) -> reqwest::Result<Response> {
        let client = if origin.speaks_http1() { &self.any } else { &self.http2 };
        SENDING.scope(Arc::clone(sending), client.execute(request)).await
    }
}

/// Returns why there is no connection: what happened to this request, or to the one that it waited for.
fn failure(error: reqwest::Error, origin: &Origin, sending: &Sending) -> ConnectFailure {
    let failure = ConnectFailure::new(error);
    if sending.has_connected() {
        origin.set_failure(Some(failure.clone()));
        return failure;
    }
    origin.failure().unwrap_or(failure)
}

/// A request that needs a connection and can never be sent: CONNECT has no body (RFC 9113 §8.5), so
/// that the client itself refuses this one as soon as there is a connection, and keeps that.
fn opening(url: &Url) -> Request {
    let mut request = Request::new(Method::CONNECT, url.clone());
    request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("1"));
    request
}

fn builder(tls: rustls::ClientConfig, user_agent: &str) -> ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this is the place that builds the clients")]
    reqwest::Client::builder()
        .user_agent(user_agent)
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .http2_keep_alive_interval(HTTP2_PING_INTERVAL)
        .http2_keep_alive_timeout(HTTP2_PING_INTERVAL)
}
