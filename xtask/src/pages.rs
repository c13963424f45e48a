//! `cargo xtask pages`: the parts of the documentation that are made from tests and measurements.

mod catalogue;
mod charts;
mod lifecycle;
mod migration;
mod openapi;
mod performance;
mod reliability;
mod svg;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::Outcome;

/// Checks that the generated parts of the documentation are up to date.
#[derive(Args)]
pub(crate) struct Pages {
    /// Write them instead
    #[arg(long)]
    write: bool,
}

/// A file as it has to be.
struct GeneratedFile {
    /// Relative to the root of the repository.
    path: PathBuf,
    content: String,
}

impl Pages {
    /// Checks or writes all pages below `root`.
    ///
    /// # Errors
    ///
    /// A file that is out of date, or the reason why one cannot be made.
    pub(crate) fn run(&self, root: &Path) -> Outcome {
        let mut outdated = Vec::new();
        for file in generated_files(root)? {
            let path = root.join(&file.path);
            if self.write {
                fs::write(path, file.content)?;
            } else if fs::read_to_string(path).unwrap_or_default() != file.content {
                outdated.push(file.path.display().to_string());
            }
        }
        if outdated.is_empty() {
            return Ok(());
        }
        let outdated = outdated.join(", ");
        Err(format!("Out of date: {outdated}. Run `cargo xtask pages --write`.").into())
    }
}

fn generated_files(root: &Path) -> Outcome<Vec<GeneratedFile>> {
    let report = performance::report(root)?;
    let first_answers = performance::first_answers(root, "first-answer.json")?;
    Ok(vec![
        performance::page(root, &report, &first_answers)?,
        performance::cost(root)?,
        charts::latency(&report.latency),
        charts::first_answers(&first_answers),
        charts::cost(&report),
        reliability::page(root)?,
        catalogue::page(root)?,
        lifecycle::page(root)?,
        openapi::document(root)?,
        migration::page(root)?,
    ])
}
