//! A key server on 127.0.0.1 that counts its requests and answers as its script says.
//!
//! It also proves that a host was not called: then it has no connection when the test ends.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::AbortHandle};

mod response;

pub use response::KeyResponse;

/// The path of the keys on every key server. See `docs/security.md`.
pub const PATH: &str = "/.well-known/jwks";

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The path and the query.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
}

/// A key server, alive until this value is dropped.
#[derive(Debug)]
pub struct JwksServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    open: watch::Sender<bool>,
    fetches: watch::Sender<usize>,
}

#[derive(Debug)]
struct Script {
    once: VecDeque<KeyResponse>,
    always: KeyResponse,
    seen: Vec<Seen>,
    connections: usize,
}

impl JwksServer {
    /// Starts a server that publishes these keys on a free port.
    ///
    /// # Panics
    ///
    /// When no port can be opened.
    pub async fn start(keys: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            script: Mutex::new(Script {
                once: VecDeque::new(),
                always: KeyResponse::keys(keys),
                seen: Vec::new(),
                connections: 0,
            }),
            open: watch::Sender::new(true),
            fetches: watch::Sender::new(0),
        });
        let counting = Arc::clone(&shared);
        let listener = listener.tap_io(move |_| counting.script().connections += 1);
        let router = Router::new()
            .route(PATH, get(answer_keys))
            .fallback(answer_nothing)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { address, shared, task }
    }

    /// `http://127.0.0.1:<port>`, as an entry of `JWKS_HOSTS`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:<port>`, as the claim `jwks_host` says it.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Publishes these keys from now on: a rotation, or a withdrawal.
    pub fn publish(&self, keys: impl IntoIterator<Item = impl Into<Value>>) {
        self.answer(KeyResponse::keys(keys));
    }

    /// Answers like this from now on.
    pub fn answer(&self, answer: KeyResponse) {
        self.shared.script().always = answer;
    }

    /// Answers the next request like this, once; several calls queue up.
    pub fn answer_once(&self, answer: KeyResponse) {
        self.shared.script().once.push_back(answer);
    }

    /// Lets requests wait, from now until [`release`](Self::release). Waiting requests are counted.
    pub fn hold(&self) {
        self.shared.open.send_replace(false);
    }

    /// Answers what waits, and whatever comes.
    pub fn release(&self) {
        self.shared.open.send_replace(true);
    }

    /// How often the keys were requested.
    pub fn fetches(&self) -> usize {
        *self.shared.fetches.borrow()
    }

    /// Waits until the keys were requested so many times.
    pub async fn reached(&self, fetches: usize) {
        let mut count = self.shared.fetches.subscribe();
        count.wait_for(|count| *count >= fetches).await.expect("the server is alive");
    }

    /// Every request, also to other paths, in the order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.script().seen.clone()
    }

    /// How many connections were opened, also those without a request.
    pub fn connections(&self) -> usize {
        self.shared.script().connections
    }
}

impl Drop for JwksServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// The script, also after a test panicked while it held the lock.
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, request: &Request) {
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        self.script().seen.push(Seen { target, headers: request.headers().clone() });
    }

    fn next_answer(&self) -> KeyResponse {
        let mut script = self.script();
        script.once.pop_front().unwrap_or_else(|| script.always.clone())
    }
}

async fn answer_keys(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.note(&request);
    shared.fetches.send_modify(|fetches| *fetches += 1);
    let mut open = shared.open.subscribe();
    open.wait_for(|open| *open).await.expect("the gate lives as long as its server");
    shared.next_answer().give().await
}

async fn answer_nothing(State(shared): State<Arc<Shared>>, request: Request) -> StatusCode {
    shared.note(&request);
    StatusCode::NOT_FOUND
}
