//! The local server: the first segment of a path names the relay.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing,
};
use catalog::StartedRelay;
use relay_core::{BadSetting, Environment, Incoming, Outgoing};
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

use crate::{
    local_relay,
    signals::{self, Signals},
    terminal::{notice, printable},
};

/// Lambda's limit.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// A relay, or the reason why it cannot start.
pub(super) type StartResult = Result<Arc<dyn StartedRelay>, BadSetting>;

/// The relays by their folder names, and the URL of the server.
pub(super) struct ServedRelays {
    url: String,
    relays: BTreeMap<&'static str, StartResult>,
}

impl ServedRelays {
    pub(super) fn new(
        url: String,
        relays: impl IntoIterator<Item = (&'static str, StartResult)>,
    ) -> Self {
        Self { url, relays: relays.into_iter().collect() }
    }

    /// Returns the URLs of the relays, for `/`.
    fn index(&self) -> Response {
        let urls: Vec<_> = self.relays.keys().map(|name| format!("{}/{name}", self.url)).collect();
        json_response(StatusCode::OK, json!({"relays": urls}).to_string())
    }

    async fn answer(&self, caller: SocketAddr, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let name = parts.uri.path().split('/').nth(1).unwrap_or_default();
        let Some((name, relay)) = self.relays.get_key_value(name) else {
            return not_served(StatusCode::NOT_FOUND, "There is no such relay here.");
        };
        let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
            return not_served(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.");
        };
        let mut request = self.incoming(name, parts, body);
        request.gateway.source = Some(caller.ip());
        let outgoing = answer_logged(relay, request).await;
        let status = StatusCode::from_u16(outgoing.status);
        let mut response =
            json_response(status.unwrap_or(StatusCode::BAD_GATEWAY), outgoing.json());
        if let Some(method) = outgoing.allow {
            let method = HeaderValue::from_static(method.as_str());
            response.headers_mut().insert(header::ALLOW, method);
        }
        response
    }

    /// The request as the gateway of a deployed relay delivers it.
    fn incoming(&self, name: &str, parts: Parts, body: Bytes) -> Incoming {
        let path = parts.uri.path().to_owned();
        let mut request = local_relay::request(parts.method, path, parts.headers, body);
        request.gateway.base_urls = vec![format!("{}/{name}", self.url)];
        request
    }
}

/// Returns the answer of a relay and prints a line about it.
async fn answer_logged(relay: &StartResult, request: Incoming) -> Outgoing {
    let started = Instant::now();
    let request_line = format!("{} {}", request.method, printable(&request.path));
    let outgoing = match relay {
        Ok(relay) => relay.answer(request).await,
        Err(bad) => Outgoing::misconfigured(bad, &request, &Environment::default()),
    };
    notice(format!("{request_line} {} {} ms", outgoing.status, started.elapsed().as_millis()));
    outgoing
}

/// Serves until a signal asks the process to end, then finishes the calls in progress; a second signal
/// ends it at once.
pub(super) async fn serve(
    listener: TcpListener,
    relays: Arc<ServedRelays>,
    [mut first, every]: [Signals; 2],
) -> io::Result<()> {
    let router = Router::new()
        .route("/", routing::get(async |State(relays): State<Arc<ServedRelays>>| relays.index()))
        .fallback(answer)
        .with_state(relays)
        .into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, router).with_graceful_shutdown(async move { first.next().await });
    signals::served(server.into_future(), every).await
}

async fn answer(
    State(relays): State<Arc<ServedRelays>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    relays.answer(caller, request).await
}

fn not_served(status: StatusCode, reason: &str) -> Response {
    json_response(status, json!({"code": status.as_u16(), "message": reason}).to_string())
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
