//! The one clock, so that golden answers and cache ages are the same on every run.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;

/// Tells the time: the machine's, or the one a test sets.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds since 1970 that a test has set.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn of_machine() -> Self {
        Self::default()
    }

    /// A clock that stands still until it is told to [`advance`](Self::advance).
    pub fn standing_at(at: Timestamp) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(at.as_millisecond()))) }
    }

    /// The present.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    pub fn now(&self) -> Timestamp {
        let Some(set) = &self.set else { return Timestamp::now() };
        Timestamp::from_millisecond(set.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a standing clock on; the machine's clock takes no orders.
    pub fn advance(&self, by: std::time::Duration) {
        if let Some(set) = &self.set {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            set.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().as_second()
    }
}
