//! Counts the instructions of the built relays: `cargo xtask bench --only instructions`.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    // Cargo starts benches in the package's folder; the binaries are below the workspace's.
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut count = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let count = count.args(["bench", "--only", "instructions", "--check"]).current_dir(root);
    match count.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
