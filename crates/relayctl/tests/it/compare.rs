//! `relayctl compare`: recorded answers of the Python relays, in their documented form, against the
//! relays in front of simulators; and relays against each other.

use axum::{Router, http::StatusCode, routing::post};
use serde_json::{Value, json};

use crate::{
    serve::Served,
    tool::{Run, Server, file, relayctl, run},
};

fn recording(relay: &str) -> String {
    format!("{}/tests/recordings/{relay}.json", env!("CARGO_MANIFEST_DIR"))
}

/// Compares a recorded answer with the relay of the same name.
fn moved(relay: &str, arguments: &[&str]) -> Run {
    let served = Served::start(&["--sandbox", "--relay", relay], &[]);
    compared(&served, relay, &recording(relay), arguments)
}

fn compared(served: &Served, relay: &str, old: &str, arguments: &[&str]) -> Run {
    let (url, token) = served.place(relay);
    let arguments = [&["compare", old, url], arguments].concat();
    run(relayctl(&arguments).env("RELAY_TOKEN", token))
}

/// Returns the differences of one observable and route, as "kind field: row that announces it".
fn announced(comparison: &Value, route: &str) -> Vec<String> {
    let findings = &comparison["observables"][0]["routes"][route];
    let lists = ["only_old", "only_new", "differs"];
    let all = lists.iter().flat_map(|list| findings[list].as_array().unwrap());
    let explained = all.filter(|one| one["expected"].is_object());
    let text = |one: &Value| {
        let field = one["field"].as_str().unwrap_or("entity");
        let row = &one["expected"];
        let row = [&row["before"], &row["now"]].map(|text| text.as_str().unwrap().to_owned());
        let row = row.into_iter().find(|text| !text.is_empty()).unwrap();
        format!("{} {field}: {row}", one["kind"].as_str().unwrap())
    };
    explained.map(text).collect()
}

/// Compares a recording without a loss, and checks that these differences are announced.
#[track_caller]
fn check_without_loss(relay: &str, observable: &str, route: &str, expected: &[&str]) -> Value {
    let comparison = moved(relay, &[observable, "--json"]).done().json();
    assert_eq!((&comparison["lost"], &comparison["relay"]), (&json!(0), &json!(relay)));
    let announced = announced(&comparison, route);
    for part in expected {
        assert!(announced.iter().any(|one| one.starts_with(part)), "{part}: {announced:#?}");
    }
    comparison
}

#[test]
fn the_python_relay_of_misp_is_replaced_without_loss() {
    let expected = [
        "judgement confidence: judgements of confidence High",
        "judgement priority: judgements of confidence High",
        "relation relation: `related-to` between",
        "sighting page: a page of an event by its number",
    ];
    let comparison = check_without_loss("misp", "domain=bad.example", "observe", &expected);
    let observed = &comparison["observables"][0]["routes"]["observe"];
    assert_eq!(observed["same"]["verdict"], 1, "{observed}");
    let text = moved("misp", &["domain=bad.example"]).done().out;
    for part in ["domain bad.example, observe: the same 1 verdict", "only new", "Nothing is lost."]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_python_relay_of_qualys_is_replaced_without_loss() {
    let expected = [
        "relation source: domain `Resolved_To` address the wrong way round",
        "indicator title: \"Malicious\" or \"Suspicious\" and a fixed word",
    ];
    let comparison = check_without_loss("qualys-ioc", "c2.bad.example", "observe", &expected);
    let observed = &comparison["observables"][0]["routes"]["observe"];
    // Another form of time, empty members and random ids are no differences.
    assert_eq!(observed["same"], json!({"judgement": 1, "target": 3, "relation": 2}));
    let referred = &comparison["observables"][0]["routes"]["refer"];
    assert_eq!(referred["same"], json!({"link": 1}));
}

#[test]
fn the_python_relay_of_gigamon_is_replaced_without_loss() {
    let expected = ["sighting sensor: `sensor` held the sensor's id"];
    let comparison =
        check_without_loss("gigamon-threatinsight", "203.0.113.77", "observe", &expected);
    let links = announced(&comparison, "refer");
    assert!(links[0].starts_with("link url: links search for the bare value"), "{links:?}");
}

#[test]
fn the_python_relay_of_defender_is_replaced_without_loss() {
    let expected = [
        "sighting count: counts of all alerts",
        "sighting page: links and pages in securitycenter.windows.com",
        "relation entity: the folder of a file is its path",
        "relation entity: `Connect_To`, `Used`",
    ];
    check_without_loss("defender-atp", "203.0.113.80", "observe", &expected);
}

#[test]
fn what_nothing_announces_is_a_loss() {
    let run = moved("graph-security", &["203.0.113.80", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let comparison = run.json();
    assert_eq!(comparison["lost"], 1);
    let missing = comparison["observables"][0]["routes"]["observe"]["only_old"].as_array().unwrap();
    let lost: Vec<_> = missing.iter().filter(|one| one["is_lost"] == true).collect();
    assert!(lost[0]["entity"].as_str().unwrap().contains("newly registered domain"), "{lost:?}");
    let shown = moved("graph-security", &["203.0.113.80"]);
    assert!(shown.out.contains("! only old  sighting 2026-03-04T08:19:42Z"), "{shown:?}");
    assert!(shown.out.contains("Lost: 1 thing"), "{shown:?}");
}

#[test]
fn a_relay_is_the_same_as_itself_and_as_its_recording() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let (url, token) = served.place("misp");
    let [good, values] = [token, "bad.example\n203.0.113.77\n"].map(file);
    let [good, values] = [&good, &values].map(|file| file.path().to_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("old.json");
    let record = record.to_str().unwrap();
    let same = ["compare", url, url, "--observables", values, "--json", "--record", record];
    let tokens = ["--old-token-file", good, "--new-token-file", good];
    let comparison = run(&mut relayctl(&[&same[..], &tokens].concat())).done().json();
    for about in comparison["observables"].as_array().unwrap() {
        for (route, findings) in about["routes"].as_object().unwrap() {
            let lists = ["only_old", "only_new", "differs"].map(|list| &findings[list]);
            assert!(lists.iter().all(|list| **list == json!([])), "{route}: {findings}");
        }
    }
    let again = compared(&served, "misp", record, &["--file", values]).done();
    assert!(again.out.contains("the same 1 verdict, 1 judgement, 1 sighting"), "{again:?}");
    let part = ["--record", record, "--routes", "refer", "bad.example"];
    std::fs::remove_file(record).unwrap();
    compared(&served, "misp", url, &part).done();
    let whole = run(relayctl(&["compare", url, record, "bad.example"]).env("RELAY_TOKEN", token));
    assert!(!whole.done().out.contains("observe"), "what was not recorded is not lost");
    let once = ["--record", record, "--file", values];
    compared(&served, "misp", url, &once).failed(2, "cannot be made");
    let piped = ["compare", record, record, "--file", "-"];
    let piped = run(relayctl(&piped).write_stdin("domain=bad.example\n")).done();
    assert!(piped.out.contains("bad.example, refer: the same 1 link"), "{piped:?}");
}

#[test]
fn a_relay_that_fails_is_no_success() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let wrong = file("a.b.c");
    let arguments = ["bad.example", "--new-token-file", wrong.path().to_str().unwrap()];
    let run = compared(&served, "misp", &recording("misp"), &arguments);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("The new relay failed to observe: authorization error"), "{run:?}");
    assert!(run.out.contains("! only old  verdict Malicious"), "{run:?}");
}

#[test]
fn a_python_relay_that_breaks_down_is_named_and_is_no_success() {
    let broken = Router::new().route(
        "/observe/observables",
        post(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error") }),
    );
    let broken = Server::start(broken);
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let run = compared(&served, "misp", &broken.url, &["bad.example"]);
    assert_eq!(run.code, 1, "{run:?}");
    let says = "The old relay failed to observe: status 500: Internal Server Error";
    assert!(run.out.contains(says) && run.out.contains("but a relay failed"), "{run:?}");
}

#[test]
fn what_is_no_relay_and_no_recording_is_named() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let check = |old: &str, code, says: &str| {
        compared(&served, "misp", old, &["bad.example"]).failed(code, says);
    };
    check("nowhere.json", 2, "nowhere.json cannot be read");
    check("http://relay.example", 2, "the URL must be https");
    check("http://127.0.0.1:1", 3, "cannot be reached");
    check(file("[1]").path().to_str().unwrap(), 2, "holds no answers of a relay");
    let (url, _) = served.place("misp");
    check(url.trim_end_matches("/misp"), 3, "it has none of the routes");
    compared(&served, "misp", url, &[]).failed(2, "name the observables");
}
