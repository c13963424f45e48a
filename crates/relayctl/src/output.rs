//! What goes to the terminal, and which exit code a failure has.

use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments or the environment are not usable: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The relay could not be asked: exit code 3.
    #[error("{0}")]
    Unreachable(String),
    /// The relay answered with an error: exit code 1. It is printed already.
    #[error("the relay answered with an error")]
    Refused,
    /// Standard output is closed.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Says what happened on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        if !matches!(self, Self::Refused) {
            // Nobody can be told that standard error is closed.
            let _ = writeln!(io::stderr(), "relayctl: {self}");
        }
        ExitCode::from(match self {
            Self::Refused | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        })
    }
}

/// Writes one line to standard output.
pub(crate) fn line(text: impl std::fmt::Display) -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{text}")?)
}
