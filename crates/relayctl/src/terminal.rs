//! Output: results on standard output, everything else on standard error.

pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod prompt;

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use clap::Args;
use relay_core::Environment;
use serde::Serialize;

use crate::failure::Outcome;
use options::Options;

/// How results are printed.
#[derive(Args)]
pub(crate) struct Screen {
    /// Print JSON instead of tables and sentences
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

impl Screen {
    /// Prints a result as JSON with `--json`, else as text.
    pub(crate) fn show(&self, json: &impl Serialize, text: impl Display) -> Outcome {
        if self.json { line(pretty(json)) } else { line(text) }
    }
}

/// Writes one line to standard output.
pub(crate) fn line(text: impl Display) -> Outcome {
    Ok(writeln!(io::stdout(), "{text}")?)
}

/// Writes a remark to standard error.
pub(crate) fn notice(text: impl Display) {
    if Options::chosen().quiet {
        return;
    }
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Returns indented JSON.
pub(crate) fn pretty(json: &impl Serialize) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

/// Whether to print colours: on a terminal that shows them, unless `NO_COLOR` is set.
pub(crate) fn uses_colors() -> bool {
    let environment = Environment::of_process();
    io::stdout().is_terminal()
        && !Options::chosen().no_color
        && environment.text("NO_COLOR").is_none()
        && environment.text("TERM") != Some("dumb")
}

/// Replaces control characters, with which a text from outside could control the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
