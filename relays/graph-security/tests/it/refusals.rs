//! Failures of requests to Microsoft, and the errors in the answer.
//! docs/relays/graph-security.md#errors

mod routes;

use std::{net::TcpListener, time::Duration};

use relay_core::Route;
use sandbox::{
    Fault, Times, When,
    identity::{app, tenant},
};
use serde_json::{Value, json};
use testkit::Answer;

use crate::test_relay::{ADDRESS, BATCH, HUNT, SHA256, TestRelay, claims, contoso, one, sightings};

const LOGIN: &str = "/a4c123b1-612d-4272-a137-1c17149d4395/oauth2/v2.0/token";

/// Returns the answer when requests to `path` always meet `fault`.
async fn failed(path: &str, fault: Fault) -> Answer {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(path, fault, Times::Always);
    let answer = relay.ask(Route::Observe, &one("ip", ADDRESS)).await;
    assert!(answer["data"].is_null(), "{answer:?}");
    answer
}

async fn check(path: &str, fault: Fault, code: &str) -> String {
    let answer = failed(path, fault).await;
    assert_eq!(answer.errors(), [("fatal", code)]);
    answer.message().to_owned()
}

fn login_error(status: u16, words: &str) -> Fault {
    Fault::json(status, &json!({"error": "invalid_client", "error_description": words}))
}

fn graph_error(status: u16, words: &str) -> Fault {
    let error = json!({"code": "Some", "message": words, "innerError": {"request-id": "1"}});
    Fault::json(status, &json!({"error": error}))
}

#[tokio::test(start_paused = true)]
async fn refused_logins_are_authorization_errors_with_microsofts_message() {
    let relay = TestRelay::open().await;
    let mut wrong_secret = contoso();
    wrong_secret["client_secret"] = json!("wrong");
    let mut unknown_tenant = contoso();
    unknown_tenant["tenant_id"] = json!("00000000-0000-4000-8000-000000000000");
    let expired = claims(&app::EXPIRED_SECRET, &tenant::CONTOSO);
    let elsewhere = claims(&app::FABRIKAM_ONLY, &tenant::CONTOSO);
    for (claims, words) in [
        (wrong_secret, "AADSTS7000215"),
        (unknown_tenant, "AADSTS90002"),
        (expired, "AADSTS7000222"),
        (elsewhere, "AADSTS700016"),
    ] {
        let answer = relay.observe_with(claims, &one("ip", ADDRESS)).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")]);
        assert!(answer.message().starts_with("Authorization failed: "), "{answer:?}");
        assert!(answer.message().contains(words), "{answer:?}");
    }
    assert_eq!(relay.counts()[1], 0);
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_login_decides_its_code() {
    for (status, code) in
        [(400, "authorization error"), (401, "authorization error"), (403, "permission denied")]
    {
        let text = check(LOGIN, login_error(status, "because"), code).await;
        assert_eq!(text, "Authorization failed: because");
    }
    check(LOGIN, login_error(500, "because"), "unknown").await;
    let text = check(LOGIN, login_error(404, "x"), "authorization error").await;
    assert!(text.contains("tenant_id"), "{text}");
    check(LOGIN, Fault::TooManyRequests { retry_after: None }, "too many requests").await;
    check(LOGIN, Fault::status(503), "service unavailable").await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_stays_refused_is_an_authorization_error() {
    let text = check(BATCH, graph_error(401, "no token"), "authorization error").await;
    assert_eq!(text, "Authorization failed: no token");
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    relay.sandbox.forget_calls();
    relay.sandbox.fault(BATCH, graph_error(401, "no token"), Times::Always);
    relay.ask(Route::Observe, &one("ip", ADDRESS)).await;
    assert_eq!(relay.counts(), [1, 2, 0], "one login and one request more");
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_batch_decides_its_code() {
    for (status, code, quoted) in [
        (400, "invalid argument", true),
        (403, "permission denied", true),
        (404, "not found", true),
        (500, "unknown", true),
        (502, "service unavailable", false),
        (503, "service unavailable", false),
        (504, "service unavailable", false),
        (405, "unknown", true),
        (409, "unknown", true),
        (410, "not found", true),
        (422, "unknown", true),
        (501, "unknown", true),
    ] {
        let text = check(BATCH, graph_error(status, "because"), code).await;
        assert!(text.contains("Microsoft Graph Security"), "{status} {text}");
        assert_eq!(text.contains("because"), quoted, "{status} {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_form_of_the_login_is_understood_too() {
    let fault = Fault::json(400, &json!({"error": "bad", "error_description": "because"}));
    assert!(check(BATCH, fault, "invalid argument").await.ends_with(": because"));
}

#[tokio::test(start_paused = true)]
async fn n10_a_used_up_quota_names_the_wait() {
    let fault = Fault::TooManyRequests { retry_after: Some("3600".into()) };
    assert!(check(BATCH, fault, "too many requests").await.contains("3600 seconds"));
    let relay = TestRelay::open().await;
    let short = Fault::TooManyRequests { retry_after: Some("0".into()) };
    relay.sandbox.fault(BATCH, short, Times::Next(1));
    assert_eq!(sightings(&relay.observe(&one("ip", ADDRESS)).await).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named() {
    let relay = TestRelay::open().await;
    let legacy = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    for (relay, app, permission) in [
        (&relay, &app::WITHOUT_ALERTS, "SecurityAlert.Read.All"),
        (&legacy, &app::WITHOUT_GRAPH, "SecurityEvents.Read.All"),
    ] {
        let answer = relay.observe_with(claims(app, &tenant::CONTOSO), &one("ip", ADDRESS)).await;
        assert_eq!(answer.errors(), [("fatal", "permission denied")]);
        assert!(answer.message().contains(permission), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_hunting_query_decides_its_code() {
    for (fault, code) in [
        (graph_error(400, "semantic error"), "invalid argument"),
        (graph_error(500, "boom"), "unknown"),
        (Fault::status(504), "service unavailable"),
        (Fault::TooManyRequests { retry_after: Some("900".into()) }, "too many requests"),
        (Fault::Html, "unknown"),
    ] {
        let relay = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
        relay.sandbox.fault(HUNT, fault, Times::Always);
        let answer = relay.ask(Route::Observe, &one("ip", ADDRESS)).await;
        assert_eq!(answer.errors(), [("fatal", code)]);
    }
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Incomplete records.
#[tokio::test(start_paused = true)]
async fn n16_a_body_that_is_no_json_is_an_error_too() {
    for path in [LOGIN, BATCH] {
        for fault in [Fault::Html, Fault::Empty, Fault::Malformed] {
            let text = check(path, fault, "unknown").await;
            assert!(!text.contains('<'), "{text}");
        }
        for status in [400, 403, 500, 503] {
            let headers = vec![("Retry-After".to_owned(), "0".to_owned())];
            let body = "<html><body>Gateway</body></html>".to_owned();
            let answer = failed(path, Fault::Status { code: status, headers, body }).await;
            assert!(!answer.message().contains('<'), "{answer:?}");
        }
    }
    let nothing = Fault::json(200, &json!({}));
    check(BATCH, nothing, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn n01_redirects_are_not_followed() {
    let fault = Fault::Redirect { to: "http://127.0.0.1:9/".into(), code: 307 };
    check(LOGIN, fault.clone(), "unknown").await;
    check(BATCH, fault, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn n03_connections_that_break_are_connection_errors() {
    for fault in [Fault::ResetBeforeAnswer, Fault::ResetInBody] {
        check(BATCH, fault, "connection error").await;
    }
}

#[tokio::test(start_paused = true)]
async fn n06_n07_responses_without_end_are_cut() {
    for fault in [Fault::Huge { bytes: u64::MAX }, Fault::GzipBomb { bytes: 64 << 20 }] {
        check(BATCH, fault, "unknown").await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_host_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    for setting in ["GRAPH_BASE_URL", "LOGIN_BASE_URL"] {
        let relay = TestRelay::with(&[(setting, &url)]).await;
        let answer = relay.ask(Route::Observe, &one("ip", ADDRESS)).await;
        assert_eq!(answer.errors(), [("fatal", "connection error")]);
        assert!(answer.message().contains(&url), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n05_alerts_that_arrived_before_the_deadline_are_answered() {
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    let observables: Value = [("sha256", SHA256.to_owned())]
        .into_iter()
        .chain((1..20).map(|n| ("ip", format!("192.0.2.{n}"))))
        .chain([("ip", ADDRESS.to_owned())])
        .map(|(kind, value)| json!({"type": kind, "value": value}))
        .collect();
    let second = When::path(BATCH).mentioning(ADDRESS);
    relay.sandbox.fault(second, Fault::SlowHeaders, Times::Always);
    let time = Duration::from_millis(1500);
    let answer = relay.within(time).ask(Route::Observe, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "connection error")]);
    assert_eq!(sightings(&answer).len(), 4, "the hash was in the other batch");
}

#[tokio::test(start_paused = true)]
async fn n17_h14_secrets_in_microsofts_messages_are_redacted() {
    let secret = app::GRAPH.secret;
    for path in [LOGIN, BATCH] {
        let words = format!("no secret is {secret}");
        let fault = if path == LOGIN { login_error(401, &words) } else { graph_error(500, &words) };
        let text = failed(path, fault).await.to_string();
        assert!(text.contains("no secret is") && !text.contains(secret), "{text}");
    }
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    let token = relay.calls(BATCH)[0].authorization().unwrap()["Bearer ".len()..].to_owned();
    relay.sandbox.fault(BATCH, graph_error(500, &format!("seen {token}")), Times::Always);
    let text = relay.ask(Route::Observe, &one("ip", ADDRESS)).await.to_string();
    assert!(text.contains("seen") && !text.contains(&token), "{text}");
}
