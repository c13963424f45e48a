//! The relays as arguments name them.

use catalog::{CatalogEntry, RELAYS};
use clap::builder::PossibleValuesParser;
use relay_core::Environment;

use crate::failure::{Failure, Outcome};

/// Returns the relay with this folder name.
pub(crate) fn named(slug: &str) -> Outcome<&'static CatalogEntry> {
    catalog::find(slug).ok_or_else(|| Failure::Usage(format!("there is no relay {slug}.")))
}

/// Returns the relay with this folder name, or all of them.
pub(crate) fn chosen(slug: Option<&str>) -> Outcome<Vec<&'static CatalogEntry>> {
    match slug {
        Some(slug) => Ok(vec![named(slug)?]),
        None => Ok(RELAYS.iter().collect()),
    }
}

/// Returns the values of an argument that names a relay.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(RELAYS.iter().map(|entry| entry.about.slug))
}

/// Returns the settings of a relay: those of the process, where a variable that begins with the relay's
/// name, such as `MISP__API_URL`, is for that relay alone.
pub(crate) fn settings(entry: &CatalogEntry) -> Environment {
    let prefix = format!("{}__", entry.about.slug.replace('-', "_").to_uppercase());
    Environment::of_process().scoped(&prefix)
}
