//! `relayctl demo`: one investigation across all relays, and their tables.

use std::{env, fs, path::PathBuf};

use console::{measure_text_width, strip_ansi_codes};
use serde_json::Value;

use crate::{
    terminal::Terminal,
    tool::{relayctl, run},
};

const WIDTHS: [u16; 3] = [80, 100, 160];

fn demo(arguments: &[&str]) -> String {
    run(&mut relayctl(&[&["demo"], arguments].concat())).done().out
}

/// What a terminal of this width shows.
fn screen(columns: u16, settings: &str, arguments: &str) -> String {
    let (screen, code) = Terminal::wide(columns, settings, &format!("demo {arguments}")).ends();
    assert_eq!(code, 0, "{screen}");
    screen.replace("\r\n", "\n")
}

/// Compares with a golden file; `UPDATE_GOLDEN=1` writes it instead.
#[track_caller]
fn check_golden(name: &str, text: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect();
    if env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{} differs:\n{text}", path.display());
}

#[track_caller]
fn check_width(columns: u16, text: &str) {
    for line in text.lines() {
        assert!(measure_text_width(line) <= columns.into(), "wider than {columns}: {line}");
    }
}

#[test]
fn the_incident_is_told_in_the_width_of_the_screen() {
    for columns in WIDTHS {
        let told = screen(columns, "NO_COLOR=1", "");
        check_width(columns, &told);
        assert!(!told.contains('\u{1b}'), "{told}");
        check_golden(&format!("demo/{columns}.txt"), &told);
    }
}

/// What the README shows is what one gets.
#[test]
fn the_readme_shows_the_demo() {
    let readme = include_str!("../../../../README.md");
    let told = include_str!("../golden/demo/100.txt");
    let (incident, _) = told.split_once("\n\nNext: ").unwrap();
    assert!(readme.contains(&format!("```text\n{incident}\n```\n")), "README.md:\n{incident}");
}

#[test]
fn a_stranger_learns_what_happened_on_which_device_and_what_to_do() {
    let told = demo(&[]);
    let (what, rest) = told.split_once("\nOn whom\n").unwrap();
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        what.contains("\u{201c}Document started an unknown program\u{201d} on acc-lt-31"),
        "{told}"
    );
    assert!(what.contains("\u{201c}Remote service started an unknown program\u{201d}"), "{told}");
    let (whom, rest) = rest.split_once("\nHow sure: 4 of 5 observables malicious\n").unwrap();
    assert_eq!(whom.lines().count(), 2, "two devices: {whom}");
    assert!(whom.contains("nadia") && whom.contains("since 10-29"), "{whom}");
    let (sure, rest) = rest.split_once("\nWhen (2026, UTC)\n").unwrap();
    assert!(sure.contains("Malicious   sync.ledger-cdn.example"), "{sure}");
    let (when, what_to_do) = rest.split_once("\nWhat can be done\n").unwrap();
    for product in ["MISP", "Qualys IOC", "Defender for Endpoint", "Graph Security", "Gigamon"] {
        assert!(when.contains(product), "{product}: {when}");
    }
    let first = what_to_do.split("\n  sync.").next().unwrap();
    for part in ["acc-lt-31, files-02 (Defender for Endpoint): ", "Isolate (full)"] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(what_to_do.contains("Next: relayctl ask"), "{told}");
    assert!(told.lines().count() <= 38, "{told}");
}

/// The same text everywhere: only a terminal has colours, a width of its own, and what moves.
#[test]
fn colours_are_for_terminals_and_a_pipe_gets_the_same_text() {
    let coloured = screen(100, "", "");
    assert!(coloured.contains("\u{1b}[38;5;9mHigh\u{1b}[0m"), "{coloured:?}");
    let plain = screen(100, "NO_COLOR=1", "");
    assert_eq!(strip_ansi_codes(&coloured), plain);
    assert_eq!(screen(100, "TERM=dumb", ""), plain);
    let piped = run(&mut relayctl(&["demo"])).done();
    assert_eq!((piped.out, piped.err.as_str()), (plain, ""));
    let narrow = run(relayctl(&["demo"]).env("COLUMNS", "80")).done();
    assert_eq!(narrow.out, screen(80, "NO_COLOR=1", ""));
}

#[test]
fn one_may_investigate_something_else() {
    let told = demo(&["203.0.113.80"]);
    assert!(told.contains("Beacon-like traffic") && told.contains("ws-204"), "{told}");
    let unknown = demo(&["harmless.example"]);
    assert!(unknown.contains("No product has seen any of it: harmless.example"), "{unknown}");
}

#[test]
fn tables_show_each_relay_and_fit_the_screen() {
    for columns in WIDTHS {
        let all = screen(columns, "NO_COLOR=1", "--tables");
        check_width(columns, &all);
        for product in ["Microsoft Graph Security", "Qualys IOC", "MISP", "Gigamon ThreatINSIGHT"] {
            assert!(all.contains(&format!("\n{product}\n")), "{product}: {all}");
        }
        for word in ["Observable", "Sightings", "Last seen (UTC)"] {
            assert!(all.contains(word), "{word} is broken: {all}");
        }
    }
    let one = demo(&["--relay", "misp"]);
    assert!(one.contains("Disposition") && !one.contains("What happened"), "{one}");
}

#[test]
fn json_holds_the_answers_of_every_relay() {
    let json: Value = serde_json::from_str(&demo(&["--json"])).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 5);
    assert!(json["misp"]["observe"]["data"].is_object());
    let actions = json["defender-atp"]["respond"]["data"].as_array().unwrap();
    let is_isolation = |action: &&Value| action["id"] == "microsoft-defender-FullIsolation";
    assert_eq!(actions.iter().filter(is_isolation).count(), 2, "one for each device");
}
