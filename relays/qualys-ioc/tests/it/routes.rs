//! The other routes, the settings, and the errors that are no product's. Source: spec §1, §2, §5.

use std::sync::Arc;

use qualys_ioc::QualysIoc;
use relay_core::{Clock, Environment, Service, http::SystemResolver};
use sandbox::qualys_ioc::ACCOUNT;
use serde_json::{Value, json};
use testkit::{
    ctim::{self, Asked, Route},
    token::SECRET,
};

use crate::test_relay::{DROPPED, Names, PLATFORM, TestRelay, claims, codes, count, message, one};

const OBSERVE: &str = "/observe/observables";
const REFER: &str = "/refer/observables";

#[tokio::test]
async fn refer_links_every_searchable_observable() {
    let relay = TestRelay::open().await;
    let wanted = json!([
        {"type": "DOMAIN", "value": "c2.bad.example"},
        {"type": "md5", "value": "no/hash"},
        {"type": "mutex", "value": "line\nbreak"},
        {"type": "url", "value": "https://bad.example/"},
        {"type": "ip", "value": "203.0.113.77"},
    ]);
    let answer = relay.ask(REFER, &wanted).await;
    ctim::assert_valid(Route::Refer, &answer, &Asked::about(&wanted));
    let links = answer["data"].as_array().unwrap();
    let ids: Vec<_> = links.iter().map(|link| link["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "ref-qualys-search-domain-c2.bad.example",
            "ref-qualys-search-md5-no%2Fhash",
            "ref-qualys-search-ip-203.0.113.77",
        ]
    );
    assert_eq!(
        links[0],
        json!({
            "id": "ref-qualys-search-domain-c2.bad.example",
            "title": "Search for this domain",
            "description": "Check this domain status with Qualys",
            "url": "https://qualysguard.qg2.apps.qualys.com/ioc/#/hunting?search=network.remote.address.fqdn%3A%20%22c2.bad.example%22",
            "categories": ["Search", "Qualys"],
        })
    );
    assert_eq!(relay.ask(REFER, &json!([])).await, json!({"data": []}));
}

#[tokio::test]
async fn constants_need_no_token() {
    let relay = TestRelay::open().await;
    for (path, expected) in [
        ("/deliberate/observables", json!({"data": {}})),
        ("/respond/observables", json!({"data": []})),
        ("/respond/trigger", json!({"data": {"status": "failure"}})),
        ("/version", json!({"version": "0.1.0"})),
    ] {
        assert_eq!(relay.send("nonsense", path, "nonsense").await, expected, "{path}");
    }
}

#[tokio::test]
async fn an_invalid_body_is_described_before_the_token_is_looked_at() {
    let relay = TestRelay::open().await;
    for (body, problems) in [
        ("nonsense", r#"{"_schema": ["Invalid input type."]}"#),
        ("[1]", r#"{"0": {"_schema": ["Invalid input type."]}}"#),
        (r#"[{"type":"ip"}]"#, r#"{"0": {"value": ["Missing data for required field."]}}"#),
        (
            r#"[{"type":null,"value":7}]"#,
            r#"{"0": {"type": ["Field may not be null."], "value": ["Not a valid string."]}}"#,
        ),
        (r#"[{"type":"ip","value":""}]"#, r#"{"0": {"value": ["Field may not be blank."]}}"#),
    ] {
        for path in [OBSERVE, REFER] {
            let answer = relay.send("nonsense", path, body).await;
            assert_eq!(codes(&answer), [("fatal", "invalid argument")]);
            assert_eq!(message(&answer), format!("Invalid JSON payload received. {problems}"));
        }
    }
}

#[tokio::test]
async fn authentication_comes_before_qualys() {
    let relay = TestRelay::open().await;
    let body = one("sha256", DROPPED).to_string();
    for path in ["/health", OBSERVE, REFER] {
        let answer = relay.send("Bearer e30.e30.c2ln", path, &body).await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")]);
        assert!(message(&answer).starts_with("Authorization failed: "));
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn no19_api_url_missing_or_unacceptable() {
    let relay = TestRelay::with(&[("API_URL", "")]).await;
    for claim in [json!(null), json!("http://gateway.example"), json!("gateway"), json!(100)] {
        let mut claims = claims(ACCOUNT);
        claims["API_URL"] = claim.clone();
        for path in ["/health", OBSERVE] {
            let answer = relay.ask_with(claims.clone(), path, &one("sha256", DROPPED)).await;
            assert_eq!(codes(&answer), [("fatal", "invalid argument")], "{claim}");
            assert!(message(&answer).contains("API_URL"));
        }
    }
}

#[tokio::test]
async fn platform_url_missing() {
    let relay = TestRelay::with(&[("PLATFORM_URL", "")]).await;
    let wanted = one("sha256", DROPPED);
    let answer = relay.ask(REFER, &wanted).await;
    assert_eq!(codes(&answer), [("fatal", "invalid argument")]);
    assert!(message(&answer).contains("PLATFORM_URL"));
    let answer = relay.observe(&wanted).await;
    assert_eq!(count(&answer, "sightings"), 1);
    assert_eq!(answer["data"]["sightings"]["docs"][0].get("source_uri"), None);
}

#[tokio::test]
async fn platform_url_of_the_token_wins() {
    let relay = TestRelay::open().await;
    let mut claims = claims(ACCOUNT);
    claims["PLATFORM_URL"] = json!("https://console.example/");
    for path in [REFER, OBSERVE] {
        let answer = relay.ask_with(claims.clone(), path, &one("sha256", DROPPED)).await;
        let text = answer.to_string();
        assert!(text.contains("https://console.example/ioc/#/hunting?search="), "{text}");
        assert!(!text.contains(PLATFORM));
    }
}

#[tokio::test]
async fn an_unsearchable_observable_is_a_warning_beside_the_others() {
    let relay = TestRelay::open().await;
    let wanted = json!([
        {"type": "mutex", "value": "all \"three\" `marks'"},
        {"type": "file_name", "value": "\\\\"},
        {"type": "file_name", "value": "\u{1F600}".repeat(20_000)},
        {"type": "sha256", "value": DROPPED},
    ]);
    let answer = relay.observe(&wanted).await;
    assert_eq!(codes(&answer), [("warning", "invalid argument"); 2]);
    let text = |at: usize| answer["errors"][at]["message"].as_str().unwrap();
    assert!(text(0).contains("a mutex") && text(1).contains("a file name"));
    assert_eq!(count(&answer, "sightings"), 1);
}

#[tokio::test]
async fn i15_a_token_may_not_lead_inside_the_network() {
    let loopback = Arc::new(Names::loopback());
    let relay = TestRelay::resolving(&[], loopback.clone()).await;
    for url in
        ["https://gateway.example", "https://127.0.0.1", "https://[::1]", "https://169.254.169.254"]
    {
        let mut claims = claims(ACCOUNT);
        claims["API_URL"] = json!(url);
        let answer = relay.ask_with(claims, "/health", &json!({})).await;
        assert_eq!(codes(&answer), [("fatal", "connection error")], "{url}");
        assert!(message(&answer).contains(url));
    }
    assert!(loopback.asked().iter().all(|host| host == "gateway.example"));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn no10_clean_judgements_follow_the_setting() {
    // Both events say "known" of an image; one is asked by the image's hash, one is not.
    let image = one("sha256", "3c1f8e07d2a94b65f0e18c7b6a5d4f3e2c1b0a99887766554433221100ffeedd");
    let other = one("sha256", "777777777777777777777777777777777777777777777777777777777777777e");
    for (setting, expected) in [("all", [1, 1]), ("matching", [1, 0])] {
        let relay = TestRelay::with(&[("QUALYS_CLEAN_JUDGEMENTS", setting)]).await;
        for (wanted, expected) in [&image, &other].into_iter().zip(expected) {
            let answer = relay.observe(wanted).await;
            let docs = answer["data"]["judgements"]["docs"].as_array().unwrap();
            let clean = docs.iter().filter(|doc| doc["disposition"] == 1).count();
            assert_eq!(clean, expected, "{setting}");
        }
    }
}

#[tokio::test]
async fn l09_settings_that_cannot_be_used_stop_the_relay() {
    let check = async |name: &str, value: &str| {
        let environment = Environment::of([("SECRET_KEY", SECRET), (name, value)]);
        let lookup = Arc::new(SystemResolver);
        let service = Service::<QualysIoc>::with(&environment, Clock::of_machine(), lookup).await;
        let complaint = service.err().map(|bad| bad.to_string()).unwrap_or_default();
        assert!(complaint.starts_with(name) && !complaint.contains(value), "{complaint}");
    };
    check("API_URL", "http://gateway.invalid").await;
    check("PLATFORM_URL", "https://u:p@console.example").await;
    check("QUALYS_CONCURRENCY", "9").await;
    check("QUALYS_CONCURRENCY", "0").await;
    check("QUALYS_CLEAN_JUDGEMENTS", "some").await;
    for path in ["ioc/events", "/ioc//events", "/ioc/../x", "/ioc?x", "/ioc#x", "/i%6fc"] {
        check("QUALYS_EVENTS_PATH", path).await;
    }
}

#[tokio::test]
async fn observe_without_anything_found_is_an_empty_object() {
    let relay = TestRelay::open().await;
    let none: Value = json!({"data": {}});
    assert_eq!(relay.observe(&json!([])).await, none);
    assert_eq!(relay.observe(&one("url", "https://bad.example/")).await, none);
    assert_eq!(relay.observe(&one("ip", "192.0.2.1")).await, none);
}
