//! What is run by hand or by CI, as `cargo xtask <command>`.

#![expect(clippy::print_stdout, reason = "a command answers on standard output")]

mod bench;
mod lifecycle;
mod new_relay;
mod pages;
mod references;
mod release;

use std::{
    error::Error,
    path::Path,
    process::{Command as Process, ExitCode},
};

use clap::{Parser, Subcommand};

/// The result of a command; the error is printed as it is.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Runs one of the project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks that every page and section that a file refers to exists.
    References,
    /// Checks that announced ends of the products' APIs are rehearsed.
    Lifecycle,
    Pages(pages::Pages),
    Bench(Box<bench::Bench>),
    NewRelay(new_relay::NewRelay),
    Release(release::Release),
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Arguments::parse().command {
        Command::References => references::check(root).map_err(Into::into),
        Command::Lifecycle => lifecycle::check(root),
        Command::Pages(pages) => pages.run(root),
        Command::Bench(bench) => bench.run(),
        Command::NewRelay(relay) => relay.run(root),
        Command::Release(release) => release.run(root),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the paths of the files that git tracks, relative to `root`.
fn tracked_files(root: &Path) -> Outcome<Vec<String>> {
    let listed = Process::new("git").arg("ls-files").current_dir(root).output()?;
    Ok(String::from_utf8(listed.stdout)?.lines().map(str::to_owned).collect())
}
