//! The clock, which tests replace so that golden answers and cache ages are the same on every run.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;

/// Tells the time: the system's, or the one that a test sets.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds since 1970 that a test has set.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// Returns the system clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns a clock that shows this time until it is [advanced](Self::advance).
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(at.as_millisecond()))) }
    }

    /// Returns the present.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the system clock"
    )]
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let Some(set) = &self.set else { return Timestamp::now() };
        Timestamp::from_millisecond(set.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a fixed clock on. No effect on the system clock.
    pub fn advance(&self, by: std::time::Duration) {
        if let Some(set) = &self.set {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            set.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Returns whole seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().as_second()
    }
}
