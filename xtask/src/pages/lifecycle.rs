//! `docs/alive.md`: the ends of the products' APIs.

use std::path::Path;

use super::GeneratedFile;
use crate::{
    Outcome,
    lifecycle::{DATA, retirements},
};

const PAGE: &str = "docs/alive.md";

/// Returns the page.
///
/// # Errors
///
/// Data that cannot be read.
pub(super) fn page(root: &Path) -> Outcome<GeneratedFile> {
    let mut content = format!(
        "# Ends of the products' APIs\n\nWhat the makers of the products have announced, and how each relay goes on. Written from [lifecycle.json](lifecycle.json), the\nsource of this page, of `relayctl doctor` and of a check: `cargo xtask lifecycle` fails when an end is less than 60 days away and no test plays the day after\n(`{DATA}` names the test).\n\n| ends | product | API | then | rehearsed by | source |\n|---|---|---|---|---|---|\n"
    );
    let mut all = retirements(root)?;
    all.sort_by_key(|one| (one.ends.is_none(), one.ends));
    for one in all {
        let ends = one.ends.map_or_else(|| "not announced".to_owned(), |ends| ends.to_string());
        let test = one
            .test
            .map_or_else(|| "nothing yet".to_owned(), |test| format!("`{test}`, {}", one.profile));
        content += &format!(
            "| {ends} | [{}](relays/{}.md) | {} | {} | {test} | {} |\n",
            one.product, one.relay, one.api, one.successor, one.source
        );
    }
    Ok(GeneratedFile { path: PAGE.into(), content })
}
