//! Builds what is released.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::Outcome;

/// A processor that Lambda has, with the Rust target of its functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Arm64,
    X86_64,
}

impl Target {
    const ALL: [Self; 2] = [Self::Arm64, Self::X86_64];

    /// The targets that are installed.
    ///
    /// # Errors
    ///
    /// `rustup` does not run, or neither target is there.
    pub(super) fn installed() -> Outcome<Vec<Self>> {
        let listed = Command::new("rustup").args(["target", "list", "--installed"]).output()?;
        let listed = String::from_utf8(listed.stdout)?;
        let (there, missing): (Vec<_>, Vec<_>) = Self::ALL
            .into_iter()
            .partition(|target| listed.lines().any(|line| line == target.triple()));
        for target in missing {
            let triple = target.triple();
            eprintln!("{triple} is left out; `rustup target add {triple}` installs it");
        }
        if there.is_empty() { Err("no target of Lambda is installed".into()) } else { Ok(there) }
    }

    pub(super) fn of_this_machine() -> Outcome<Self> {
        match std::env::consts::ARCH {
            "aarch64" => Ok(Self::Arm64),
            "x86_64" => Ok(Self::X86_64),
            other => Err(format!("Lambda has no processor of {other}").into()),
        }
    }

    pub(super) const fn triple(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The word of Lambda and of the parameter `Architecture`.
    pub(super) const fn architecture(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// Builds a relay's function and returns the path of its binary.
///
/// # Errors
///
/// The build fails, or cargo-lambda is not installed.
pub(super) fn function(root: &Path, relay: &str, target: Target) -> Outcome<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["lambda", "build", "--release", "--locked", "--target", target.triple()])
        // In its own folder, so with its own features only, as the SAM CLI builds it.
        .current_dir(root.join("relays").join(relay));
    run(cargo)?;
    Ok(root.join("target/lambda").join(relay).join("bootstrap"))
}

/// Builds relayctl for this machine and returns the path of its binary.
///
/// # Errors
///
/// The build fails.
pub(super) fn tool(root: &Path) -> Outcome<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked"]).current_dir(root.join("crates/relayctl"));
    run(cargo)?;
    Ok(root.join("target/release/relayctl"))
}

/// Returns this machine's target, such as `aarch64-apple-darwin`.
///
/// # Errors
///
/// `rustc` does not say.
pub(super) fn host_triple() -> Outcome<String> {
    let told = Command::new("rustc").arg("-vV").output()?;
    let told = String::from_utf8(told.stdout)?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not say which machine this is")?.to_owned())
}

/// Runs a program to its end.
///
/// # Errors
///
/// The program is not there, or fails.
pub(super) fn run(mut program: Command) -> Outcome {
    let name = program.get_program().display().to_string();
    let ended = program.status().map_err(|error| format!("{name} does not start: {error}"))?;
    if ended.success() { Ok(()) } else { Err(format!("{name} failed: {ended}").into()) }
}
