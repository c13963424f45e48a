//! Routes without requests to Microsoft, and bodies and tokens that are refused.
//! docs/relays/graph-security.md#product

use http::HeaderName;
use relay_core::Route;
use serde_json::json;
use testkit::TestRequest;

use crate::test_relay::{ADDRESS, TestRelay, contoso, one, sightings};

#[tokio::test(start_paused = true)]
async fn disabled_routes_need_neither_token_nor_body() {
    let relay = TestRelay::open().await;
    for (route, expected) in [
        (Route::Refer, json!({"data": []})),
        (Route::Respond, json!({"data": []})),
        (Route::Trigger, json!({"data": {"status": "failure"}})),
    ] {
        let request = TestRequest::bare(route).body("nonsense");
        assert_eq!(relay.send(request).await, expected, "{route:?}");
    }
    let version = relay.send_unchecked(TestRequest::bare(Route::Version)).await.json();
    assert_eq!(version, concat!(r#"{"version":""#, env!("CARGO_PKG_VERSION"), r#""}"#));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_returns_its_header() {
    let relay = TestRelay::open().await;
    let request = TestRequest::bare(Route::Watchdog);
    let request = request.header(HeaderName::from_static("health-check"), "here");
    assert_eq!(relay.send(request).await, json!({"data": "here"}));
}

#[tokio::test(start_paused = true)]
async fn the_body_is_read_before_the_token() {
    let relay = TestRelay::open().await;
    for route in [Route::Observe, Route::Deliberate] {
        let request = TestRequest::bare(route);
        let answer = relay.send(request.clone().body(r#"[{"type":"ip"}]"#)).await;
        assert_eq!(answer.errors(), [("fatal", "invalid argument")]);
        assert_eq!(
            answer.message(),
            r#"Invalid JSON payload received. {"0": {"value": ["Missing data for required field."]}}"#
        );
        let answer = relay.send(request.body("[]")).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_of_observables_is_valid() {
    let relay = TestRelay::open().await;
    assert_eq!(relay.observe(&json!([])).await, json!({"data": {}}));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_request_is_sent_about_values_that_no_alert_can_hold() {
    let relay = TestRelay::open().await;
    let observables = json!([
        {"type": "user", "value": "mara"},
        {"type": "unheard_of", "value": "x"},
        {"type": "md5", "value": "no hash"},
        {"type": "ip", "value": "203.0.113.300"},
        {"type": "ipv6", "value": ADDRESS},
        {"type": "file_name", "value": "line\nend"},
        {"type": "domain", "value": "..."},
    ]);
    assert_eq!(relay.observe(&observables).await, json!({"data": {}}));
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn c09_i08_a_token_without_valid_credentials_causes_no_request() {
    let relay = TestRelay::open().await;
    for (claim, malformed) in [
        ("application_id", json!("")),
        ("application_id", json!(null)),
        ("client_secret", json!("")),
        ("client_secret", json!(7)),
        ("tenant_id", json!("../common")),
        ("tenant_id", json!("a/b?c#d")),
        ("tenant_id", json!("..")),
    ] {
        let mut claims = contoso();
        claims[claim] = malformed.clone();
        let answer = relay.observe_with(claims, &one("ip", ADDRESS)).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")], "{claim} {malformed}");
        assert!(answer["data"].is_null());
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn i12_values_come_back_in_the_spelling_of_the_caller() {
    let relay = TestRelay::open().await;
    let observables = json!([{"type": "IP", "value": " 203.0.113.80 "}, {"type": "Domain", "value": "CDN.Contoso-Files.Example."}]);
    let answer = relay.observe(&observables).await;
    let found: Vec<_> =
        sightings(&answer).iter().map(|sighting| sighting["observables"][0].clone()).collect();
    assert!(found.contains(&json!({"type": "ip", "value": " 203.0.113.80 "})));
    assert!(found.contains(&json!({"type": "domain", "value": "CDN.Contoso-Files.Example."})));
}
