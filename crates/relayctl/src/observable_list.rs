//! The observables of a command: arguments, and the lines of a file.

use std::path::PathBuf;

use clap::Args;

use crate::{
    failure::{Failure, Outcome},
    observable::ObservableArgument,
    token::read,
};

/// Observables to ask about.
#[derive(Args)]
pub(crate) struct ObservableList {
    /// The observables to ask about; the type may be left out where the value shows it
    #[arg(value_name = "[TYPE=]VALUE")]
    observables: Vec<ObservableArgument>,
    /// A file with further observables, one on each line, - for standard input
    #[arg(long, value_name = "FILE", visible_alias = "observables")]
    file: Option<PathBuf>,
}

impl ObservableList {
    /// Returns the observables of the arguments and of the file; none where neither is given.
    pub(crate) fn given(&self) -> Outcome<Vec<ObservableArgument>> {
        let mut observables = self.observables.clone();
        if let Some(file) = &self.file {
            let text = read(file)?;
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let bad =
                    |reason| Failure::Usage(format!("{}: {line:?}: {reason}.", file.display()));
                observables.push(line.parse().map_err(bad)?);
            }
        }
        Ok(observables)
    }

    /// Returns the observables; that there are none is an error.
    pub(crate) fn required(&self) -> Outcome<Vec<ObservableArgument>> {
        let observables = self.given()?;
        if observables.is_empty() { Err(none_named()) } else { Ok(observables) }
    }
}

/// The failure of a question about nothing.
pub(crate) fn none_named() -> Failure {
    let text = "name the observables to ask about, such as ip=203.0.113.7, or a --file with one on each line.";
    Failure::Usage(text.to_owned())
}
