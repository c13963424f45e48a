//! The accept loop, and the steps of one call: record, wait, answer or break.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{Router, body::Body};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tower::ServiceExt;

use crate::{Call, Fault, fault::Faults, gate::Gate, lock::locked};

/// No product takes a request body as large as this.
const MAX_REQUEST_BYTES: usize = 32 * 1024 * 1024;

/// The state that the sandbox's user and its connections share.
#[derive(Debug)]
pub(crate) struct Hub {
    router: Router,
    state: Mutex<State>,
    pub(crate) gate: Gate,
}

/// Instructions of the user, and what was observed.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) delay: Duration,
    pub(crate) faults: Faults,
    pub(crate) calls: Vec<Call>,
    pub(crate) in_work: usize,
    pub(crate) peak: usize,
}

impl Hub {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, state: Mutex::default(), gate: Gate::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let _in_work = InWork::new(self);
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(Body::new(body), MAX_REQUEST_BYTES)
            .await
            .map_err(io::Error::other)?;
        let (delay, fault) = self.record(Call::new(&head, body.clone()));
        self.gate.pass().await;
        let truth = self.true_response(Request::from_parts(head, Body::from(body)));
        let response = match fault {
            Some(fault) => fault.break_response(truth).await,
            None => Ok(truth.await),
        };
        // The delay contains the work, so that a loaded machine does not make it longer.
        if !delay.is_zero() {
            sleep_until(arrived + delay).await;
        }
        response
    }

    /// Keeps the call. Returns its delay and its fault.
    fn record(&self, call: Call) -> (Duration, Option<Fault>) {
        let mut state = self.state();
        let fault = state.faults.for_call(&call);
        state.calls.push(call);
        (state.delay, fault)
    }

    async fn true_response(&self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = self.router.clone().oneshot(request).await;
        response
    }
}

/// Counts a call as long as it lives, also when the caller goes away.
struct InWork<'a>(&'a Hub);

impl<'a> InWork<'a> {
    fn new(hub: &'a Hub) -> Self {
        let mut state = hub.state();
        state.in_work += 1;
        state.peak = state.peak.max(state.in_work);
        drop(state);
        Self(hub)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.state().in_work -= 1;
    }
}

/// Takes connections until it is aborted; the connections end with it.
pub(crate) async fn accept(listener: TcpListener, hub: Arc<Hub>) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            connections.spawn(serve(stream, Arc::clone(&hub)));
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection. An error of the service or of a response's body ends it with a TCP reset.
async fn serve(stream: TcpStream, hub: Arc<Hub>) {
    let service = service_fn(move |request| {
        let hub = Arc::clone(&hub);
        async move { hub.answer(request).await }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    if (&mut connection).await.is_err() {
        let stream = connection.into_parts().io.into_inner();
        let _ = stream.set_zero_linger();
    }
}
