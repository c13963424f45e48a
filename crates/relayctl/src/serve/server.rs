//! The local server: the first part of a path names the relay, the relay does the rest.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing,
};
use relay_core::{
    BadSetting,
    service::{Incoming, Outgoing},
};
use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::Instant,
};

use crate::{
    catalog::Ready,
    local,
    terminal::{harmless, notice},
};

/// What Lambda carries.
const LARGEST: usize = 6 * 1024 * 1024;

/// A relay, or why it cannot be one.
pub(super) type Stand = Result<Arc<dyn Ready>, BadSetting>;

/// The relays by their names, and where they are.
pub(super) struct Relays {
    url: String,
    stands: BTreeMap<&'static str, Stand>,
}

impl Relays {
    pub(super) fn new(
        url: String,
        stands: impl IntoIterator<Item = (&'static str, Stand)>,
    ) -> Self {
        Self { url, stands: stands.into_iter().collect() }
    }

    /// What stands where, for whoever opens the bare address.
    fn index(&self) -> Response {
        let urls: Vec<_> = self.stands.keys().map(|name| format!("{}/{name}", self.url)).collect();
        json_response(StatusCode::OK, json!({"relays": urls}).to_string())
    }

    async fn answer(&self, caller: SocketAddr, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let name = parts.uri.path().split('/').nth(1).unwrap_or_default();
        let Some((name, stand)) = self.stands.get_key_value(name) else {
            return refusal(StatusCode::NOT_FOUND, "There is no such relay here.");
        };
        let Ok(body) = to_bytes(body, LARGEST).await else {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.");
        };
        let mut request = self.incoming(name, parts, body);
        request.gateway.source = Some(caller.ip());
        let outgoing = ask(stand, request).await;
        let status = StatusCode::from_u16(outgoing.status);
        let mut response = json_response(status.unwrap_or(StatusCode::BAD_GATEWAY), outgoing.body);
        if let Some(method) = outgoing.allow {
            let method = HeaderValue::from_static(method.as_str());
            response.headers_mut().insert(header::ALLOW, method);
        }
        response
    }

    /// The request as the gateway of a deployed relay delivers it.
    fn incoming(&self, name: &str, parts: Parts, body: Bytes) -> Incoming {
        let path = parts.uri.path().to_owned();
        let mut request = local::request(parts.method, path, parts.headers, body);
        request.gateway.base_urls = vec![format!("{}/{name}", self.url)];
        request
    }
}

/// Asks a relay, and tells whoever watches.
async fn ask(stand: &Stand, request: Incoming) -> Outgoing {
    let started = Instant::now();
    let what = format!("{} {}", request.method, harmless(&request.path));
    let outgoing = match stand {
        Ok(relay) => relay.answer(request).await,
        Err(bad) => Outgoing::misconfigured(bad),
    };
    notice(format!("{what} {} {} ms", outgoing.status, started.elapsed().as_millis()));
    outgoing
}

/// Serves until the process is asked to end, and then what is still under way; asked twice, it ends
/// at once.
pub(super) async fn serve(listener: TcpListener, relays: Arc<Relays>) -> io::Result<()> {
    let (mut asked, mut asked_twice) = (Signals::new()?, Signals::new()?);
    let router = Router::new()
        .route("/", routing::get(async |State(relays): State<Arc<Relays>>| relays.index()))
        .fallback(answer)
        .with_state(relays)
        .into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, router).with_graceful_shutdown(async move { asked.next().await });
    tokio::select! {
        served = server => served,
        () = async { asked_twice.next().await; asked_twice.next().await } => Ok(()),
    }
}

/// What asks a process to end.
struct Signals {
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminated: signal(SignalKind::terminate())?,
            interrupted: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}

async fn answer(
    State(relays): State<Arc<Relays>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    relays.answer(caller, request).await
}

fn refusal(status: StatusCode, reason: &str) -> Response {
    json_response(status, json!({"code": status.as_u16(), "message": reason}).to_string())
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
