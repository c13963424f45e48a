//! What a function prints, line by line.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    sync::watch,
};

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it was printed.
    pub stream: Stream,
    /// The text; what is no UTF-8 is replaced.
    pub text: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Output(Arc<watch::Sender<Collected>>);

#[derive(Debug, Default)]
struct Collected {
    lines: Vec<Line>,
    open_streams: usize,
}

impl Output {
    /// Collects the lines of a stream until it ends.
    pub(crate) fn follow(&self, stream: Stream, from: impl AsyncRead + Send + Unpin + 'static) {
        self.0.send_modify(|collected| collected.open_streams += 1);
        let output = self.clone();
        tokio::spawn(async move {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            // A pipe that breaks ends like one that is closed.
            while from.read_until(b'\n', &mut line).await.is_ok_and(|bytes| bytes > 0) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
                let text = text.into_owned();
                output.0.send_modify(|collected| collected.lines.push(Line { stream, text }));
                line.clear();
            }
            output.0.send_modify(|collected| collected.open_streams -= 1);
        });
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.0.borrow().lines.clone()
    }

    pub(super) async fn wait_for(&self, matches: impl Fn(&Line) -> bool) -> Option<Line> {
        let mut collected = self.0.subscribe();
        let enough = |collected: &Collected| {
            collected.open_streams == 0 || collected.lines.iter().any(&matches)
        };
        let found = collected.wait_for(enough).await.ok()?;
        found.lines.iter().find(|line| matches(line)).cloned()
    }

    /// All lines, once both streams have ended.
    pub(crate) async fn complete(&self) -> Vec<Line> {
        let mut collected = self.0.subscribe();
        let complete = collected.wait_for(|collected| collected.open_streams == 0).await;
        complete.map(|collected| collected.lines.clone()).unwrap_or_default()
    }
}
