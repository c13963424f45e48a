//! What is run by hand or by CI, as `cargo xtask <command>`.

mod references;

use std::{path::Path, process::ExitCode};

use clap::{Parser, Subcommand};

/// Runs one of the project's own commands.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks that every page and section that a file refers to exists.
    References,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Arguments::parse().command {
        Command::References => references::check(root),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
