//! The licences of what is linked into a program, which have to go with it.

use std::{collections::BTreeMap, fs, path::Path};

use super::linked::{LinkedPackage, packages};
use crate::Outcome;

/// What the names of files with terms or notices begin with, in capitals.
const TERMS: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"];

const LINE: &str = "------------------------------------------------------------------------";

/// Returns the notices of a program: its packages with their licences, then every text once with the packages that
/// carry it.
///
/// # Errors
///
/// `cargo` fails, or a package's files cannot be read.
pub(super) fn of(root: &Path, package: &str, triple: &str) -> Outcome<String> {
    text(package, &packages(root, package, triple)?)
}

fn text(program: &str, packages: &[LinkedPackage]) -> Outcome<String> {
    let mut written =
        format!("{program} contains the following packages, under the licences stated.\n\n");
    let mut carriers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let name = format!("{} {}", package.name, package.version);
        written += &format!("{name}: {}\n", package.licence);
        for terms in terms(&package.folder)? {
            carriers.entry(terms).or_default().push(name.clone());
        }
    }
    for (terms, names) in carriers {
        written += &format!("\n{LINE}\n{}\n{LINE}\n\n{terms}\n", names.join(", "));
    }
    Ok(written)
}

/// The texts of a package's licences, in the order of their files' names.
fn terms(folder: &Path) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if TERMS.iter().any(|begin| name.starts_with(begin)) && entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|file| Ok(String::from_utf8_lossy(&fs::read(file)?).trim().replace("\r\n", "\n")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_once_and_names_all_who_carry_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = |name: &str, terms: &str| {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("LICENSE-MIT"), terms).unwrap();
            fs::write(folder.join("lib.rs"), "not terms").unwrap();
            let (version, licence) = ("1.0.0".to_owned(), "MIT".to_owned());
            LinkedPackage { name: name.to_owned(), version, licence, folder }
        };
        let packages = [
            package("one", "Permission\r\n"),
            package("three", "Other"),
            package("two", "Permission"),
        ];
        let expected = format!(
            "program contains the following packages, under the licences stated.\n\none 1.0.0: MIT\nthree 1.0.0: MIT\ntwo 1.0.0: MIT\n\n{LINE}\nthree 1.0.0\n{LINE}\n\nOther\n\n{LINE}\none 1.0.0, two 1.0.0\n{LINE}\n\nPermission\n"
        );
        assert_eq!(text("program", &packages).unwrap(), expected);
    }
}
