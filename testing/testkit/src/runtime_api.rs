//! A built function under a simulated Lambda Runtime API on 127.0.0.1.
//!
//! The function runs as a child process with the environment that AWS describes in "Using Lambda
//! environment variables" and what the test adds; it gets events, and the test gets its answers,
//! its output, its memory and its end. Source: "Using the Lambda runtime API". Needs the real
//! clock: with tokio's time paused a child process would seem to hang.

use std::{fmt, io, process::ExitStatus, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio::{process::Command, time::timeout};

mod child;
mod hub;
mod invocation;
mod launch;
mod memory;
pub(crate) mod output;
mod reply;
mod routes;
mod usage;

pub use invocation::Invocation;
pub use launch::Launch;
pub use memory::Memory;
pub use output::{Line, Stream};
pub use reply::{Failure, Outcome, Reply};
pub use usage::Usage;

use child::Child;
use hub::{Hub, Phase};
use output::Output;
use routes::Server;

/// How long a function may take to ask for its first event, or to say that it cannot.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a function may live on after it has reported that its start failed.
const FAREWELL: Duration = Duration::from_secs(5);

/// A running function. It ends when this value is dropped.
#[derive(Debug)]
pub struct Function {
    hub: Arc<Hub>,
    child: Child,
    output: Output,
    _server: Server,
}

/// Why a function did not come to ask for its first event.
#[derive(Debug)]
pub struct StartFailure {
    /// What it reported as its initialisation error, if it did.
    pub reported: Option<Failure>,
    /// How the process ended; by force, where it did not end by itself.
    pub status: ExitStatus,
    /// Everything it printed.
    pub lines: Vec<Line>,
}

/// How a function ended.
#[derive(Debug)]
pub struct Ended {
    /// The status of the process.
    pub status: ExitStatus,
    /// Everything it printed.
    pub lines: Vec<Line>,
}

/// What a test may do to a running process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Asks it to end, as Lambda does before it takes an environment away.
    Terminate,
    /// Freezes it, as Lambda does between events.
    Freeze,
    /// Lets it go on.
    Thaw,
}

impl Function {
    /// Starts the program and waits until it asks for its first event.
    pub(crate) async fn start(launch: Launch) -> Result<Self, StartFailure> {
        let hub = Arc::new(Hub::default());
        let server = Server::start(Arc::clone(&hub)).await;
        let mut command = launch.command(server.address());
        let output = Output::default();
        let child = Child::spawn(&mut command, &output, Arc::clone(&hub));
        let function = Self { hub, child, output, _server: server };
        match timeout(START_LIMIT, function.hub.started()).await {
            Ok(Phase::Ready) => Ok(function),
            Ok(Phase::Broken(failure)) => Err(function.give_up(Some(failure), FAREWELL).await),
            Ok(Phase::Starting | Phase::Ended) | Err(_) => {
                Err(function.give_up(None, Duration::ZERO).await)
            }
        }
    }

    async fn give_up(mut self, reported: Option<Failure>, patience: Duration) -> StartFailure {
        // Whether it ends by itself or has to be ended: both are a failed start.
        let _ = timeout(patience, self.child.ended()).await;
        let Ended { status, lines } = self.stop().await;
        StartFailure { reported, status, lines }
    }

    /// Hands an event to the function and waits for what becomes of it.
    pub async fn invoke(&self, invocation: impl Into<Invocation>) -> Outcome {
        self.send(invocation).await
    }

    /// Queues an event; the future gives what becomes of it. Any number may wait at a time, and
    /// the function takes them in order.
    pub fn send(&self, invocation: impl Into<Invocation>) -> BoxFuture<'static, Outcome> {
        self.hub.send(invocation.into()).boxed()
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// What the process holds in memory now.
    ///
    /// # Errors
    ///
    /// When the process has ended, or the system has no `/proc`.
    pub fn memory(&self) -> io::Result<Memory> {
        Memory::of(self.pid())
    }

    /// What the process holds of the system now.
    ///
    /// # Errors
    ///
    /// As [`memory`](Self::memory).
    pub fn usage(&self) -> io::Result<Usage> {
        Usage::of(self.pid())
    }

    /// Waits until the function has so many events in work at the same time.
    pub async fn busy_with(&self, events: usize) {
        self.hub.busy_with(events).await;
    }

    /// What the function has printed so far. What it printed before an answer may still be on its
    /// way when the answer arrives; [`line`](Self::line) and [`stop`](Self::stop) wait for it.
    pub fn lines(&self) -> Vec<Line> {
        self.output.lines()
    }

    /// Waits for the first line that the test is looking for; `None` when the function has ended
    /// without it.
    pub async fn line(&self, matches: impl Fn(&Line) -> bool) -> Option<Line> {
        self.output.wait_for(matches).await
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    ///
    /// When there is no shell, or no such process any more.
    pub async fn signal(&self, signal: Signal) -> io::Result<()> {
        let script = match signal {
            Signal::Terminate => "kill -TERM \"$0\"",
            Signal::Freeze => "kill -STOP \"$0\"",
            Signal::Thaw => "kill -CONT \"$0\"",
        };
        let pid = self.pid().to_string();
        let status = Command::new("sh").args(["-c", script, &pid]).status().await?;
        status.success().then_some(()).ok_or_else(|| io::Error::other("no such process"))
    }

    /// Waits until the function has ended by itself.
    pub async fn ended(mut self) -> Ended {
        let status = self.child.ended().await;
        Ended { status, lines: self.output.complete().await }
    }

    /// Ends the function and returns everything it printed.
    pub async fn stop(mut self) -> Ended {
        self.child.kill();
        self.ended().await
    }
}

impl fmt::Display for StartFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function did not start ({})", self.status)?;
        if let Some(reported) = &self.reported {
            write!(f, ", reported {}: {}", reported.kind, reported.message)?;
        }
        self.lines.iter().try_for_each(|line| write!(f, "\n  {}", line.text))
    }
}
