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
    /// A relay or a service said no: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// The same, where standard output has said it already.
    #[error("refused")]
    Shown,
    /// The arguments, a file or the environment are not usable: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// Nobody could be asked: exit code 3.
    #[error("{0}")]
    Unreachable(String),
    /// Standard output or input is closed.
    #[error("cannot read or write: {0}")]
    Terminal(#[from] io::Error),
}

impl Failure {
    /// Says what happened on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.is_told() {
            // Nobody can be told that standard error is closed.
            let _ = writeln!(io::stderr(), "relayctl: {self}");
        }
        ExitCode::from(match self {
            Self::Refused(_) | Self::Shown | Self::Terminal(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        })
    }

    /// Whether the reader knows, or has gone away, as `head` does.
    fn is_told(&self) -> bool {
        match self {
            Self::Shown => true,
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
