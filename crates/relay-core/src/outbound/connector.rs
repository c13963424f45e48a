//! What happens when a client opens a connection: which protocol was agreed on is noted, and a
//! connection that is there already is used.
//!
//! The client for HTTP/2 opens one connection to an origin at a time, and everybody else waits for
//! it. So it opens the first one to every origin, and hands it on where the server speaks HTTP/1.1.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures::future::{BoxFuture, FutureExt, ready};
use hyper::rt::{Read, ReadBuf};
use hyper_util::client::legacy::connect::Connection;
use tower::{BoxError, Layer, Service};

use super::{POOL_IDLE_TIMEOUT, origin::Origin};

tokio::task_local! {
    /// The request for which a connection may be opened. A connector learns nothing else of it.
    pub(super) static SENDING: Arc<Sending>;
}

/// A request on its way.
pub(super) struct Sending {
    origin: Arc<Origin>,
    connects: AtomicBool,
}

impl Sending {
    pub(super) fn to(origin: &Arc<Origin>) -> Arc<Self> {
        Arc::new(Self { origin: Arc::clone(origin), connects: AtomicBool::new(false) })
    }

    /// Whether it opened the connection itself, instead of waiting for another request's.
    pub(super) fn has_connected(&self) -> bool {
        self.connects.load(Ordering::Relaxed)
    }
}

/// A connection is there, and for the other client.
#[derive(Debug, thiserror::Error)]
#[error("the server speaks HTTP/1.1")]
struct SpeaksHttp1;

/// Which client the connector belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Protocol {
    /// The one that speaks HTTP/2 only.
    Http2,
    /// The one that speaks what the server wants.
    Any,
}

/// Makes connectors.
#[derive(Clone)]
pub(super) struct Negotiation(pub(super) Protocol);

impl<S> Layer<S> for Negotiation {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector { inner, protocol: self.0 }
    }
}

/// Resolves, connects and speaks TLS, all by `inner`.
#[derive(Clone)]
pub(super) struct Connector<S> {
    inner: S,
    protocol: Protocol,
}

impl<S, T> Service<T> for Connector<S>
where
    S: Service<T, Error = BoxError>,
    S::Response: Connection + Read + Unpin + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: T) -> Self::Future {
        let Ok(sending) = SENDING.try_with(Arc::clone) else {
            return self.inner.call(target).boxed();
        };
        sending.connects.store(true, Ordering::Relaxed);
        sending.origin.set_failure(None);
        if let Protocol::Any = self.protocol
            && let Some(mut kept) = sending.origin.take_kept(POOL_IDLE_TIMEOUT)
            && is_open(&mut kept)
        {
            return ready(Ok(kept)).boxed();
        }
        connect(self.inner.call(target), self.protocol, sending).boxed()
    }
}

async fn connect<C: Connection + Send + 'static>(
    connecting: impl Future<Output = Result<C, BoxError>>,
    protocol: Protocol,
    sending: Arc<Sending>,
) -> Result<C, BoxError> {
    let connection = connecting.await?;
    let speaks_http1 = !connection.connected().is_negotiated_h2();
    sending.origin.set_speaks_http1(speaks_http1);
    match protocol {
        Protocol::Http2 if speaks_http1 => {
            sending.origin.keep(connection);
            Err(SpeaksHttp1.into())
        }
        _ => Ok(connection),
    }
}

/// Whether a server that has nothing to say yet is silent, as it is until it closes the connection.
fn is_open(connection: &mut (impl Read + Unpin)) -> bool {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    let mut context = Context::from_waker(Waker::noop());
    Pin::new(connection).poll_read(&mut context, buffer.unfilled()).is_pending()
}
