//! What is being waited for, on standard error; on a terminal only.

use std::{future::Future, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::options::Options;

/// Between two pictures of what moves.
const TICK: Duration = Duration::from_millis(100);

/// The lines of all that goes on at the same time. They are gone when this value is.
pub(crate) struct Progress {
    lines: MultiProgress,
}

impl Default for Progress {
    fn default() -> Self {
        let is_quiet = Options::chosen().quiet;
        let target =
            if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self { lines: MultiProgress::with_draw_target(target) }
    }
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
