//! The last column of the tables in docs/security.md: the crates whose tests carry the id of a row
//! in their names.
//!
//! A rule that all relays keep is a test of every relay. Where no test has the id, the column says
//! by hand why, or where else to look.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use regex::Regex;

use super::GeneratedFile;
use crate::{Outcome, tracked_files};

const PAGE: &str = "docs/security.md";

/// Stands for all relays.
const EVERY_RELAY: &str = "every relay";

/// Every test function in these folders is run for every relay.
const SHARED_RULES: [&str; 2] =
    ["testing/testkit/src/conformance/", "testing/testkit/src/end_to_end/"];

/// Where tests stand, by the ids that their names begin with.
type Tested = BTreeMap<String, BTreeSet<String>>;

/// Returns the page with its last column.
pub(super) fn page(root: &Path) -> Outcome<GeneratedFile> {
    let tested = tested(root)?;
    let row = Regex::new(r"(?m)^\| ([A-Z]\d\d) \| (.+) \| (.*?) ?\|$")?;
    let page = fs::read_to_string(root.join(PAGE))?;
    let mut without_test = Vec::new();
    let content = row.replace_all(&page, |row: &regex::Captures<'_>| {
        let (id, rule, by_hand) = (&row[1], &row[2], &row[3]);
        let found = tested.get(id).map(shown).unwrap_or_else(|| by_hand.to_owned());
        if found.is_empty() {
            without_test.push(id.to_owned());
        }
        format!("| {id} | {rule} | {found} |")
    });
    if !without_test.is_empty() {
        let ids = without_test.join(", ");
        return Err(format!("{PAGE}: no test, and no reason: {ids}").into());
    }
    Ok(GeneratedFile { path: PAGE.into(), content: content.into_owned() })
}

fn tested(root: &Path) -> Outcome<Tested> {
    // fn j01_c02_what_must_hold() or <S>(); class L10LeastPrivilege(unittest.TestCase).
    let rust = Regex::new(r"\bfn ((?:[a-z]{1,2}\d\d?_)+)\w+[(<]")?;
    let python = Regex::new(r"\bclass ([A-Z]\d\d)[A-Z]\w*\(unittest")?;
    let mut tested = Tested::new();
    for file in tracked_files(root)? {
        let is_rust = ["crates/", "relays/", "testing/"].iter().any(|root| file.starts_with(root));
        let (pattern, place) = match Path::new(&file).extension().and_then(|end| end.to_str()) {
            Some("rs") if is_rust => (&rust, place(&file)),
            Some("py") if file.starts_with(".ci/") => (&python, format!("`{file}`")),
            _ => continue,
        };
        for names in pattern.captures_iter(&fs::read_to_string(root.join(&file))?) {
            for id in names[1].trim_matches('_').split('_') {
                tested.entry(id.to_uppercase()).or_default().insert(place.clone());
            }
        }
    }
    Ok(tested)
}

/// Who runs the tests of a file: its crate, or every relay.
fn place(file: &str) -> String {
    if SHARED_RULES.iter().any(|folder| file.starts_with(folder)) {
        return EVERY_RELAY.to_owned();
    }
    file.split('/').nth(1).unwrap_or_default().to_owned()
}

/// The places, without single relays where every relay is named.
fn shown(places: &BTreeSet<String>) -> String {
    let has_all = places.contains(EVERY_RELAY);
    let is_relay = |place: &String| sandbox::Product::from_slug(place).is_some();
    let shown = places.iter().filter(|place| !has_all || !is_relay(place));
    shown.map(String::as_str).collect::<Vec<_>>().join(", ")
}
