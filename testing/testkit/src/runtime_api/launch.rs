//! How a function is started.

use std::{collections::BTreeMap, ffi::OsStr, net::SocketAddr, path::PathBuf, process::Stdio};

use tokio::process::Command;

use super::{Function, StartFailure};
use crate::environment::variable;

/// A program, and the environment that it will find.
///
/// In a relay's integration tests the program is `env!("CARGO_BIN_EXE_<relay>")`.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    under: Vec<String>,
    name: String,
    memory_mb: u32,
    environment: BTreeMap<String, String>,
}

impl Launch {
    /// A function of 256 MB, named after its program.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        let name = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { program, under: Vec::new(), name, memory_mb: 256, environment: BTreeMap::new() }
    }

    /// Sets a variable, also one of those that AWS sets. Nothing else but `PATH` is inherited.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// What `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` says; nobody enforces it here.
    pub fn memory_mb(self, memory_mb: u32) -> Self {
        Self { memory_mb, ..self }
    }

    /// Runs the program under another, such as a profiler: its name and its arguments, to which the
    /// program is added.
    pub fn under(mut self, command: &[&str]) -> Self {
        self.under = command.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Starts the function and waits until it asks for its first event.
    ///
    /// # Errors
    ///
    /// When it reports an initialisation error, ends, or does neither for a minute.
    ///
    /// # Panics
    ///
    /// When the program cannot be run at all.
    pub async fn start(self) -> Result<Function, StartFailure> {
        Function::start(self).await
    }

    pub(super) fn command(&self, runtime_api: SocketAddr) -> Command {
        let words = self.under.iter().map(OsStr::new).chain([self.program.as_os_str()]);
        let words: Vec<_> = words.collect();
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env_clear()
            .env("PATH", variable("PATH").unwrap_or_default())
            .envs(self.variables_of_aws(runtime_api))
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn variables_of_aws(&self, runtime_api: SocketAddr) -> [(&'static str, String); 12] {
        [
            ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/20/[$LATEST]0001".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
            ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
            ("TZ", ":UTC".to_owned()),
        ]
    }
}
