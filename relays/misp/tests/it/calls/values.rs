//! Values that are searched, docs/relays/misp.md#observables.

use relay_core::Route;
use sandbox::misp::sample;
use serde_json::json;

use crate::test_relay::{
    MispAnswer, MispRelay, only_misp_key,
    responses::{attribute, searches, serve, values},
    start, start_before, start_sandbox, start_with,
};

const MORE_TYPES: (&str, &str) = ("MISP_MORE_TYPES", "true");

/// The values that are searched, with every type switched on.
async fn sent(observables: &[(&str, &str)]) -> Vec<String> {
    let sandbox = start_sandbox().await;
    MispRelay::start().before(&sandbox).with(&[MORE_TYPES]).await.observe(observables).await;
    searches(&sandbox).iter().flat_map(values).map(str::to_owned).collect()
}

/// Fails unless these values are searched first; further spellings and networks may follow.
async fn check(kind: &str, value: &str, expected: &[&str]) {
    let sent = sent(&[(kind, value)]).await;
    assert!(sent.len() >= expected.len(), "{kind} {value:?}: {sent:?}");
    assert_eq!(sent[..expected.len()], *expected, "{kind} {value:?}");
}

#[tokio::test(start_paused = true)]
async fn each_type_is_searched_in_its_normal_form() {
    check("ip", "203.0.113.7", &["203.0.113.7"]).await;
    check("ip", " 203.0.113.7 ", &["203.0.113.7"]).await;
    check("ipv6", "2001:DB8:0:0:0:0:0:1", &["2001:db8::1"]).await;
    check("domain", ".Bad.Example.", &["bad.example"]).await;
    check("hostname", "WWW.bad.example", &["www.bad.example"]).await;
    check("md5", &"AB".repeat(16), &[&"ab".repeat(16)]).await;
    check("sha1", &"AB".repeat(20), &[&"ab".repeat(20)]).await;
    check("sha256", &"AB".repeat(32), &[&"ab".repeat(32)]).await;
    check("email", "A@Bad.Example", &["a@bad.example"]).await;
    check("file_name", "Drop.EXE", &["Drop.EXE"]).await;
    check("user_agent", "Agent/1.0 (x)", &["Agent/1.0 (x)"]).await;
    check("mutex", r"Global\X", &[r"Global\X"]).await;
    check("registry_key", r"HKLM\Software\X", &[r"HKLM\Software\X"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_internationalised_name_is_searched_as_punycode() {
    check("domain", "Bücher.example", &["xn--bcher-kva.example"]).await;
    check("hostname", "www.bücher.example。", &["www.xn--bcher-kva.example"]).await;
    check("domain", "xn--bcher-kva.example", &["xn--bcher-kva.example"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_url_is_searched_with_and_without_scheme_and_lone_slash() {
    let all = ["http://bad.example", "bad.example", "http://bad.example/", "bad.example/"];
    check("url", "http://bad.example", &all).await;
    let all = ["http://bad.example/", "bad.example/", "http://bad.example", "bad.example"];
    check("url", "http://bad.example/", &all).await;
    check("url", "http://bad.example/a/", &["http://bad.example/a/", "bad.example/a/"]).await;
    check("url", "http://bad.example/?x", &["http://bad.example/?x", "bad.example/?x"]).await;
    check("url", "HTTP://Bad.example/A", &["HTTP://Bad.example/A", "Bad.example/A"]).await;
    check("url", "bad.example", &["bad.example", "bad.example/"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_url_is_found_however_it_is_stored() {
    let relay = start().await;
    for (observables, events) in [
        (sample::PHISHING_URL.to_owned(), 2),
        (format!("{}/", sample::PHISHING_URL), 2),
        (sample::PHISHING_PANEL_URL.trim_end_matches('/').to_owned(), 1),
        (format!("https://{}", sample::PHISHING_URI), 1),
        (sample::PHISHING_URI.to_owned(), 1),
    ] {
        let answer = relay.observe([("url", &observables)]).await;
        assert_eq!(answer.docs("sightings").len(), events, "{observables}");
        assert_eq!(answer.found(), [observables.as_str()]);
    }
}

#[tokio::test(start_paused = true)]
async fn types_are_read_in_any_case_and_answered_in_lower_case() {
    let sandbox = start_sandbox().await;
    let observables = json!([{"type": "DOMAIN", "value": "bad.example"},
        {"type": "Sha256", "value": sample::LOCKER_SHA256}]);
    let answer = start_before(&sandbox).await.ask(Route::Observe, &observables).await;
    assert_eq!(answer.every("verdicts", "/observable/type"), ["domain", "sha256"]);
}

#[tokio::test(start_paused = true)]
async fn unsupported_types_are_ignored() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    relay.observe([("imei", "353918057471892"), ("no_type", "x")]).await.assert_nothing_found();
    assert_eq!(relay.refer([("imei", "353918057471892")]).await, json!({"data": []}));
    assert_eq!(sandbox.calls().len(), 0);
    let answer = relay.observe([("imei", "353918057471892"), ("domain", "bad.example")]).await;
    assert_eq!(answer.found(), ["bad.example"]);
}

#[tokio::test(start_paused = true)]
async fn five_more_types_have_to_be_switched_on() {
    let sandbox = start_sandbox().await;
    let observables = [
        ("email", sample::RANSOMWARE_EMAIL),
        ("mutex", sample::RANSOMWARE_MUTEX),
        ("file_name", sample::FILE_NAME_WITH_BANG),
        ("user_agent", "NightGlass/1.4"),
        ("registry_key", r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run\NightGlass"),
    ];
    let relay = start_before(&sandbox).await;
    relay.observe(&observables).await.assert_nothing_found();
    assert_eq!(relay.refer(&observables).await.items().len(), 0);
    assert_eq!(relay.respond(&observables).await.items().len(), 0);
    assert_eq!(sandbox.calls().len(), 0);
    let relay = MispRelay::start().before(&sandbox).with(&[MORE_TYPES]).await;
    assert_eq!(relay.observe(&observables).await.found().len(), 5);
    assert_eq!(relay.refer(&observables).await.items().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn of_equal_observables_the_first_spelling_is_answered_in_order() {
    let sandbox = start_sandbox().await;
    let observables = [
        ("domain", "Mail-Portal.example"),
        ("domain", "Bad.example"),
        ("domain", "bad.example."),
        ("ip", sample::SCANNER_ADDRESS),
        ("domain", "mail-portal.EXAMPLE"),
    ];
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(answer.found(), ["Mail-Portal.example", "Bad.example", sample::SCANNER_ADDRESS]);
    assert_eq!(searches(&sandbox).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_value_of_two_types_is_two_observables_and_one_search() {
    let sandbox = start_sandbox().await;
    let observables = [("domain", "bad.example"), ("hostname", "bad.example")];
    let answer = start_before(&sandbox).await.observe(&observables).await;
    assert_eq!(answer.every("verdicts", "/observable/type"), ["domain", "hostname"]);
    assert_eq!(answer.docs("indicators").len(), 1);
    assert_eq!(values(&searches(&sandbox)[0]), ["bad.example"]);
}

#[tokio::test(start_paused = true)]
async fn i11_values_that_misp_would_answer_with_every_event_are_not_searched() {
    for (kind, value) in [
        ("domain", "0"),
        ("domain", " 0 "),
        ("domain", ".0."),
        ("domain", "  "),
        ("domain", "..."),
        ("url", "0"),
        ("url", "\t"),
        ("file_name", " "),
        ("mutex", "0"),
    ] {
        let relay = start_with(&[MORE_TYPES]).await;
        let sandbox = &relay.sandbox;
        relay.observe([(kind, value)]).await.assert_nothing_found();
        relay.deliberate([(kind, value)]).await.assert_nothing_found();
        assert_eq!(sandbox.calls().len(), 0, "{kind} {value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn blanks_and_zero_have_no_link_either() {
    let relay = start().await;
    let answer = relay.refer([("domain", "  "), ("domain", "0"), ("url", " 0")]).await;
    assert_eq!(answer, json!({"data": []}));
}

#[tokio::test(start_paused = true)]
async fn malformed_addresses_and_hashes_are_not_searched_but_linked() {
    let relay = start().await;
    let sandbox = &relay.sandbox;
    let observables = [
        ("ip", "203.0.113.777"),
        ("ip", "bad.example"),
        ("ipv6", "203.0.113.7"),
        ("md5", "zz"),
        ("sha1", "abc"),
        ("sha256", "5204fd53af461038ca1fe8ed7311352a"),
    ];
    relay.observe(&observables).await.assert_nothing_found();
    assert_eq!(sandbox.calls().len(), 0);
    assert_eq!(relay.refer(&observables).await.items().len(), observables.len());
}

#[tokio::test(start_paused = true)]
async fn i11_wildcards_are_searched_to_the_letter() {
    for (kind, value, expected) in [
        ("domain", "%example", "\u{200B}%example"),
        ("domain", "bad.example% ", "bad.example%\u{200B}"),
        ("url", "http://bad.example/%", "http://bad.example/%\u{200B}"),
        ("file_name", "100%", "100%\u{200B}"),
        ("file_name", r"%TEMP%\x.exe", "\u{200B}%TEMP%\\x.exe"),
        ("url", "http://%.example/x", "http://%.example/x"),
        ("file_name", "100%.txt", "100%.txt"),
    ] {
        check(kind, value, &[expected]).await;
    }
    let relay = start_with(&[MORE_TYPES]).await;
    for nothing in ["%", "%%", "\u{200B}%"] {
        relay.observe([("file_name", nothing)]).await.assert_nothing_found();
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
    let answer = relay.observe([("file_name", sample::FILE_NAME_WITH_PERCENT)]).await;
    assert!(answer.docs("sightings").len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn i11_what_misp_takes_for_the_empty_text_is_never_sent() {
    let relay = start_with(&[MORE_TYPES]).await.with_claims(only_misp_key());
    for nothing in ["\u{200B}", "\u{FEFF}", "\u{1}", "\u{7F}", "\u{301}", "\u{2060} ", "-", "%"] {
        for kind in ["domain", "hostname", "url", "file_name", "mutex", "user_agent", "email"] {
            relay.observe([(kind, nothing)]).await.assert_nothing_found();
            assert_eq!(relay.respond([(kind, nothing)]).await, json!({"data": []}));
            assert_eq!(relay.refer([(kind, nothing)]).await, json!({"data": []}));
            let answer = relay.trigger("respond-misp-false-positive-", kind, nothing).await;
            assert_eq!(answer.errors(), [("fatal", "invalid argument")], "{kind} {nothing:?}");
        }
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn i11_negation_and_lists_are_taken_to_the_letter() {
    let relay = start_with(&[MORE_TYPES]).await;
    let sandbox = &relay.sandbox;
    for (kind, value) in [
        ("file_name", sample::FILE_NAME_WITH_BANG),
        ("url", sample::URL_WITH_AMPERSANDS),
        ("domain", "!bad.example"),
        ("mutex", "a&&b"),
        ("mutex", "a|b"),
    ] {
        sandbox.forget_calls();
        let answer = relay.observe([(kind, value)]).await;
        assert_eq!(values(&searches(sandbox)[0])[0], value);
        // One event holds the first two values; no other may be found.
        assert!(answer.docs("sightings").len() <= 1, "{value}");
    }
    let found = relay.observe([("file_name", sample::FILE_NAME_WITH_BANG)]).await;
    assert_eq!(found.docs("sightings").len(), 1);
    let found = relay.observe([("url", sample::URL_WITH_AMPERSANDS)]).await;
    assert_eq!(found.docs("sightings").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn extra_members_of_an_observable_are_ignored() {
    let sandbox = start_sandbox().await;
    let observables = json!([{"type": "domain", "value": "bad.example", "id": 7, "list": [{}]}]);
    let answer = start_before(&sandbox).await.ask(Route::Observe, &observables).await;
    assert_eq!(answer.found(), ["bad.example"]);
}

#[tokio::test(start_paused = true)]
async fn i12_unusual_values_come_back_exactly_as_sent() {
    let relay = start_with(&[MORE_TYPES]).await;
    let sandbox = &relay.sandbox;
    for value in ["\u{202e}gpj.exe", "a\0b", "😀.exe", " drop.exe ", &"x".repeat(8000)] {
        serve(sandbox, &[attribute(json!({"type": "filename", "value": value}))], &[]);
        let answer = relay.observe([("file_name", value)]).await;
        assert_eq!(answer.found(), [value]);
        assert_eq!(answer.only("sightings")["observables"][0]["value"], *value);
    }
}
