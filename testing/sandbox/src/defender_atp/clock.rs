//! The sandbox's time: it starts at [`NOW`] and goes on with tokio's clock, so that the built-in data
//! never grows old and requested actions still make progress.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::identity::NOW;

#[derive(Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// To the millisecond, as most times of the API are.
    pub(super) fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX);
        let now = NOW.as_millisecond().saturating_add(elapsed);
        Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX)
    }
}
