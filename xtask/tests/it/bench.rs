//! `cargo xtask bench` without deployed binaries.

use std::fs;

use assert_cmd::{Command, assert::Assert};

fn bench(arguments: &[&str]) -> Assert {
    Command::new(env!("CARGO_BIN_EXE_xtask")).arg("bench").args(arguments).assert()
}

#[track_caller]
fn assert_fails(arguments: &[&str], says: &str) {
    let output = bench(arguments).failure().get_output().stderr.clone();
    let output = String::from_utf8(output).unwrap();
    assert!(output.contains(says), "{output}");
}

#[test]
fn a_missing_binary_is_named_with_the_command_that_builds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let arguments = ["--relay", "misp", "--only", "size", "--binaries", path];
    assert_fails(&arguments, "/misp; .ci/deploy");
}

#[test]
fn a_size_is_measured_and_compared_with_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("misp"), [0; 100_000]).unwrap();
    let path = folder.path().to_str().unwrap();
    let arguments = ["--relay", "misp", "--only", "size", "--binaries", path];
    let shown = bench(&[&arguments[..], &["--json"]].concat()).success();
    let shown: serde_json::Value = serde_json::from_slice(&shown.get_output().stdout).unwrap();
    assert_eq!(shown["size"][0]["binary"], 0.1);
    let checked = bench(&[&arguments[..], &["--check"]].concat()).success();
    assert!(String::from_utf8_lossy(&checked.get_output().stderr).contains("All limits are kept."));
}

#[test]
fn an_unreadable_reference_is_an_error() {
    let reference = tempfile::NamedTempFile::new().unwrap();
    fs::write(reference.path(), "no JSON").unwrap();
    let path = reference.path().to_str().unwrap();
    assert_fails(&["--check", "--only", "instructions", "--reference", path], "cannot be read");
}
