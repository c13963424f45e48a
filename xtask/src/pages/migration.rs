//! `docs/migrate.md`: the tables of what moving from the Python relays changes.

use std::{fs, path::Path};

use serde::Deserialize;

use super::{
    GeneratedFile,
    table::{Align, fill, markdown},
};
use crate::Outcome;

const PAGE: &str = "docs/migrate.md";
/// Also what `relayctl compare` recognises.
const DATA: &str = "docs/migrate.json";

#[derive(Deserialize)]
struct Row {
    /// The relay's folder, or `all`.
    relay: String,
    before: String,
    now: String,
}

/// Returns the page, with a table for each relay that it names.
///
/// # Errors
///
/// Data that cannot be read, or a table without rows.
pub(super) fn page(root: &Path) -> Outcome<GeneratedFile> {
    let rows: Vec<Row> = serde_json::from_str(&fs::read_to_string(root.join(DATA))?)?;
    let page = fs::read_to_string(root.join(PAGE))?;
    let content = fill(&page, |name| {
        let of_relay: Vec<_> = rows.iter().filter(|row| row.relay == name).collect();
        if of_relay.is_empty() {
            return Err(format!("{DATA} has no rows of {name}").into());
        }
        let cells = of_relay.iter().map(|row| vec![row.before.clone(), row.now.clone()]);
        Ok(markdown(&["Python relay", "now"], Align::Left, cells))
    })?;
    Ok(GeneratedFile { path: PAGE.into(), content })
}
