//! What is being waited for, on standard error; on a terminal only.

use std::{future::Future, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Between two pictures of what moves.
const TICK: Duration = Duration::from_millis(100);

/// The lines of all that goes on at the same time. They are gone when this value is.
#[derive(Default)]
pub(crate) struct Progress {
    lines: MultiProgress,
}

impl Progress {
    /// Awaits `work`, with a line that says what it is.
    pub(crate) async fn during<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let line = self.lines.add(ProgressBar::new_spinner());
        line.set_style(ProgressStyle::default_spinner());
        line.set_message(format!("{what} …"));
        line.enable_steady_tick(TICK);
        let result = work.await;
        line.finish_and_clear();
        result
    }
}

/// Awaits `work`, with a line that says what it is.
pub(crate) async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    Progress::default().during(what, work).await
}
