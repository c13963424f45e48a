//! `cargo xtask release`: what a release consists of, in one folder.

mod archive;
mod build;
mod linked;
mod notices;
mod template;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aws_lc_rs::digest::{SHA256, digest};
use clap::{Args, ValueEnum};
use sandbox::Product;

pub(crate) use self::archive::{ArchivedFile, zip};
use self::{archive::tar_gz, build::Target};
use crate::Outcome;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const NOTICES: &str = "THIRD-PARTY-NOTICES.txt";

/// Makes a release: zips of the functions, the templates that deploy them, relayctl, checksums.
///
/// Every function and relayctl come with the licences of what is linked into them, and with a bill of materials. The
/// same sources give the same bytes. Functions need cargo-lambda, bills of materials Python with cyclonedx-python-lib.
#[derive(Args)]
pub(crate) struct Release {
    /// The parts to make [default: all]
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Where the release is written; what is there is removed
    #[arg(long, value_name = "FOLDER", default_value = "target/dist")]
    out: PathBuf,
    /// Packs the functions in this folder, named like their relays and for this machine's processor, instead of
    /// building them
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A zip of each function for each processor whose Rust target is installed
    Functions,
    /// CloudFormation templates that take the functions from a bucket
    Templates,
    /// relayctl for this machine
    Tool,
}

impl Release {
    /// Makes the release.
    ///
    /// # Errors
    ///
    /// A build that fails, a template of an unexpected form, or a file that cannot be written.
    pub(crate) fn run(&self, root: &Path) -> Outcome {
        // Relative to where the command was started.
        let out = std::path::absolute(&self.out)?;
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        fs::create_dir_all(&out)?;
        let parts = if self.parts.is_empty() { Part::value_variants() } else { &self.parts };
        for part in parts {
            match part {
                Part::Functions => self.functions(root, &out)?,
                Part::Templates => template::write(root, &out)?,
                Part::Tool => tool(root, &out)?,
            }
        }
        write_checksums(&out)
    }

    fn functions(&self, root: &Path, out: &Path) -> Outcome {
        let Some(binaries) = &self.binaries else {
            for target in Target::installed()? {
                for product in Product::ALL {
                    let binary = build::function(root, product.slug(), target)?;
                    pack_function(root, out, product.slug(), target, &binary)?;
                }
            }
            return Ok(());
        };
        let is_there = |product: &Product| binaries.join(product.slug()).is_file();
        for product in Product::ALL.into_iter().filter(is_there) {
            let binary = binaries.join(product.slug());
            pack_function(root, out, product.slug(), Target::of_this_machine()?, &binary)?;
        }
        Ok(())
    }
}

fn pack_function(root: &Path, out: &Path, relay: &str, target: Target, binary: &Path) -> Outcome {
    let name = format!("{relay}-{VERSION}-{}", target.architecture());
    let files = [
        ArchivedFile::program("bootstrap", fs::read(binary)?),
        ArchivedFile::text(NOTICES, notices::of(root, relay, target.triple())?),
    ];
    let packed = zip(&files)?;
    println!("{name}.zip: {:.2} MB", packed.len() as f64 / 1e6);
    fs::write(out.join(format!("{name}.zip")), packed)?;
    bill_of_materials(root, relay, target.triple(), &out.join(format!("{name}.cdx.json")))
}

/// The name of relayctl's archive, and of the folder in it.
fn tool_name(triple: &str) -> String {
    format!("relayctl-{VERSION}-{triple}")
}

fn tool(root: &Path, out: &Path) -> Outcome {
    let triple = build::host_triple()?;
    let name = tool_name(&triple);
    let binary = build::tool(root)?;
    let files = [
        ArchivedFile::program(&format!("{name}/relayctl"), fs::read(binary)?),
        ArchivedFile::text(&format!("{name}/LICENSE"), fs::read_to_string(root.join("LICENSE"))?),
        ArchivedFile::text(&format!("{name}/{NOTICES}"), notices::of(root, "relayctl", &triple)?),
    ];
    fs::write(out.join(format!("{name}.tar.gz")), tar_gz(&files)?)?;
    bill_of_materials(root, "relayctl", &triple, &out.join(format!("{name}.cdx.json")))
}

/// Writes what is linked into a program, in CycloneDX, dated by the commit.
fn bill_of_materials(root: &Path, package: &str, triple: &str, file: &Path) -> Outcome {
    let committed =
        Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root).output()?;
    let mut program = Command::new("python3");
    program
        .arg(".ci/sbom.py")
        .args([package, triple])
        .arg(file)
        .env("SOURCE_DATE_EPOCH", String::from_utf8(committed.stdout)?.trim())
        .current_dir(root);
    build::run(program)
}

/// Writes `SHA256SUMS` in the form that `sha256sum --check` reads.
fn write_checksums(out: &Path) -> Outcome {
    let mut names: Vec<_> =
        fs::read_dir(out)?.map(|entry| Ok(entry?.file_name())).collect::<Outcome<_>>()?;
    names.sort();
    let mut lines = String::new();
    for name in names {
        let sum = digest(&SHA256, &fs::read(out.join(&name))?);
        let hex: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        lines += &format!("{hex}  {}\n", name.display());
    }
    fs::write(out.join("SHA256SUMS"), lines)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_binstall_finds_the_archive_and_the_program_in_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = fs::read_to_string(root.join("crates/relayctl/Cargo.toml")).unwrap();
        let name = tool_name("{ target }").replace(VERSION, "{ version }");
        let name = name.replace("relayctl", "{ name }");
        assert!(manifest.contains(&format!("/v{{ version }}/{name}.tar.gz\"")), "{name}");
        assert!(manifest.contains(&format!("\"{name}/{{ bin }}{{ binary-ext }}\"")), "{name}");
    }
}
