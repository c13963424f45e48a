//! Figures that a run leaves for the performance page.

use std::{fs, path::Path};

use serde_json::Value;

use crate::environment::variable;

/// Writes figures to `<name>-<slug>.json` in the folder `RELAY_MEASURED`, if there is one.
pub(super) fn write_down(slug: &str, name: &str, figures: &Value) {
    let Some(folder) = variable("RELAY_MEASURED") else { return };
    let file = Path::new(&folder).join(format!("{name}-{slug}.json"));
    fs::create_dir_all(&folder).expect("RELAY_MEASURED can be made");
    fs::write(&file, format!("{figures:#}\n")).expect("RELAY_MEASURED can be written to");
}
