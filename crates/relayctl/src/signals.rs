//! The signals that ask the process to end.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, and SIGINT, which Ctrl-C sends.
pub(crate) struct Signals {
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminated: signal(SignalKind::terminate())?,
            interrupted: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}

/// Waits for a server that ends by itself after the first signal; a second signal ends it at once.
pub(crate) async fn served(server: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let mut signals = Signals::new()?;
    tokio::select! {
        served = server => served,
        () = async { signals.next().await; signals.next().await } => Ok(()),
    }
}
