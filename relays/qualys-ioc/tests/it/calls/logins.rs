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

use crate::test_relay::{DROPPED, OBSERVE, TestRelay, claims, logins, one, searches};

#[tokio::test(start_paused = true)]
async fn i09_every_character_of_a_password_arrives() {
    let relay = TestRelay::start().await;
    let answer =
        relay.with_claims(claims(AWKWARD_PASSWORD)).ask(OBSERVE, &one("sha256", DROPPED)).await;
    assert_eq!((answer.errors(), answer.docs("sightings").len()), (vec![], 1));
}

#[tokio::test(start_paused = true)]
async fn the_form_is_the_documented_one() {
    let relay = TestRelay::start().await;
    relay.health().await;
    let login = &logins(&relay)[0];
    assert_eq!(login.method, Method::POST);
    assert_eq!(login.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(login.authorization(), None);
    let body = std::str::from_utf8(&login.body).unwrap();
    assert_eq!(body, "username=relay_api&password=p%40ss%26word%25+1&token=true");
}

#[tokio::test(start_paused = true)]
async fn k17_concurrent_calls_share_one_login() {
    let relay = TestRelay::start().await;
    let observables = one("sha256", DROPPED);
    let answers = join_all((0..10).map(|_| relay.ask(OBSERVE, &observables))).await;
    assert!(answers.iter().all(|answer| answer.docs("sightings").len() == 1));
    assert_eq!(logins(&relay).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn s03_a_rejected_cached_token_costs_one_login_and_one_retry() {
    let relay = TestRelay::start().await;
    for _ in 0..2 {
        let answer = relay.with_claims(claims(SINGLE_USE_TOKENS)).health().await;
        answer.assert_healthy();
    }
    assert_eq!((logins(&relay).len(), searches(&relay).len()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_fresh_token_is_an_authorization_error() {
    let relay = TestRelay::start().await;
    let answer = relay.with_claims(claims(OUTDATED_TOKENS)).health().await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    assert_eq!(answer.message(), "Authorization failed: The token has expired");
    // Once more with another token, because a product may not know a new one yet.
    assert_eq!((logins(&relay).len(), searches(&relay).len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_always_rejected_cause_no_loop() {
    let relay = TestRelay::start().await;
    let observables = json!(
        (1..=20)
            .map(|host| json!({"type": "ip", "value": format!("198.51.100.{host}")}))
            .collect::<Vec<_>>()
    );
    let answer = relay.with_claims(claims(OUTDATED_TOKENS)).ask(OBSERVE, &observables).await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    assert!(logins(&relay).len() <= 2, "{}", logins(&relay).len());
    assert!(searches(&relay).len() <= 4, "{}", searches(&relay).len());
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_and_unknown_users_are_reported_as_the_gateway_words_them() {
    let relay = TestRelay::start().await;
    for (account, words) in [
        (Account { password: "wrong", ..ACCOUNT }, "Bad credentials"),
        (Account { username: "nobody", ..ACCOUNT }, "AccountNotFoundException"),
    ] {
        relay.sandbox.forget_calls();
        let observables =
            json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]);
        let answer = relay.with_claims(claims(account)).ask(OBSERVE, &observables).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")]);
        assert_eq!(answer.message(), format!("Authorization failed: {words}"));
        assert_eq!(answer.get("data"), None);
        assert_eq!((logins(&relay).len(), searches(&relay).len()), (1, 0));
    }
}

/// Asserts that a login with this fault ends the call: one error, one login, no search.
async fn check(fault: Fault, code: &str) {
    let relay = TestRelay::start().await;
    relay.sandbox.fault(AUTH_PATH, fault.clone(), Times::Always);
    let observables =
        json!([{"type": "sha256", "value": DROPPED}, {"type": "ip", "value": "203.0.113.77"}]);
    let answer = relay.ask(OBSERVE, &observables).await;
    assert_eq!(answer.errors(), [("fatal", code)], "{fault:?}");
    assert_eq!((logins(&relay).len(), searches(&relay).len()), (1, 0), "{fault:?}");
}

fn text(code: u16, body: &str) -> Fault {
    Fault::Status { code, headers: Vec::new(), body: body.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn status_400_of_the_login_is_no_authorization_error() {
    check(Fault::json(400, &json!({"message": "token is missing"})), "invalid argument").await;
}

#[tokio::test(start_paused = true)]
async fn status_401_of_the_login_without_message() {
    check(Fault::status(401), "authorization error").await;
    check(text(401, "denied"), "authorization error").await;
    check(text(401, "<html>Sign in</html>"), "authorization error").await;
}

#[tokio::test(start_paused = true)]
async fn other_errors_of_the_login() {
    check(Fault::status(403), "permission denied").await;
    check(Fault::status(404), "not found").await;
    check(Fault::status(409), "too many requests").await;
    check(Fault::TooManyRequests { retry_after: Some("3600".into()) }, "too many requests").await;
    check(Fault::status(500), "unknown").await;
    check(Fault::Redirect { to: "https://evil.example/".into(), code: 302 }, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn n16_a_login_response_without_token() {
    for body in ["", "  \n", "two words", "e.y.J\u{e9}"] {
        check(text(201, body), "unknown").await;
    }
    check(Fault::Html, "unknown").await;
    check(Fault::Huge { bytes: 1 << 20 }, "unknown").await;
}

#[tokio::test(start_paused = true)]
async fn a_login_response_without_token_is_not_quoted() {
    let relay = TestRelay::start().await;
    relay.sandbox.fault(AUTH_PATH, text(200, "token: marker-7"), Times::Always);
    let answer = relay.health().await;
    assert!(!answer.to_string().contains("marker-7"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn n17_the_password_is_redacted_from_answers() {
    let relay = TestRelay::start().await;
    let echo = format!("no such password: {}", ACCOUNT.password);
    relay.sandbox.fault(AUTH_PATH, Fault::json(401, &json!({"message": echo})), Times::Always);
    let answer = relay.health().await;
    assert!(!answer.to_string().contains(ACCOUNT.password), "{answer:?}");
    assert!(answer.message().contains("no such password"));
}

#[tokio::test(start_paused = true)]
async fn c09_a_number_is_a_password_and_a_list_is_not() {
    let relay = TestRelay::start().await;
    let mut with_number = claims(ACCOUNT);
    with_number["pass"] = json!(12345);
    relay.with_claims(with_number).health().await;
    let sent = logins(&relay)[0].body.clone();
    assert_eq!(sent, "username=relay_api&password=12345&token=true");
    relay.sandbox.forget_calls();
    for value in [json!(null), json!(""), json!(["p"]), json!({"p": 1}), json!(true)] {
        for claim in ["user", "pass"] {
            let mut claims = claims(ACCOUNT);
            claims[claim] = value.clone();
            let answer = relay.with_claims(claims).health().await;
            assert_eq!(answer.errors(), [("fatal", "authorization error")], "{claim} {value}");
        }
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}
