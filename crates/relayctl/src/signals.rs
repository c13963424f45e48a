//! The signals that ask the process to end.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, and SIGINT, which Ctrl-C sends.
pub(crate) struct Signals {
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

    /// Returns what a server listens to, for its orderly end and for its end at once. Made before the
    /// server is announced, because a signal that comes earlier kills the process.
    pub(crate) fn of_server() -> io::Result<[Self; 2]> {
        Ok([Self::new()?, Self::new()?])
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
pub(crate) async fn served(
    server: impl Future<Output = io::Result<()>>,
    mut signals: Signals,
) -> io::Result<()> {
    tokio::select! {
        served = server => served,
        () = async { signals.next().await; signals.next().await } => Ok(()),
    }
}
