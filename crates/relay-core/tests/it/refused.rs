//! Log and metrics tell who refused what: the relay a caller, or the product the credentials. Alarms and queries of
//! relay.yaml rely on it.

use testkit::{captured_logs, token::SECRET};

use crate::{
    fixture::{Fixture, account, hs256},
    test_call::{Answer, TestCall, health, observe, post},
    wire::ScriptedResponse,
};

/// The metrics of `ProductRefused`, `TokensRefused` and `CallersRefused`.
fn counted(answer: &Answer) -> [u64; 3] {
    ["ProductRefused", "TokensRefused", "CallersRefused"].map(|name| answer.metric(name))
}

async fn check(fixture: &Fixture, ask: TestCall, word: &str, expected: [u64; 3]) {
    let lines = captured_logs::listen();
    let answer = fixture.answer(ask).await;
    assert_eq!(counted(&answer), expected, "{word}: {answer:?}");
    assert_eq!(lines.count(&format!("\"refused\":\"{word}\"")), 1, "{word}");
}

#[tokio::test]
async fn a_refused_caller_is_not_taken_for_a_refusing_product() {
    let fixture = Fixture::with(|all| all.with("ALLOWED_SOURCES", "203.0.113.7")).await;
    let from = |ask: TestCall| ask.from(Some("203.0.113.7"));
    let foreign = account().hs256(b"another secret of thirty-two bytes");
    let incomplete = testkit::token::Token::new().hs256(SECRET.as_bytes());
    check(&fixture, health(&hs256()), "address", [0, 0, 1]).await;
    check(&fixture, from(post("/health")), "missing token", [0, 0, 1]).await;
    for token in [foreign, incomplete, "no-token".to_owned()] {
        check(&fixture, from(health(&token)), "token", [0, 1, 1]).await;
    }
}

#[tokio::test]
async fn a_product_that_refuses_credentials_is_counted_whatever_the_status() {
    for (status, word) in [(401, "credentials"), (403, "permission")] {
        let fixture = Fixture::new().await;
        fixture.product.always("/me", ScriptedResponse::body(status, "no"));
        check(&fixture, health(&hs256()), word, [1, 0, 0]).await;
    }
    // A login says what is wrong with a secret that has ended with 400 or 401.
    for status in [400, 401] {
        let fixture = Fixture::new().await;
        let refusal = ScriptedResponse::body(status, r#"{"error":"invalid_client"}"#);
        fixture.product.always("/login", refusal);
        check(&fixture, observe(&hs256(), &["a.test"]), "credentials", [1, 0, 0]).await;
    }
}

#[tokio::test]
async fn other_failures_are_no_refusals() {
    let fixture = Fixture::new().await;
    for status in [429, 500] {
        fixture.product.always("/me", ScriptedResponse::body(status, "no"));
        assert_eq!(counted(&fixture.answer(health(&hs256())).await), [0, 0, 0], "{status}");
    }
    assert_eq!(counted(&fixture.answer(observe(&hs256(), &[])).await), [0, 0, 0]);
}

#[tokio::test]
async fn a_call_is_logged_with_its_token_and_address() {
    let fixture = Fixture::new().await;
    let lines = captured_logs::listen();
    let token = |key: &[u8]| account().claim("jti", "token-7").hs256(key);
    let from = |token: &str| health(token).from(Some("198.51.100.7")).gateway_request("gateway-1");
    fixture.answer(from(&token(SECRET.as_bytes()))).await;
    fixture.answer(from(&token(b"another secret of thirty-two bytes"))).await;
    // Two calls, and the error of the second.
    for part in [
        r#""token":"token-7""#,
        r#""source":"198.51.100.7""#,
        r#""request_id":"request-1""#,
        r#""gateway_request_id":"gateway-1""#,
    ] {
        assert_eq!(lines.count(part), 3, "{part}");
    }
}

#[tokio::test]
async fn a_relay_without_a_secret_says_so_to_callers_and_at_its_start() {
    let lines = captured_logs::listen();
    let fixture = Fixture::with(|all| crate::fixture::without_secret(&all)).await;
    assert_eq!(lines.count("this relay has no secret"), 1);
    let answer = fixture.answer(health(&hs256())).await;
    assert!(answer.message().contains("this relay has no secret"), "{answer:?}");
    assert_eq!(counted(&answer), [0, 1, 1]);
}
