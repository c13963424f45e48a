//! Help, completions, manual pages, exit codes.

use crate::tool::{relayctl, run};

#[test]
fn help_has_examples_and_exit_codes() {
    let help = run(&mut relayctl(&["--help"])).done().out;
    for part in ["Examples:", "Exit codes:", "NO_COLOR", "relayctl demo"] {
        assert!(help.contains(part), "{part}");
    }
}

#[test]
fn every_command_has_an_example() {
    let commands = [
        "demo",
        "ask",
        "explore",
        "serve",
        "token make",
        "token inspect",
        "token verify",
        "call",
        "module type",
        "module add",
        "module edit",
        "module remove",
        "module list",
        "rotate",
        "completions",
        "man",
    ];
    for command in commands {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = run(&mut relayctl(&arguments)).done().out;
        assert!(
            help.contains("Example") && help.contains(&format!("relayctl {command}")),
            "{help}"
        );
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&mut relayctl(&["completions", shell])).done().out;
        assert!(script.contains("relayctl") && script.contains("rotate"), "{shell}");
    }
    run(&mut relayctl(&["completions", "tcsh"])).failed(2, "invalid value");
}

#[test]
fn manual_pages_are_printed_and_written() {
    let page = run(&mut relayctl(&["man"])).done().out;
    assert!(page.contains(".TH relayctl 1") && page.contains("Exit codes"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    run(relayctl(&["man", "--dir"]).arg(folder.path())).done();
    for name in ["relayctl.1", "relayctl-token-make.1", "relayctl-module-add.1"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn wrong_arguments_end_with_code_2() {
    run(&mut relayctl(&["fly"])).failed(2, "unrecognized subcommand");
    run(&mut relayctl(&["demo", "--relay", "nothing"])).failed(2, "possible values: ");
    run(&mut relayctl(&["call", "ftp://relay.example", "health"])).failed(2, "must be https");
}

#[test]
fn output_into_a_pipe_has_no_colours() {
    let shown = run(&mut relayctl(&["demo", "--relay", "misp"])).done().out;
    assert!(shown.contains("Malicious"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}
