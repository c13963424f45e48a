//! `relayctl call` against relays in front of simulators, and against servers that are no relay.

use axum::{Router, http::StatusCode, routing::any};

use crate::{
    serve::Served,
    tool::{Server, file, relayctl, run},
};

#[test]
fn every_route_has_a_readable_form() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let check = |arguments: &[&str], parts: &[&str]| {
        let out = served.call("misp", arguments).done().out;
        for part in parts {
            assert!(out.contains(part), "{part:?}: {out}");
        }
    };
    check(&["health"], &["Status: ok", "Answered in"]);
    check(&["version"], &["Version: 0."]);
    check(&["watchdog"], &["The relay is awake."]);
    check(&["observe", "domain=bad.example"], &["bad.example", "Malicious"]);
    check(&["deliberate", "domain=bad.example"], &["Malicious"]);
    check(&["refer", "domain=bad.example"], &["Search events with this domain", "searchall"]);
    check(&["respond", "domain=bad.example"], &["Action id", "bad.example"]);
}

#[test]
fn a_table_shows_only_what_was_asked() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let observe = served.call("misp", &["observe", "DOMAIN=bad.example"]).done().out;
    assert!(observe.contains("Malicious") && !observe.contains("Links"), "{observe}");
    let deliberate = served.call("misp", &["deliberate", "bad.example"]).done().out;
    assert!(deliberate.contains("Malicious") && !deliberate.contains("Sightings"), "{deliberate}");
    served.call("misp", &["observe"]).failed(2, "name the observables");
    served.call("misp", &["observe", "foo=bar"]).failed(2, "foo is no type of observable");
}

/// What a route says of observables that nobody knows, or whose type the relay does not take: no zero,
/// no empty table, no dash without a word.
#[test]
fn nothing_found_is_told_in_words_on_every_route() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let call = |arguments: &[&str]| served.call("misp", arguments).done().out;
    for route in ["observe", "deliberate"] {
        let out = call(&[route, "DOMAIN=Bad.example", "harmless.example", "mutex=Global\\x"]);
        assert!(out.contains("Malicious"), "a type in capitals: {out}");
        for told in [
            "Nothing was found about harmless.example, or the relay does not answer about the type domain.",
            "Nothing was found about Global\\x, or the relay does not answer about the type mutex.",
        ] {
            assert!(out.contains(told), "{told:?}: {out}");
        }
        assert!(!out.contains("about Bad.example"), "{out}");
        assert!(!out.split_whitespace().any(|word| word == "0"), "{out}");
    }
    assert!(call(&["refer", "mutex=x"]).contains("There are no links."));
    assert!(call(&["respond", "mutex=x"]).contains("There are no actions."));
    for route in ["observe", "deliberate", "refer", "respond"] {
        served.call("misp", &[route, "foo=bar"]).failed(2, "foo is no type of observable");
        served.call("misp", &[route]).failed(2, "name the observables");
    }
}

#[test]
fn where_the_relay_failed_no_number_is_shown() {
    let failing = Server::start(Router::new().fallback(any(|| async {
        r#"{"data":{},"errors":[{"type":"fatal","code":"timeout","message":"Too late."}]}"#
    })));
    let run = run(&mut relayctl(&["call", &failing.url, "observe", "ip=203.0.113.7"]));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("Too late.") && run.out.contains('?'), "{run:?}");
    assert!(!run.out.split_whitespace().any(|word| word == "0"), "{run:?}");
}

/// An answer without any of a relay's members would read as a clean bill.
#[test]
fn json_of_something_else_is_no_answer() {
    let other = Server::start(Router::new().fallback(any(|| async { r#"{"status":"ok"}"# })));
    for route in ["health", "version", "watchdog"] {
        run(&mut relayctl(&["call", &other.url, route])).failed(3, "no relay answers at");
    }
    let arguments = ["call", &other.url, "observe", "ip=203.0.113.7"];
    run(&mut relayctl(&arguments)).failed(3, "no relay answers at");
}

#[test]
fn nothing_is_triggered_unless_told() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let actions = served.call("misp", &["respond", "domain=bad.example", "--json"]).done().json();
    let id = actions["data"][0]["id"].as_str().unwrap();
    let trigger = ["trigger", "domain=bad.example", "--action-id", id];
    served.call("misp", &trigger).failed(2, "--act");
    served.call("misp", &["trigger", "domain=bad.example"]).failed(2, "--act");
    let done = served.call("misp", &[&trigger[..], &["--act"]].concat()).done();
    assert!(done.out.contains("Status: success"), "{done:?}");
    let unknown = ["trigger", "domain=bad.example", "--action-id", "nothing", "--act"];
    let run = served.call("misp", &unknown);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("Unsupported action"), "{run:?}");
}

#[test]
fn an_error_of_the_relay_is_shown_and_ends_with_code_1() {
    let served = Served::start(&["--sandbox", "--relay", "misp"], &[]);
    let wrong = file("a.b.c");
    let path = wrong.path().to_str().unwrap();
    let run = served.call("misp", &["health", "--token-file", path]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("authorization error"), "{run:?}");
}

#[test]
fn what_is_no_relay_ends_with_code_3() {
    let elsewhere = Server::start(
        Router::new()
            .fallback(any(|| async { (StatusCode::FORBIDDEN, r#"{"message":"Forbidden"}"#) })),
    );
    run(&mut relayctl(&["call", &elsewhere.url, "health"])).failed(3, "no relay answers at");
    let page = Server::start(Router::new().fallback(any(|| async { "<html>hello" })));
    run(&mut relayctl(&["call", &page.url, "health"])).failed(3, "<html>hello");
    run(&mut relayctl(&["call", "http://127.0.0.1:1", "health"])).failed(3, "cannot be reached");
}

#[test]
fn a_hostile_answer_cannot_steer_the_terminal() {
    let hostile = Server::start(Router::new().fallback(any(|| async {
        r#"{"data":[{"title":"\u001b[2J\u001b]0;owned\u0007","url":"https://x.example","id":"i"}]}"#
    })));
    let shown = run(&mut relayctl(&["call", &hostile.url, "refer", "ip=203.0.113.7"])).done().out;
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown}");
    assert!(shown.contains("owned"), "{shown}");
}
