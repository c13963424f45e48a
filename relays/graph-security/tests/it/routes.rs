//! Routes that ask nobody, and bodies that cannot be asked. Source: spec §1, §2, §4.

use http::Method;
use relay_core::{Gateway, Incoming};
use serde_json::json;

use crate::test_relay::{ADDRESS, OBSERVE, TestRelay, bearer, codes, contoso, message, one};

#[tokio::test]
async fn constants_need_neither_token_nor_body_nor_call() {
    let relay = TestRelay::open().await;
    for (path, expected) in [
        ("/deliberate/observables", json!({"data": {}})),
        ("/refer/observables", json!({"data": []})),
        ("/respond/observables", json!({"data": []})),
        ("/respond/trigger", json!({"data": {"status": "failure"}})),
        ("/version", json!({"version": env!("CARGO_PKG_VERSION")})),
    ] {
        assert_eq!(relay.send("nonsense", path, "nonsense").await, expected, "{path}");
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn the_watchdog_echoes() {
    let relay = TestRelay::open().await;
    let incoming = Incoming {
        method: Method::GET,
        path: "/watchdog".to_owned(),
        headers: [("health-check".parse().unwrap(), "here".parse().unwrap())].into_iter().collect(),
        body: Default::default(),
        gateway: Gateway::default(),
        request_id: "request-1".to_owned(),
        deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(5),
    };
    assert_eq!(relay.service.answer(incoming).await.body, r#"{"data":"here"}"#);
}

#[tokio::test]
async fn the_body_is_looked_at_before_the_token() {
    let relay = TestRelay::open().await;
    let answer = relay.send("nonsense", OBSERVE, r#"[{"type":"ip"}]"#).await;
    assert_eq!(codes(&answer), [("fatal", "invalid argument")]);
    assert_eq!(
        message(&answer),
        r#"Invalid JSON payload received. {"0": {"value": ["Missing data for required field."]}}"#
    );
    let answer = relay.send("nonsense", OBSERVE, "[]").await;
    assert_eq!(codes(&answer), [("fatal", "authorization error")]);
}

#[tokio::test]
async fn no_observables_are_a_valid_question() {
    let relay = TestRelay::open().await;
    assert_eq!(relay.observe(&json!([])).await, json!({"data": {}}));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn nothing_is_asked_about_what_cannot_be_found() {
    let relay = TestRelay::open().await;
    let wanted = json!([
        {"type": "email", "value": "mara@contoso.example"},
        {"type": "unheard_of", "value": "x"},
        {"type": "md5", "value": "no hash"},
        {"type": "ip", "value": "203.0.113.300"},
        {"type": "ipv6", "value": ADDRESS},
        {"type": "file_name", "value": "line\nend"},
        {"type": "domain", "value": "..."},
    ]);
    assert_eq!(relay.observe(&wanted).await, json!({"data": {}}));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn c09_i08_a_token_without_sound_credentials_asks_nobody() {
    let relay = TestRelay::open().await;
    for (claim, odd) in [
        ("application_id", json!("")),
        ("application_id", json!(null)),
        ("client_secret", json!("")),
        ("client_secret", json!(7)),
        ("tenant_id", json!("../common")),
        ("tenant_id", json!("a/b?c#d")),
        ("tenant_id", json!("..")),
    ] {
        let mut claims = contoso();
        claims[claim] = odd.clone();
        let answer = relay.ask_with(claims, OBSERVE, &one("ip", ADDRESS)).await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")], "{claim} {odd}");
        assert!(answer["data"].is_null());
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn i12_values_come_back_as_they_were_asked() {
    let relay = TestRelay::open().await;
    let wanted = json!([{"type": "IP", "value": " 203.0.113.80 "}, {"type": "Domain", "value": "CDN.Contoso-Files.Example."}]);
    let answer = relay.send(&bearer(contoso()), OBSERVE, &wanted.to_string()).await;
    let asked: Vec<_> = crate::test_relay::sightings(&answer)
        .iter()
        .map(|sighting| sighting["observables"][0].clone())
        .collect();
    assert!(asked.contains(&json!({"type": "ip", "value": " 203.0.113.80 "})));
    assert!(asked.contains(&json!({"type": "domain", "value": "CDN.Contoso-Files.Example."})));
}
