//! What is logged while a test runs.

use std::{
    io, mem,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Dispatch, Level,
    subscriber::{DefaultGuard, NoSubscriber, set_default},
};
use tracing_subscriber::fmt::MakeWriter;

/// Beside a single subscriber, `tracing` asks the thread that reaches a line first whether anybody listens, and
/// remembers a no for all threads. Beside two it asks the subscribers.
static SECOND_SUBSCRIBER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

/// Lines since [`listen`], until this value is dropped.
pub struct CapturedLogs {
    lines: Lines,
    _guard: DefaultGuard,
}

/// Captures what is logged in this thread, which is all of a test, down to `Level::INFO`.
pub fn listen() -> CapturedLogs {
    listen_to(Level::INFO)
}

/// The same down to another level.
pub fn listen_to(max_level: Level) -> CapturedLogs {
    LazyLock::force(&SECOND_SUBSCRIBER);
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(max_level);
    let subscriber = subscriber.with_writer(lines.clone()).finish();
    CapturedLogs { lines, _guard: set_default(subscriber) }
}

impl CapturedLogs {
    /// How many lines contain this text.
    pub fn count(&self, text: &str) -> usize {
        let bytes = self.lines.bytes();
        String::from_utf8_lossy(&bytes).lines().filter(|line| line.contains(text)).count()
    }

    /// Returns the lines since the last time.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&mem::take(&mut *self.lines.bytes())).into_owned()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_line_that_another_thread_reaches_first_is_captured() {
        let log = || tracing::info!("the same line");
        let lines = listen();
        thread::spawn(log).join().unwrap();
        log();
        assert_eq!((lines.count("the same line"), lines.take().lines().count()), (1, 1));
        assert_eq!(lines.take(), "");
    }
}
