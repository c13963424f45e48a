//! A built function under AWS' own Runtime Interface Emulator.
//!
//! The variable `RELAY_EMULATOR` names the emulator's program. Every function has an emulator of
//! its own, on free ports of 127.0.0.1. Source: "aws-lambda-runtime-interface-emulator", README.

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use relay_core::{BaseUrl, Environment, Http, Request, SystemResolver};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::yield_now,
    time::timeout,
};

use crate::{
    environment::variable,
    runtime_api::{Line, Outcome, Stream, output::Output},
};

/// The path for events.
const PATH: &str = "/2015-03-31/functions/function/invocations";
/// How long an event, or a start, may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Another process may open a free port before the emulator does.
const MAX_STARTS: usize = 3;

/// A function under its emulator. Both end with [`stop`](Self::stop); when the value is dropped,
/// the function ends as soon as it notices.
pub struct Emulator {
    process: Child,
    output: Output,
    invocations: BaseUrl,
    http: Http,
}

impl Emulator {
    /// Runs a program with these variables and nothing else but `PATH`.
    ///
    /// # Panics
    ///
    /// When `RELAY_EMULATOR` names no emulator, or when it accepts no events.
    pub async fn start(program: &Path, environment: &BTreeMap<&str, String>) -> Self {
        for _ in 0..MAX_STARTS {
            let [events, runtime_api] = free_ports();
            let mut command = command(program, environment, events, runtime_api);
            let mut process = command.spawn().expect("the emulator can be run");
            let output = Output::default();
            output.follow(Stream::Out, process.stdout.take().expect("a pipe"));
            output.follow(Stream::Err, process.stderr.take().expect("a pipe"));
            let ready = timeout(TEST_TIMEOUT, listens(&mut process, [events, runtime_api]));
            if ready.await.expect("the emulator listens or ends") {
                let url = format!("http://{events}");
                let invocations = BaseUrl::from_environment(&url).expect("a URL on loopback");
                return Self { process, output, invocations, http: client() };
            }
        }
        panic!("the emulator ended {MAX_STARTS} times before it took an event");
    }

    /// Hands an event to the function and waits for its answer.
    pub async fn invoke(&self, event: &Value) -> Outcome {
        let request = Request::post(self.invocations.path(PATH)).json(event).expect("JSON");
        let answer = self.http.ask(request, "The emulator", TEST_TIMEOUT).await;
        let answer = answer.unwrap_or_else(|error| panic!("{error} {}", error.details()));
        Outcome::answered(Bytes::copy_from_slice(answer.body()))
    }

    /// Ends the emulator as Docker would, and with it the function; returns everything that both
    /// have printed.
    ///
    /// # Panics
    ///
    /// When there is no shell to send the signal.
    pub async fn stop(mut self) -> Vec<Line> {
        let pid = self.process.id().expect("nobody has waited for it").to_string();
        let signal = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status().await;
        signal.expect("a shell");
        self.process.wait().await.expect("a child can be waited for");
        self.output.complete().await
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("process", &self.process).finish_non_exhaustive()
    }
}

fn command(
    program: &Path,
    environment: &BTreeMap<&str, String>,
    events: SocketAddr,
    runtime_api: SocketAddr,
) -> Command {
    let emulator = variable("RELAY_EMULATOR").expect("RELAY_EMULATOR names AWS' emulator");
    let mut command = Command::new(PathBuf::from(emulator));
    command
        .args(["--runtime-interface-emulator-address", &events.to_string()])
        .args(["--runtime-api-address", &runtime_api.to_string()])
        .arg(program)
        .arg("bootstrap")
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default())
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn client() -> Http {
    let http = Http::new(&Environment::default(), "relay-testkit", Arc::new(SystemResolver));
    http.expect("a client without settings")
}

/// Ports that were free a moment ago; the emulator does not report a port that it chooses itself.
fn free_ports() -> [SocketAddr; 2] {
    let open = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    [open(), open()].map(|port| port.local_addr().expect("a bound socket has an address"))
}

/// Whether the emulator accepts events. It does not report that, so its ports are tried; a function
/// that starts faster than its emulator would find no Runtime API.
async fn listens(process: &mut Child, ports: [SocketAddr; 2]) -> bool {
    for port in ports {
        while TcpStream::connect(port).await.is_err() {
            if process.try_wait().expect("a child can be looked at").is_some() {
                return false;
            }
            yield_now().await;
        }
    }
    true
}
