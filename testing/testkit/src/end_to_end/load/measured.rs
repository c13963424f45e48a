//! Figures that a run leaves for whoever quotes them.

use std::{fs, path::Path};

use relay_core::Relay;
use serde_json::Value;

use crate::{conformance::Subject, environment::variable};

/// Writes them to `<name>-<relay>.json` in the folder `RELAY_MEASURED`, if there is one.
pub(super) fn write_down<S: Subject>(name: &str, figures: &Value) {
    let Some(folder) = variable("RELAY_MEASURED") else { return };
    let file = Path::new(&folder).join(format!("{name}-{}.json", S::Relay::ABOUT.slug));
    fs::create_dir_all(&folder).expect("RELAY_MEASURED can be made");
    fs::write(&file, format!("{figures:#}\n")).expect("RELAY_MEASURED can be written to");
}
