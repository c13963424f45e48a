//! The counts of one call: observables, and the requests that it sent.

use std::sync::atomic::{AtomicU32, Ordering};

/// The counts of one call.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    observables: AtomicU32,
    requests: AtomicU32,
    retries: AtomicU32,
    throttled: AtomicU32,
    failures: AtomicU32,
    changes: AtomicU32,
}

impl Metrics {
    pub(crate) fn count_observables(&self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.observables.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts how a request ended; `status` is `None` when no whole response came.
    pub(crate) fn count_outcome(&self, status: Option<u16>) {
        match status {
            Some(429) => self.throttled.fetch_add(1, Ordering::Relaxed),
            None | Some(500..) => self.failures.fetch_add(1, Ordering::Relaxed),
            Some(_) => 0,
        };
    }

    /// Counts a response to a request that changes something.
    pub(crate) fn count_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many requests that change something had a response.
    pub(crate) fn changes(&self) -> u32 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Returns how many observables the relay was asked about.
    pub(crate) fn observables(&self) -> u32 {
        self.observables.load(Ordering::Relaxed)
    }

    /// Returns how many requests were sent, retries included.
    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Returns how many requests were retries.
    pub(crate) fn retries(&self) -> u32 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Returns how many responses had the status 429.
    pub(crate) fn throttled(&self) -> u32 {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Returns how many requests had no whole response, or one with a status of 500 and above.
    pub(crate) fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }
}
