//! Secrets that the product says again: catalogue row N17.

use http::header::AUTHORIZATION;
use serde_json::json;
use testkit::{
    captured_logs::{self, CapturedLogs},
    token::SECRET,
};

use crate::{
    fixture::{Fixture, account},
    test_call::{Answer, health, observe, trigger},
    wire::{ReceivedRequest, ScriptedResponse},
};

/// Every spelling of it begins with `marked`.
const KEY: &str = "marked key \"a\\b\"/c&d=e%f+g";

/// How a product may spell what it heard.
fn spellings(text: &str) -> Vec<String> {
    let in_json = json!(text).to_string();
    let in_form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let in_url = in_form.replace('+', "%20");
    let cut = format!("{}{text}", "x".repeat(185));
    vec![text.to_owned(), in_json, in_form, in_url, cut, format!("{text}{text}-{text}")]
}

async fn fixture() -> (Fixture, String) {
    (Fixture::new().await, account().claim("client_secret", KEY).hs256(SECRET.as_bytes()))
}

fn assert_silent(answer: &Answer, lines: &CapturedLogs, name: &str) {
    assert!(!answer.is_ok(), "{name}");
    assert!(!answer.text.contains("marked"), "{name}: {}", answer.text);
    assert_eq!(lines.count("marked"), 0, "{name}");
}

#[tokio::test]
async fn n17_a_key_that_the_product_repeats_is_redacted() {
    let (fixture, token) = fixture().await;
    let lines = captured_logs::listen();
    for status in [400, 401, 403, 404, 409, 429, 500, 503] {
        for said in spellings(KEY) {
            let reply = ScriptedResponse::body(status, format!("no access with {said}"));
            fixture.product.always("/me", reply.clone());
            fixture.product.always("/act", reply);
            let name = format!("{status} {said}");
            assert_silent(&fixture.answer(health(&token)).await, &lines, &name);
            assert_silent(&fixture.answer(trigger(&token, "isolate")).await, &lines, &name);
        }
    }
    assert!(lines.count("answered") > 0 && lines.count("no access with") > 0);
}

#[tokio::test]
async fn n17_a_secret_that_the_login_repeats_is_redacted() {
    let (fixture, token) = fixture().await;
    let lines = captured_logs::listen();
    for said in spellings(KEY) {
        for body in [json!({"error_description": said}).to_string(), said.clone()] {
            fixture.product.always("/login", ScriptedResponse::body(401, body));
            assert_silent(&fixture.answer(observe(&token, &["a.test"])).await, &lines, &said);
        }
    }
}

#[tokio::test]
async fn n17_an_access_token_is_redacted() {
    let (fixture, token) = fixture().await;
    let lines = captured_logs::listen();
    // One secret may begin with another, or be a part of it.
    for (number, granted) in
        ["marked-token", &format!("{KEY}-marked-tail"), "a marked-token"].into_iter().enumerate()
    {
        let caller = account().claim("client_id", number.to_string());
        let token = caller.claim("client_secret", KEY).hs256(SECRET.as_bytes());
        fixture.product.always("/login", ScriptedResponse::json(&json!({"access_token": granted})));
        let repeat = |asked: &ReceivedRequest| {
            ScriptedResponse::body(
                500,
                format!("no token {}", asked.header(AUTHORIZATION.as_str())),
            )
        };
        fixture.product.answers("/search", repeat);
        for _ in 0..2 {
            assert_silent(&fixture.answer(observe(&token, &["a.test"])).await, &lines, granted);
        }
    }
    assert!(fixture.accepts(&token).await);
}
