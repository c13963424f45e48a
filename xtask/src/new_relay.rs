//! `cargo xtask new-relay`: a relay in the common structure, with a minimal simulator of its product.
//!
//! What it writes compiles, serves, and passes the conformance suite; docs/add-a-relay.md says what
//! to do next. CI runs the command on a copy of the repository (`.ci/new-relay`).

mod edits;
mod events;
mod names;

use std::{fs, path::Path, process::Command};

use clap::Args;

use crate::Outcome;
use names::Names;

/// Writes a relay that answers from a minimal simulator, to be changed step by step.
#[derive(Args)]
#[command(after_help = "Example:
  cargo xtask new-relay acme-edr")]
pub(crate) struct NewRelay {
    /// The name of the relay's folder: lower-case words of letters and digits, joined by hyphens
    slug: String,
}

/// A new file and its template.
type Template = (&'static str, &'static str);

/// The files below `relays/<slug>`.
const RELAY: [Template; 17] = [
    ("Cargo.toml", include_str!("new_relay/templates/relay/Cargo.toml.tmpl")),
    ("src/main.rs", include_str!("new_relay/templates/relay/src/main.rs.tmpl")),
    ("src/lib.rs", include_str!("new_relay/templates/relay/src/lib.rs.tmpl")),
    ("src/config.rs", include_str!("new_relay/templates/relay/src/config.rs.tmpl")),
    (
        "src/config/credentials.rs",
        include_str!("new_relay/templates/relay/src/config/credentials.rs.tmpl"),
    ),
    ("src/client.rs", include_str!("new_relay/templates/relay/src/client.rs.tmpl")),
    ("src/client/types.rs", include_str!("new_relay/templates/relay/src/client/types.rs.tmpl")),
    ("src/client/error.rs", include_str!("new_relay/templates/relay/src/client/error.rs.tmpl")),
    ("src/client/query.rs", include_str!("new_relay/templates/relay/src/client/query.rs.tmpl")),
    ("src/mapping.rs", include_str!("new_relay/templates/relay/src/mapping.rs.tmpl")),
    (
        "src/mapping/sighting.rs",
        include_str!("new_relay/templates/relay/src/mapping/sighting.rs.tmpl"),
    ),
    (
        "src/mapping/relations.rs",
        include_str!("new_relay/templates/relay/src/mapping/relations.rs.tmpl"),
    ),
    (
        "src/mapping/vocabulary.rs",
        include_str!("new_relay/templates/relay/src/mapping/vocabulary.rs.tmpl"),
    ),
    ("tests/it/main.rs", include_str!("new_relay/templates/relay/tests/it/main.rs.tmpl")),
    ("tests/it/answers.rs", include_str!("new_relay/templates/relay/tests/it/answers.rs.tmpl")),
    (
        "tests/it/conformance.rs",
        include_str!("new_relay/templates/relay/tests/it/conformance.rs.tmpl"),
    ),
    (
        "tests/it/end_to_end.rs",
        include_str!("new_relay/templates/relay/tests/it/end_to_end.rs.tmpl"),
    ),
];

const SIMULATOR: &str = include_str!("new_relay/templates/sandbox/simulator.rs.tmpl");
const FIXTURE: &str = include_str!("new_relay/templates/sandbox/fixture.rs.tmpl");
const PAGE: &str = include_str!("new_relay/templates/page.md.tmpl");

impl NewRelay {
    /// Writes the files below `root` and edits those that list all relays.
    ///
    /// # Errors
    ///
    /// A name that is not possible or taken, and a list that is not where it is expected; then
    /// nothing is written.
    pub(crate) fn run(&self, root: &Path) -> Outcome {
        let names = Names::new(&self.slug)?;
        let folder = format!("relays/{}", names.slug);
        if root.join(&folder).exists() {
            return Err(format!("{folder} exists already").into());
        }
        let edited = edits::edited(root, &names)?;
        for (path, content) in new_files(&names).into_iter().chain(events::files(&names)) {
            write(root, &path, &content)?;
        }
        for (path, content) in &edited {
            write(root, path, content)?;
        }
        format(root, &names)?;
        println!("{folder} is ready. docs/add-a-relay.md says what comes next; first:");
        println!("  cargo test -p {}", names.slug);
        Ok(())
    }
}

fn new_files(names: &Names) -> Vec<(String, String)> {
    let relay = RELAY.iter().map(|(path, template)| {
        (format!("relays/{}/{path}", names.slug), names.filled_in(template))
    });
    let sandbox = format!("testing/sandbox/src/{}", names.module);
    let others = [
        (format!("{sandbox}.rs"), SIMULATOR),
        (format!("{sandbox}/fixture.rs"), FIXTURE),
        (format!("docs/relays/{}.md", names.slug), PAGE),
    ];
    let others = others.map(|(path, template)| (path, names.filled_in(template)));
    relay.chain(others).collect()
}

fn write(root: &Path, path: &str, content: &str) -> Outcome {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, content)?)
}

/// Formats the new files; where a line breaks depends on the length of the names.
fn format(root: &Path, names: &Names) -> Outcome {
    let packages = ["fmt", "--package", &names.slug, "--package", "sandbox"];
    match Command::new("cargo").args(packages).current_dir(root).status()?.success() {
        true => Ok(()),
        false => Err("cargo fmt failed".into()),
    }
}
