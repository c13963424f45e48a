//! What products know of the same observables, as one page for a browser: `--html` writes it into a
//! file, `relayctl explore` serves it.

mod page;

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use relay_core::Clock;
use serde::Serialize;
use serde_json::Value;

use crate::{
    failure::{Failure, Outcome},
    observable::ObservableArgument,
    terminal::notice,
};
pub(crate) use page::{Page, policy_header};

/// Where the page is written to.
#[derive(Args)]
pub(crate) struct ReportFile {
    /// Also write the answers as one page for a browser, which needs no network; a file that exists
    /// is kept
    #[arg(long, value_name = "FILE", value_parser = new_file)]
    html: Option<PathBuf>,
}

/// What the page shows: the answers as the relays gave them.
#[derive(Serialize)]
pub(crate) struct Report {
    /// The command that asked.
    pub(crate) command: String,
    /// When, as text.
    pub(crate) made: String,
    pub(crate) observables: Vec<ObservableArgument>,
    pub(crate) products: Vec<ReportedProduct>,
}

/// The answers of one relay.
#[derive(Serialize)]
pub(crate) struct ReportedProduct {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// By the name of the route: `observe`, `refer`, `respond` and others.
    pub(crate) answers: Value,
    /// How long the answers took, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
}

impl Report {
    /// Returns a report of now; an observable that is named twice counts once.
    pub(crate) fn of<'a>(
        command: &str,
        observables: impl IntoIterator<Item = &'a ObservableArgument>,
        products: impl IntoIterator<Item = ReportedProduct>,
    ) -> Self {
        let mut each = Vec::new();
        for one in observables {
            if !each.contains(one) {
                each.push(one.clone());
            }
        }
        Self {
            command: command.to_owned(),
            made: now(),
            observables: each,
            products: products.into_iter().collect(),
        }
    }
}

impl ReportedProduct {
    pub(crate) fn new(slug: &str, name: &str, answers: Value) -> Self {
        Self { slug: slug.to_owned(), name: name.to_owned(), answers, milliseconds: None }
    }
}

impl ReportFile {
    /// Whether a page is wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        self.html.is_some()
    }

    /// Writes the page of a report, where one is wanted.
    pub(crate) fn write(&self, report: impl FnOnce() -> Report) -> Outcome {
        let Some(file) = &self.html else { return Ok(()) };
        write_for_owner(file, &Page::file(&report()).html)?;
        notice(format!("The page is in {}.", file.display()));
        Ok(())
    }
}

/// The time of a report, to the minute.
pub(crate) fn now() -> String {
    Clock::system().now().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Reads the name of a file that does not exist, before anybody is asked for anything.
fn new_file(text: &str) -> Result<PathBuf, String> {
    let file = PathBuf::from(text);
    if file.exists() { Err("the file exists already".to_owned()) } else { Ok(file) }
}

/// Findings are the owner's: who else may read them, the owner says.
fn write_for_owner(file: &Path, text: &str) -> Outcome {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::Usage(format!("{} cannot be made: {error}.", file.display())))
}
