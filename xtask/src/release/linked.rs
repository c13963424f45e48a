//! What is linked into a program.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::Outcome;

/// A package of somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkedPackage {
    pub(super) name: String,
    pub(super) version: String,
    /// The SPDX expression that its manifest states.
    pub(super) licence: String,
    /// Where its sources are on this machine.
    pub(super) folder: PathBuf,
}

/// Returns the packages of others that are linked into `package`, with its own features, by name and version.
///
/// # Errors
///
/// `cargo` fails.
pub(super) fn packages(root: &Path, package: &str, triple: &str) -> Outcome<Vec<LinkedPackage>> {
    let tree = cargo(
        root,
        &[
            "tree",
            "--package",
            package,
            "--target",
            triple,
            "--edges",
            "normal",
            "--prefix",
            "none",
        ],
    )?;
    let linked: BTreeSet<_> = tree.lines().filter_map(name_and_version).collect();
    let known = manifests(root)?;
    Ok(linked.into_iter().filter_map(|it| known.get(&it).cloned()).collect())
}

/// Reads a line such as `serde v1.0.229 (proc-macro)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    Some((name.to_owned(), version.to_owned()))
}

/// Every package from a registry that the workspace locks.
fn manifests(root: &Path) -> Outcome<BTreeMap<(String, String), LinkedPackage>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        license: Option<String>,
        /// None for the packages of this repository.
        source: Option<String>,
        manifest_path: PathBuf,
    }
    let metadata: Metadata =
        serde_json::from_str(&cargo(root, &["metadata", "--format-version", "1"])?)?;
    let others = metadata.packages.into_iter().filter(|package| package.source.is_some());
    Ok(others
        .map(|package| {
            let Package { name, version, license, manifest_path, .. } = package;
            let folder = manifest_path.parent().unwrap_or(root).to_owned();
            let licence = license.unwrap_or_default();
            ((name.clone(), version.clone()), LinkedPackage { name, version, licence, folder })
        })
        .collect())
}

fn cargo(root: &Path, arguments: &[&str]) -> Outcome<String> {
    let ended = Command::new("cargo").args(arguments).arg("--locked").current_dir(root).output()?;
    if !ended.status.success() {
        return Err(String::from_utf8_lossy(&ended.stderr).into());
    }
    Ok(String::from_utf8(ended.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_names_a_package() {
        let read = |line| name_and_version(line).map(|(name, version)| format!("{name} {version}"));
        assert_eq!(read("serde v1.0.229"), Some("serde 1.0.229".to_owned()));
        assert_eq!(
            read("serde_derive v1.0.229 (proc-macro) (*)"),
            Some("serde_derive 1.0.229".to_owned())
        );
        assert_eq!(read(""), None);
    }
}
