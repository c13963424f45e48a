//! Errors of MISP's responses, docs/relays/misp.md#errors.

mod hosts;
mod partial;
mod settings;

use std::sync::Arc;

use sandbox::{
    Fault, Sandbox, Times, When,
    misp::{API_KEY, NO_SEARCH_KEY, faults},
};
use serde_json::json;
use testkit::Answer;
use tokio::net::TcpListener;

use crate::test_relay::{
    MispAnswer, MispRelay, responses::SEARCH, start, start_before, start_sandbox,
};

const OBSERVABLES: &[(&str, &str)] = &[("domain", "bad.example")];

/// The answer when every search fails like this, and the number of requests.
async fn failing(fault: Fault) -> (Answer, usize) {
    let sandbox = start_sandbox().await;
    sandbox.fault(SEARCH, fault, Times::Always);
    let answer = start_before(&sandbox).await.observe(OBSERVABLES).await;
    (answer, sandbox.calls().len())
}

/// MISP's own error, with its message.
fn refusal(status: u16, message: &str) -> Fault {
    let body = json!({"name": message, "message": message, "url": SEARCH});
    Fault::json(status, &body)
}

/// An error that allows a retry at once, so that the retry takes no time.
fn passing(status: u16) -> Fault {
    let headers = vec![("retry-after".to_owned(), "0".to_owned())];
    Fault::Status { code: status, headers, body: String::new() }
}

#[tokio::test(start_paused = true)]
async fn n15_every_status_has_its_code() {
    const NO_KEY: &str = "Authentication failed. Please make sure you pass the API key of an API \
        enabled user along in the Authorization header.";
    for (status, message, code) in [
        (403, NO_KEY, "authorization error"),
        (401, "Not allowed", "permission denied"),
        (403, "You do not have permission to use this functionality.", "permission denied"),
        (405, "API searches are not allowed for this user role.", "permission denied"),
        (404, "Not Found", "not found"),
        (400, "Invalid JSON input", "invalid argument"),
        (500, "An Internal Error Has Occurred.", "unknown"),
        (501, "Not Implemented", "unknown"),
    ] {
        let (answer, calls) = failing(refusal(status, message)).await;
        answer.assert_fatal(code);
        assert_eq!(calls, 1, "{status}");
        assert!(answer.message().contains(message), "{}", answer.message());
    }
}

#[tokio::test(start_paused = true)]
async fn keys_and_roles_without_rights_are_errors() {
    let relay = start().await;
    relay
        .with_claim("AuthKey", "wrong")
        .observe(OBSERVABLES)
        .await
        .assert_fatal("authorization error");
    relay.with_claim("AuthKey", "wrong").health().await.assert_fatal("authorization error");
    let no_search = relay.with_claim("AuthKey", NO_SEARCH_KEY);
    no_search.observe(OBSERVABLES).await.assert_fatal("permission denied");
    no_search.deliberate(OBSERVABLES).await.assert_fatal("permission denied");
    let health = no_search.health().await;
    health.assert_fatal("permission denied");
    assert!(health.message().contains("API searches are not allowed"), "{}", health.message());
}

#[tokio::test(start_paused = true)]
async fn the_message_may_stand_under_three_names() {
    for body in [
        json!({"message": "Role says no", "name": "other"}),
        json!({"name": "Role says no"}),
        json!({"errors": "Role says no"}),
        json!({"message": null, "errors": "Role says no"}),
        json!({"message": "", "name": 7.5, "errors": ["Role says no"]}),
        json!(["Role says no"]),
    ] {
        let (answer, _) = failing(Fault::json(401, &body)).await;
        answer.assert_fatal("permission denied");
        let shown = answer.message();
        assert!(shown.contains("Role says no") || shown.contains("7.5"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn n12_gateway_errors_are_retried_once() {
    for status in [502, 503, 504] {
        let (answer, calls) = failing(passing(status)).await;
        answer.assert_fatal("service unavailable");
        assert_eq!(calls, 2, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_error_that_passes_leaves_no_trace() {
    let sandbox = start_sandbox().await;
    sandbox.fault(SEARCH, passing(503), Times::Next(1));
    let answer = start_before(&sandbox).await.observe(OBSERVABLES).await;
    assert_eq!((answer.found(), answer.errors()), (vec!["bad.example"], vec![]));
    assert_eq!(sandbox.calls().len(), 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn n10_a_used_up_quota_is_named_with_its_reset() {
    let (answer, calls) = failing(faults::role_quota_used_up(870)).await;
    answer.assert_fatal("too many requests");
    assert!(answer.message().contains("870 seconds"), "{}", answer.message());
    assert_eq!(calls, 1);
    let (answer, calls) = failing(Fault::TooManyRequests { retry_after: None }).await;
    answer.assert_fatal("too many requests");
    assert_eq!(calls, 1);
    let (answer, calls) = failing(Fault::TooManyRequests { retry_after: Some("900".into()) }).await;
    assert!(answer.message().contains("900 seconds"), "{}", answer.message());
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn n10_a_short_wait_is_waited_once() {
    let sandbox = start_sandbox().await;
    let fault = Fault::TooManyRequests { retry_after: Some("0".into()) };
    sandbox.fault(SEARCH, fault.clone(), Times::Next(1));
    let answer = start_before(&sandbox).await.observe(OBSERVABLES).await;
    assert_eq!((answer.found(), answer.errors()), (vec!["bad.example"], vec![]));
    let (answer, calls) = failing(fault).await;
    answer.assert_fatal("too many requests");
    assert_eq!(calls, 2);
}

#[tokio::test(start_paused = true)]
async fn n01_redirects_are_named_and_not_followed() {
    let other = start_sandbox().await;
    for code in [301, 302, 303, 307, 308] {
        let to = format!("{}{SEARCH}", other.url());
        let (answer, calls) = failing(Fault::Redirect { to, code }).await;
        answer.assert_fatal("unknown");
        assert!(answer.message().contains("127.0.0.1"), "{}", answer.message());
        assert_eq!((calls, other.calls().len()), (1, 0), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn n16_responses_that_are_not_misps_are_unknown() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let text = |body: &str| Fault::Status { code: 200, headers: Vec::new(), body: body.to_owned() };
    for fault in [
        Fault::Html,
        Fault::Empty,
        Fault::Malformed,
        Fault::status(204),
        text("null"),
        text("[]"),
        text("[[]]"),
        text(r#"{"response": [[]]}"#),
        text("{}"),
        text(r#"{"response": null}"#),
        text(r#"{"response": {}}"#),
        text(r#"{"response": {"Attribute": null}}"#),
        text(r#"{"response": {"Attribute": "none"}}"#),
        text(r#"{"response": [{"Event": {}}]}"#),
        text(r#"{"errors": "Something"}"#),
        text("\u{feff}{}"),
        text(&deep),
        text("{\"response\": {\"Attribute\": [1e999999]"),
        Fault::Huge { bytes: 9 * 1024 * 1024 },
        Fault::GzipBomb { bytes: 64 * 1024 * 1024 },
    ] {
        let (answer, calls) = failing(fault.clone()).await;
        answer.assert_fatal("unknown");
        assert!(calls <= 2, "{fault:?}");
        assert!(!answer.message().contains(['<', '\n']), "{}", answer.message());
        assert!(answer.message().chars().count() < 300, "{}", answer.message());
    }
}

#[tokio::test(start_paused = true)]
async fn n03_broken_connections_are_connection_errors() {
    let (answer, calls) = failing(Fault::ResetBeforeAnswer).await;
    answer.assert_fatal("connection error");
    assert_eq!(calls, 2);
    let (answer, calls) = failing(Fault::ResetInBody).await;
    answer.assert_fatal("connection error");
    assert_eq!(calls, 1);
}

#[tokio::test(start_paused = true)]
async fn n03_a_closed_port_is_a_connection_error_that_names_the_host() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/misp");
    let relay = MispRelay::start().leading_to(url).await;
    for answer in [
        relay.health().await,
        relay.observe(OBSERVABLES).await,
        relay.deliberate(OBSERVABLES).await,
    ] {
        answer.assert_fatal("connection error");
        assert!(answer.message().contains(&closed.to_string()), "{}", answer.message());
    }
}

#[tokio::test(start_paused = true)]
async fn n17_a_key_in_a_response_is_redacted() {
    let (answer, _) = failing(refusal(403, &format!("The key {API_KEY} is not known"))).await;
    answer.assert_fatal("permission denied");
    assert!(!answer.message().contains(API_KEY), "{}", answer.message());
    let (answer, _) = failing(Fault::json(200, &json!({"key": API_KEY}))).await;
    assert!(!answer.message().contains(API_KEY), "{}", answer.message());
}

#[tokio::test(start_paused = true)]
async fn i13_control_characters_stay_out_of_messages() {
    let (answer, _) = failing(refusal(401, "a\nb\u{1b}[31mc\0d")).await;
    assert!(!answer.message().contains(char::is_control), "{:?}", answer.message());
    let (answer, _) = failing(refusal(401, &"long ".repeat(1000))).await;
    assert!(answer.message().chars().count() < 300);
}

async fn health_with(fault: Fault) -> (Answer, Arc<Sandbox>) {
    let sandbox = start_sandbox().await;
    sandbox.fault("/servers/getVersion", fault, Times::Always);
    (start_before(&sandbox).await.health().await, sandbox)
}

#[tokio::test(start_paused = true)]
async fn health_reports_the_same_errors() {
    for (fault, code) in [
        (refusal(401, "no"), "permission denied"),
        (refusal(404, "Not Found"), "not found"),
        (refusal(405, "no"), "permission denied"),
        (faults::role_quota_used_up(1), "too many requests"),
        (refusal(500, "oops"), "unknown"),
        (passing(502), "service unavailable"),
        (Fault::Html, "unknown"),
        (Fault::Empty, "unknown"),
        (Fault::json(200, &json!({})), "unknown"),
        (Fault::json(200, &json!({"version": null})), "unknown"),
        (Fault::Redirect { to: "https://other.example/".into(), code: 301 }, "unknown"),
        (Fault::ResetInBody, "connection error"),
    ] {
        let (answer, sandbox) = health_with(fault.clone()).await;
        answer.assert_fatal(code);
        assert!(sandbox.calls().len() <= 3, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_elsewhere_does_not_touch_health() {
    let sandbox = start_sandbox().await;
    sandbox.fault(When::path(SEARCH), Fault::status(500), Times::Always);
    let answer = start_before(&sandbox).await.health().await;
    assert_eq!(answer, json!({"data": {"status": "ok"}}));
    let calls = sandbox.calls();
    assert_eq!(calls.len(), 2);
    let version = calls.iter().find(|call| call.path == "/servers/getVersion").unwrap();
    assert!(version.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn maintenance_is_told_from_a_wrong_host() {
    for (to, code, text) in [
        ("/users/login", "service unavailable", "under maintenance"),
        ("/misp/users/login?from=/", "service unavailable", "under maintenance"),
        ("http://:8080/users/login", "service unavailable", "MISP is under maintenance"),
        (
            "https://other.example/users/login",
            "service unavailable",
            "the login page of other.example: it is under maintenance, or HOST",
        ),
        ("https://other.example/attributes/restSearch", "unknown", "redirects to other.example"),
        ("https://127.0.0.1/", "unknown", "check scheme and host"),
    ] {
        let (answer, _) = failing(Fault::Redirect { to: to.into(), code: 302 }).await;
        answer.assert_fatal(code);
        assert!(answer.message().contains(text), "{}", answer.message());
    }
}
