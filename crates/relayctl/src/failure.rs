//! Why a command did not succeed, and which exit code that is.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

/// How a command ends.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A relay or a service rejected the request: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// The same, where standard output shows it already.
    #[error("refused")]
    Printed,
    /// The arguments, a file or the environment are not usable: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// No relay or service was reached: exit code 3.
    #[error("{0}")]
    Unreachable(String),
    /// Standard output or input is closed.
    #[error("cannot read or write: {0}")]
    Terminal(#[from] io::Error),
}

impl Failure {
    /// Prints the reason on standard error and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.is_known() {
            // There is no other place to report that standard error is closed.
            let _ = writeln!(io::stderr(), "relayctl: {self}");
        }
        ExitCode::from(match self {
            Self::Refused(_) | Self::Printed | Self::Terminal(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        })
    }

    /// Whether the reader knows the reason, or has closed the pipe, as `head` does.
    fn is_known(&self) -> bool {
        match self {
            Self::Printed => true,
            Self::Terminal(error) => error.kind() == ErrorKind::BrokenPipe,
            _ => false,
        }
    }
}

impl From<relay_core::BadSetting> for Failure {
    fn from(bad: relay_core::BadSetting) -> Self {
        Self::Usage(format!("{bad}."))
    }
}
