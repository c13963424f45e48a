//! Output: results on standard output, everything else on standard error.

pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod prompt;

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use clap::Args;
use console::{Style, Term};
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

/// The width of lines that no terminal shows, unless `COLUMNS` says another one.
const USUAL_WIDTH: usize = 100;
/// Nothing is made to fit a narrower screen.
const LEAST_WIDTH: usize = 40;

/// Returns how wide a line may be: as the terminal; elsewhere as `COLUMNS` says.
pub(crate) fn width() -> usize {
    let of_terminal = || Term::stdout().size_checked().map(|(_, columns)| columns.into());
    let is_terminal = io::stdout().is_terminal();
    let shown = is_terminal.then(of_terminal).flatten().filter(|width| *width > 0);
    let environment = Environment::of_process();
    let said = || environment.text("COLUMNS").and_then(|columns| columns.parse().ok());
    shown.or_else(said).unwrap_or(USUAL_WIDTH).max(LEAST_WIDTH)
}

/// What a text stands out as, on a terminal that shows colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Heading,
    Grave,
    Doubtful,
    Good,
    Faint,
}

impl Tone {
    /// Returns a text in this tone.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = match self {
            _ if text.is_empty() => return String::new(),
            Self::Plain => return text.to_owned(),
            Self::Heading => Style::new().bold(),
            Self::Grave => Style::new().red().bright(),
            Self::Doubtful => Style::new().yellow().bright(),
            Self::Good => Style::new().green().bright(),
            Self::Faint => Style::new().dim(),
        };
        style.force_styling(uses_colors()).apply_to(text).to_string()
    }
}

/// Replaces control characters, with which a text from outside could control the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
