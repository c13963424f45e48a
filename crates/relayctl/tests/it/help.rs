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
        "compare",
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
        let takes_json = !["completions", "man"].contains(&command);
        assert_eq!(help.contains("      --json"), takes_json, "{help}");
        assert_eq!(help.matches("Documentation: ").count(), usize::from(takes_json), "{help}");
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
fn a_failure_under_json_is_one_object_on_standard_error() {
    let check = |arguments: &[&str], code: i32, kind: &str, says: &str| {
        let failed = run(&mut relayctl(arguments)).failed(code, says);
        let failure: serde_json::Value = serde_json::from_str(&failed.err).expect("one object");
        assert_eq!((&failure["kind"], &failure["exit_code"]), (&kind.into(), &code.into()));
        let names: Vec<_> = failure.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["exit_code", "hint", "kind", "message"]);
        assert!(failed.out.is_empty(), "{failed:?}");
    };
    check(&["fly", "--json"], 2, "usage", "unrecognized subcommand 'fly'");
    check(&["call", "ftp://x.example", "health", "--json"], 2, "usage", "must be https");
    check(
        &["call", "http://127.0.0.1:1", "health", "--json"],
        3,
        "unreachable",
        "cannot be reached",
    );
    run(&mut relayctl(&["demo", "--quiet", "--verbose"])).failed(2, "cannot be used with");
}

#[test]
fn little_or_much_is_said_as_one_likes() {
    let call = ["call", "http://127.0.0.1:1", "health"];
    let usual = run(&mut relayctl(&call)).failed(3, "cannot be reached");
    assert_eq!(usual.err.lines().count(), 1, "{usual:?}");
    let much = run(&mut relayctl(&[&call[..], &["-v"]].concat())).failed(3, "POST");
    assert!(much.err.contains("http://127.0.0.1:1/health"), "{much:?}");
    let ask = ["ask", "--relay", "misp", "mutex=x", "-q"];
    let little = run(relayctl(&ask).env("API_URL", "http://127.0.0.1:1").env("CLAIM_AUTHKEY", "k"));
    assert!(!little.err.contains("is left out"), "{little:?}");
}

#[test]
fn output_into_a_pipe_has_no_colours() {
    let shown = run(&mut relayctl(&["demo", "--relay", "misp"])).done().out;
    assert!(shown.contains("Malicious"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}
