//! The accept loop and the way of one call: record, wait, break or answer.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

use crate::{Call, Fault, fault::Faults, gate::Gate};

/// No imitated product takes a body as large as this.
const MAX_REQUEST_BODY: usize = 32 * 1024 * 1024;

/// What the sandbox's user and its connections share.
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

    /// The state, also after a test panicked while it held the lock.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let _in_work = InWork::new(self);
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(Body::new(body), MAX_REQUEST_BODY)
            .await
            .map_err(io::Error::other)?;
        let (delay, fault) = self.record(Call::new(&head, body.clone()));
        self.gate.pass().await;
        let truth = self.true_answer(Request::from_parts(head, Body::from(body)));
        let answer = match fault {
            Some(fault) => fault.break_answer(truth).await,
            None => Ok(truth.await),
        };
        // The work on the answer is a part of the delay, as it is of any product's.
        if !delay.is_zero() {
            sleep_until(arrived + delay).await;
        }
        answer
    }

    /// Keeps the call and says how it is to be treated.
    fn record(&self, call: Call) -> (Duration, Option<Fault>) {
        let mut state = self.state();
        let fault = state.faults.for_call(&call);
        state.calls.push(call);
        (state.delay, fault)
    }

    async fn true_answer(&self, request: Request<Body>) -> Response<Body> {
        let Ok(answer) = self.router.clone().oneshot(request).await;
        answer
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

/// Serves one connection. An error of the service or of an answer's body ends it with a TCP reset.
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
