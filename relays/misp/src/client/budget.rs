//! The searches that one batch may cost, docs/relays/misp.md#number-of-requests.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The searches for one batch of observables, if the server does not fail.
const MAX_SEARCHES: usize = 5;

/// Counts the searches of one batch.
#[derive(Default)]
pub(crate) struct Budget {
    spent: AtomicUsize,
}

impl Budget {
    pub(super) fn spend(&self) {
        self.spent.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether this many further searches are allowed.
    pub(super) fn has_left(&self, searches: usize) -> bool {
        self.spent.load(Ordering::Relaxed) + searches <= MAX_SEARCHES
    }
}
