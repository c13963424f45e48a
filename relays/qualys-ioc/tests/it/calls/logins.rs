//! The login: form, cache, renewal, errors. Specification: docs/relays/qualys-ioc.md#login.

use futures::future::join_all;
use http::Method;
use sandbox::{
    Fault, Times,
    qualys_ioc::{
        ACCOUNT, AUTH_PATH, AWKWARD_PASSWORD, Account, OUTDATED_TOKENS, SINGLE_USE_TOKENS,
    },
};
use serde_json::json;

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, codes, count, message, one};

#[tokio::test]
async fn i09_every_character_of_a_password_arrives() {
    let relay = TestRelay::open().await;
    let answer = relay.ask_as(AWKWARD_PASSWORD, OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!((codes(&answer), count(&answer, "sightings")), (vec![], 1));
}

#[tokio::test]
async fn the_form_is_the_documented_one() {
    let relay = TestRelay::open().await;
    relay.ask("/health", &json!({})).await;
    let login = &relay.logins()[0];
    assert_eq!(login.method, Method::POST);
    assert_eq!(login.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(login.authorization(), None);
    let body = std::str::from_utf8(&login.body).unwrap();
    assert_eq!(body, "username=relay_api&password=p%40ss%26word%25+1&token=true");
}

#[tokio::test]
async fn k17_concurrent_calls_share_one_login() {
    let relay = TestRelay::open().await;
    let observables = one("sha256", DROPPED);
    let answers = join_all((0..10).map(|_| relay.ask(OBSERVE, &observables))).await;
    assert!(answers.iter().all(|answer| count(answer, "sightings") == 1));
    assert_eq!(relay.logins().len(), 1);
}

#[tokio::test]
async fn s03_a_rejected_cached_token_costs_one_login_and_one_retry() {
    let relay = TestRelay::open().await;
    for _ in 0..2 {
        let answer = relay.ask_as(SINGLE_USE_TOKENS, "/health", &json!({})).await;
        assert_eq!(answer, json!({"data": {"status": "ok"}}));
    }
    assert_eq!((relay.logins().len(), relay.searches().len()), (2, 3));
}

#[tokio::test]
async fn a_rejected_fresh_token_is_an_authorization_error() {
    let relay = TestRelay::open().await;
    let answer = relay.ask_as(OUTDATED_TOKENS, "/health", &json!({})).await;
    assert_eq!(codes(&answer), [("fatal", "authorization error")]);
    assert_eq!(message(&answer), "Authorization failed: The token has expired");
    assert_eq!((relay.logins().len(), relay.searches().len()), (1, 1));
}

#[tokio::test]
async fn tokens_that_are_always_rejected_cause_no_loop() {
    let relay = TestRelay::open().await;
    let observables = json!(
        (1..=20)
            .map(|host| json!({"type": "ip", "value": format!("198.51.100.{host}")}))
            .collect::<Vec<_>>()
    );
    let answer = relay.ask_as(OUTDATED_TOKENS, OBSERVE, &observables).await;
    assert_eq!(codes(&answer), [("fatal", "authorization error")]);
    assert!(relay.logins().len() <= 2, "{}", relay.logins().len());
    assert!(relay.searches().len() <= 4, "{}", relay.searches().len());
}

#[tokio::test]
async fn wrong_passwords_and_unknown_users_are_reported_as_the_gateway_words_them() {
    let relay = TestRelay::open().await;
    for (account, words) in [
        (Account { password: "wrong", ..ACCOUNT }, "Bad credentials"),
        (Account { username: "nobody", ..ACCOUNT }, "AccountNotFoundException"),
    ] {
        relay.sandbox.forget_calls();
        let observables =
            json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]);
        let answer = relay.ask_as(account, OBSERVE, &observables).await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")]);
        assert_eq!(message(&answer), format!("Authorization failed: {words}"));
        assert_eq!(answer.get("data"), None);
        assert_eq!((relay.logins().len(), relay.searches().len()), (1, 0));
    }
}

/// Asserts that a login with this fault ends the call: one error, one login, no search.
async fn check(fault: Fault, code: &str) {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(AUTH_PATH, fault.clone(), Times::Always);
    let observables =
        json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(codes(&answer), [("fatal", code)], "{fault:?}");
    assert_eq!((relay.logins().len(), relay.searches().len()), (1, 0), "{fault:?}");
}

fn text(code: u16, body: &str) -> Fault {
    Fault::Status { code, headers: Vec::new(), body: body.to_owned() }
}

#[tokio::test]
async fn status_400_of_the_login_is_no_authorization_error() {
    check(Fault::json(400, &json!({"message": "token is missing"})), "invalid argument").await;
}

#[tokio::test]
async fn status_401_of_the_login_without_message() {
    check(Fault::status(401), "authorization error").await;
    check(text(401, "denied"), "authorization error").await;
    check(text(401, "<html>Sign in</html>"), "authorization error").await;
}

#[tokio::test]
async fn other_errors_of_the_login() {
    check(Fault::status(403), "permission denied").await;
    check(Fault::status(404), "not found").await;
    check(Fault::status(409), "too many requests").await;
    check(Fault::TooManyRequests { retry_after: Some("3600".into()) }, "too many requests").await;
    check(Fault::status(500), "unknown").await;
    check(Fault::Redirect { to: "https://evil.example/".into(), code: 302 }, "unknown").await;
}

#[tokio::test]
async fn n16_a_login_response_without_token() {
    for body in ["", "  \n", "two words", "e.y.J\u{e9}"] {
        check(text(201, body), "unknown").await;
    }
    check(Fault::Html, "unknown").await;
    check(Fault::Huge { bytes: 1 << 20 }, "unknown").await;
}

#[tokio::test]
async fn a_login_response_without_token_is_not_quoted() {
    let relay = TestRelay::open().await;
    relay.sandbox.fault(AUTH_PATH, text(200, "token: marker-7"), Times::Always);
    let answer = relay.ask("/health", &json!({})).await;
    assert!(!answer.to_string().contains("marker-7"), "{answer}");
}

#[tokio::test]
async fn n17_the_password_is_redacted_from_answers() {
    let relay = TestRelay::open().await;
    let echo = format!("no such password: {}", ACCOUNT.password);
    relay.sandbox.fault(AUTH_PATH, Fault::json(401, &json!({"message": echo})), Times::Always);
    let answer = relay.ask("/health", &json!({})).await;
    assert!(!answer.to_string().contains(ACCOUNT.password), "{answer}");
    assert!(message(&answer).contains("no such password"));
}

#[tokio::test]
async fn c09_a_number_is_a_password_and_a_list_is_not() {
    let relay = TestRelay::open().await;
    let mut with_number = claims(ACCOUNT);
    with_number["pass"] = json!(12345);
    relay.ask_with(with_number, "/health", &json!({})).await;
    let sent = relay.logins()[0].body.clone();
    assert_eq!(sent, "username=relay_api&password=12345&token=true");
    relay.sandbox.forget_calls();
    for value in [json!(null), json!(""), json!(["p"]), json!({"p": 1}), json!(true)] {
        for claim in ["user", "pass"] {
            let mut claims = claims(ACCOUNT);
            claims[claim] = value.clone();
            let answer = relay.ask_with(claims, "/health", &json!({})).await;
            assert_eq!(codes(&answer), [("fatal", "authorization error")], "{claim} {value}");
        }
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}
