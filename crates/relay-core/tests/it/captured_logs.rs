//! What the core logs while a test runs.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::fmt::MakeWriter;

/// Lines since [`listen`], until this value is dropped.
pub(crate) struct CapturedLogs {
    lines: Lines,
    _ear: DefaultGuard,
}

/// Hears everything that is logged in this thread, which is all of a test.
pub(crate) fn listen() -> CapturedLogs {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    CapturedLogs { lines, _ear: set_default(subscriber) }
}

impl CapturedLogs {
    /// How many lines contain this text.
    pub(crate) fn count(&self, text: &str) -> usize {
        let bytes = self.lines.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).lines().filter(|line| line.contains(text)).count()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
