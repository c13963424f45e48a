//! A simulator's time: it starts at a given time and goes on with tokio's clock, so that answers do not depend
//! on the machine's date.

use jiff::Timestamp;
use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self { start, started: Instant::now() }
    }

    /// The present, to the millisecond.
    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let now = self.start.as_millisecond().saturating_add(elapsed);
        Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX)
    }
}
