//! A running simulator.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::Router;
use jiff::Timestamp;
use tokio::{net::TcpListener, task::AbortHandle};

use crate::{
    Call, Fault, Product, Times, When,
    misp::Installation,
    server::{self, Hub},
};

/// The simulator of one product on 127.0.0.1, with fresh data, until this value is dropped.
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
    /// Starts the simulator on a free port, at the machine's present time.
    ///
    /// # Errors
    ///
    /// The system's error when no port can be opened.
    pub async fn start(product: Product) -> io::Result<Self> {
        Self::start_on(product, 0).await
    }

    /// Starts the simulator on this port, at the machine's present time; 0 takes a free port.
    ///
    /// # Errors
    ///
    /// The system's error when the port cannot be opened.
    pub async fn start_on(product: Product, port: u16) -> io::Result<Self> {
        let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
        Self::serve(product, port, now).await
    }

    /// Starts the simulator at this time. The data of products whose searches look back over days
    /// moves along with it; the Microsoft simulators always answer as of
    /// [`identity::NOW`](crate::identity::NOW).
    ///
    /// # Errors
    ///
    /// The system's error when no port can be opened.
    pub async fn start_at(product: Product, now: Timestamp) -> io::Result<Self> {
        Self::serve(product, 0, now).await
    }

    /// Starts a MISP server that is set up like this, at this time.
    ///
    /// # Errors
    ///
    /// The system's error when no port can be opened.
    pub async fn start_misp(installation: Installation, now: Timestamp) -> io::Result<Self> {
        Self::serve_routes(Product::Misp, 0, installation.router(now)).await
    }

    async fn serve(product: Product, port: u16, now: Timestamp) -> io::Result<Self> {
        Self::serve_routes(product, port, product.router(now)).await
    }

    async fn serve_routes(product: Product, port: u16, routes: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let hub = Arc::new(Hub::new(routes));
        let server = tokio::spawn(server::accept(listener, Arc::clone(&hub))).abort_handle();
        Ok(Self { product, url, hub, server })
    }

    /// The simulated product.
    #[must_use]
    pub fn product(&self) -> Product {
        self.product
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Delays the response to every later call until this long after its arrival; zero ends it.
    pub fn delay(&self, per_call: Duration) {
        self.hub.state().delay = per_call;
    }

    /// Holds every later call until [`Sandbox::release`].
    pub fn hold(&self) {
        self.hub.gate.set_closed(true);
    }

    /// Returns as soon as so many calls are held at the same time.
    pub async fn held(&self, calls: usize) {
        self.hub.gate.holds(calls).await;
    }

    /// Lets the held and all later calls go on.
    pub fn release(&self) {
        self.hub.gate.set_closed(false);
    }

    /// Does `work` and holds every call of it until so many are open at the same time, or until it ends.
    pub async fn overlapping<T>(&self, calls: usize, work: impl Future<Output = T>) -> T {
        self.hold();
        let mut work = pin!(work);
        tokio::select! {
            done = &mut work => {
                self.release();
                return done;
            }
            () = self.held(calls) => self.release(),
        }
        work.await
    }

    /// Sets a fault for the calls that fit `when`. Of several faults that fit a call, the one set first acts.
    ///
    /// `when` may be the beginning of a path: `sandbox.fault("/api", Fault::Html, Times::Always)`.
    pub fn fault(&self, when: impl Into<When>, fault: Fault, times: Times) {
        self.hub.state().faults.add(when.into(), fault, times);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.hub.state().faults.clear();
    }

    /// All calls since the start or the last [`Sandbox::forget_calls`], in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.hub.state().calls.clone()
    }

    /// The largest number of calls that were in work at the same time: from arrival to the response's head.
    #[must_use]
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
