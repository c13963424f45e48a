//! A running imitation, as its user holds it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use tokio::{net::TcpListener, task::AbortHandle};

use crate::{
    Call, Fault, Product, Times, When,
    server::{self, Hub},
};

/// One product, imitated on 127.0.0.1 with fresh data until this value is dropped.
///
/// It lives in the tokio runtime that started it and shares nothing with other sandboxes.
#[derive(Debug)]
pub struct Sandbox {
    product: Product,
    url: String,
    hub: Arc<Hub>,
    server: AbortHandle,
}

impl Sandbox {
    /// Starts the imitation on a free port.
    ///
    /// # Errors
    ///
    /// The system's error when no port can be opened.
    pub async fn start(product: Product) -> io::Result<Self> {
        Self::start_on(product, 0).await
    }

    /// Starts the imitation on this port; 0 takes a free one.
    ///
    /// # Errors
    ///
    /// The system's error when the port cannot be opened.
    pub async fn start_on(product: Product, port: u16) -> io::Result<Self> {
        let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        Self::serve(product, port, now).await
    }

    /// Starts the imitation with data as old as it was at `now`: products whose searches look back
    /// over days have their events moved along with the present.
    ///
    /// # Errors
    ///
    /// The system's error when no port can be opened.
    pub async fn start_at(product: Product, now: Timestamp) -> io::Result<Self> {
        Self::serve(product, 0, now).await
    }

    async fn serve(product: Product, port: u16, now: Timestamp) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let hub = Arc::new(Hub::new(product.router(now)));
        let server = tokio::spawn(server::accept(listener, Arc::clone(&hub))).abort_handle();
        Ok(Self { product, url, hub, server })
    }

    /// Which product this is.
    pub fn product(&self) -> Product {
        self.product
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets the answer to every call from now on leave this long after the call came in, the work on
    /// it included; zero ends it.
    pub fn delay(&self, per_call: Duration) {
        self.hub.state().delay = per_call;
    }

    /// Holds every call that comes from now on, until [`Sandbox::release`].
    pub fn hold(&self) {
        self.hub.gate.set_closed(true);
    }

    /// Waits until so many calls are held at the same time.
    pub async fn held(&self, calls: usize) {
        self.hub.gate.holds(calls).await;
    }

    /// Lets the held calls go on, and those to come.
    pub fn release(&self) {
        self.hub.gate.set_closed(false);
    }

    /// Breaks the calls that fit `when`. Of several faults that fit a call, the one set first acts.
    ///
    /// `when` may be the beginning of a path: `sandbox.fault("/api", Fault::Html, Times::Always)`.
    pub fn fault(&self, when: impl Into<When>, fault: Fault, times: Times) {
        self.hub.state().faults.add(when.into(), fault, times);
    }

    /// Repairs everything that [`Sandbox::fault`] broke.
    pub fn clear_faults(&self) {
        self.hub.state().faults.clear();
    }

    /// All calls since the start or the last [`Sandbox::forget_calls`], in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.hub.state().calls.clone()
    }

    /// How many calls were in work at the same time at most: from arrival to the answer's head.
    pub fn peak_concurrency(&self) -> usize {
        self.hub.state().peak
    }

    /// Forgets the recorded calls and the peak.
    pub fn forget_calls(&self) {
        let mut state = self.hub.state();
        state.calls.clear();
        state.peak = state.in_work;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}
