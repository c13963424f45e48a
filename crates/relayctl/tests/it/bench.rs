//! `relayctl bench` without anything to measure: what is missing is said, and how to make it.

use crate::tool::{file, relayctl, run};

#[test]
fn binaries_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let arguments = ["bench", "--relay", "misp", "--only", "size", "--binaries", path];
    run(&mut relayctl(&arguments)).failed(2, "/misp; .ci/deploy");
}

#[test]
fn a_size_is_measured_and_held_against_its_bar() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("misp"), [0; 100_000]).unwrap();
    let path = folder.path().to_str().unwrap();
    let arguments = ["bench", "--relay", "misp", "--only", "size", "--binaries", path];
    let shown = run(&mut relayctl(&[&arguments[..], &["--json"]].concat())).done().json();
    assert_eq!(shown["size"][0]["binary"], 0.1);
    let held = run(&mut relayctl(&[&arguments[..], &["--check"]].concat())).done();
    assert!(held.err.contains("All bars are met."), "{held:?}");
}

#[test]
fn a_reference_that_cannot_be_read_is_said() {
    let reference = file("no JSON");
    let path = reference.path().to_str().unwrap();
    let arguments = ["bench", "--check", "--only", "instructions", "--reference", path];
    run(&mut relayctl(&arguments)).failed(2, "cannot be read");
}
