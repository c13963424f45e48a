//! `relayctl demo`: one investigation across all relays, and their tables.

use crate::tool::{relayctl, run};

fn demo(arguments: &[&str]) -> String {
    run(&mut relayctl(&[&["demo"], arguments].concat())).done().out
}

#[test]
fn an_investigation_tells_what_happened_on_whom_how_sure_and_what_to_do() {
    let told = demo(&[]);
    for part in [
        "Investigation of 203.0.113.77, c2.bad.example",
        "What happened: the 14 gravest of ",
        "Beacon to a Known Command Server",
        "On whom: ",
        "fin-lt-07",
        "Malicious: 203.0.113.77 (Qualys IOC)",
        "What can be done: ",
        "Next: relayctl ask",
    ] {
        assert!(told.contains(part), "{part:?}: {told}");
    }
    assert!(told.lines().count() <= 35, "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn one_may_investigate_something_else() {
    let told = demo(&["203.0.113.80"]);
    assert!(told.starts_with("Investigation of 203.0.113.80\n"), "{told}");
    assert!(told.contains("Beacon-like traffic"), "{told}");
    assert!(demo(&["harmless.example"]).contains("No product has seen any of it."));
}

#[test]
fn tables_show_each_relay() {
    let all = demo(&["--tables"]);
    for product in ["Microsoft Graph Security", "Qualys IOC", "MISP", "Gigamon ThreatINSIGHT"] {
        assert!(all.contains(&format!("\n{product}\n")), "{product}: {all}");
    }
    let one = demo(&["--relay", "misp"]);
    assert!(one.contains("Disposition") && !one.contains("What happened"), "{one}");
    let json: serde_json::Value = serde_json::from_str(&demo(&["--json"])).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 5);
    assert!(json["misp"]["observe"]["data"].is_object());
}
