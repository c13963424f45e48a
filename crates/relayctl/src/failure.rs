//! Why a command did not succeed, and which exit code that is.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use serde::Serialize;

/// How a command ends.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A relay or a service rejected the request: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// The same, where standard output shows it already.
    #[error("standard output says why")]
    Printed,
    /// The arguments, a file or the environment are not usable: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// No relay or service was reached: exit code 3.
    #[error("{0}")]
    Unreachable(String),
    /// Another failure, and what helps: a command, or a page.
    #[error("{failure}")]
    Hinted { failure: Box<Failure>, hint: String },
    /// Standard output or input is closed.
    #[error("cannot read or write: {0}")]
    Terminal(#[from] io::Error),
}

/// A failure as `--json` prints it, on standard error.
#[derive(Serialize)]
struct Printed<'a> {
    kind: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
    exit_code: u8,
}

impl Failure {
    /// Adds what helps.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self::Hinted { failure: Box::new(self), hint: hint.into() }
    }

    /// Prints the reason on standard error and returns the exit code.
    pub(crate) fn report(&self, as_json: bool) -> ExitCode {
        let (kind, exit_code) = self.kind();
        let hint = match self {
            Self::Hinted { hint, .. } => Some(hint.as_str()),
            _ => None,
        };
        let message = self.to_string();
        if as_json && !self.is_closed_pipe() {
            print(&json(&Printed { kind, message: &message, hint, exit_code }));
        } else if !self.is_known() {
            print(&format!("relayctl: {message}"));
            if let Some(hint) = hint {
                print(&format!("Try: {hint}"));
            }
        }
        ExitCode::from(exit_code)
    }

    /// Returns the name for programs and the exit code.
    fn kind(&self) -> (&'static str, u8) {
        match self {
            Self::Refused(_) | Self::Printed => ("refused", 1),
            Self::Terminal(_) => ("terminal", 1),
            Self::Usage(_) => ("usage", 2),
            Self::Unreachable(_) => ("unreachable", 3),
            Self::Hinted { failure, .. } => failure.kind(),
        }
    }

    /// Whether the reader knows the reason, or has closed the pipe.
    fn is_known(&self) -> bool {
        matches!(self, Self::Printed) || self.is_closed_pipe()
    }

    /// Whether the reader has closed the pipe, as `head` does.
    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Terminal(error) if error.kind() == ErrorKind::BrokenPipe)
    }
}

/// Prints why arguments cannot be read, or the help that they ask for, and returns the exit code.
pub(crate) fn of_arguments(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    let exit_code = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() || !wants_json {
        // There is no other place to report that the output is closed.
        let _ = error.print();
        return ExitCode::from(exit_code);
    }
    let text = error.render().to_string();
    let message = text.split("\n\nUsage:").next().unwrap_or(&text);
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let hint = Some("--help shows what the command takes");
    print(&json(&Printed { kind: "usage", message: &message, hint, exit_code }));
    ExitCode::from(exit_code)
}

fn json(printed: &Printed<'_>) -> String {
    serde_json::to_string(printed).unwrap_or_default()
}

fn print(line: &str) {
    // There is no other place to report that standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

impl From<relay_core::BadSetting> for Failure {
    fn from(bad: relay_core::BadSetting) -> Self {
        Self::Usage(format!("{bad}."))
    }
}
