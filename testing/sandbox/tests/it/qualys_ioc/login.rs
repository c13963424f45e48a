//! `POST /auth` and what its tokens are good for.

use sandbox::qualys_ioc::{
    ACCOUNT, AWKWARD_PASSWORD, EVENTS_PATH, OUTDATED_TOKENS, SECOND_TENANT, SHORT_LIVED_TOKENS,
    SINGLE_USE_TOKENS, VERSIONED_EVENTS_PATH, VERSIONED_PATHS_ONLY,
};
use serde_json::json;

use super::{form_of, post_form, search, search_at, start, token};
use crate::client;

#[tokio::test]
async fn a_login_gives_a_bare_token() {
    let sandbox = start().await;
    let response = post_form(&sandbox, &form_of(ACCOUNT)).await;
    assert_eq!(response.status, 201);
    assert_eq!(response.header("content-type"), Some("text/plain"));
    assert_eq!(response.body.split(|byte| *byte == b'.').count(), 3);
    assert!(response.body.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte)));
}

#[tokio::test]
async fn the_documented_body_is_understood() {
    let form = "username=relay_api&password=p%40ss%26word%25+1&token=true&permissions=true";
    assert_eq!(post_form(&start().await, form).await.status, 201);
}

#[tokio::test]
async fn every_account_can_log_in() {
    let sandbox = start().await;
    for account in [ACCOUNT, SECOND_TENANT, AWKWARD_PASSWORD, SHORT_LIVED_TOKENS] {
        let token = token(&sandbox, account).await;
        assert_eq!(search(&sandbox, &token, &[]).await.status, 200, "{account:?}");
    }
}

#[tokio::test]
async fn a_password_that_is_not_encoded_is_another_password() {
    let sandbox = start().await;
    let raw = format!(
        "username=relay%2Bawkward%40corp.example&password={}&token=true",
        AWKWARD_PASSWORD.password
    );
    assert_eq!(post_form(&sandbox, &raw).await.status, 401);
    assert_eq!(post_form(&sandbox, &form_of(AWKWARD_PASSWORD)).await.status, 201);
}

#[tokio::test]
async fn wrong_credentials_answer_401_with_reasons() {
    let sandbox = start().await;
    let response = post_form(&sandbox, "username=relay_api&password=guess&token=true").await;
    assert_eq!(response.status, 401);
    let body = response.json();
    let time = body["timestamp"].as_str().unwrap();
    assert!(time.starts_with("2026-03-03T10:0") && time.ends_with("+0000"), "{time}");
    assert_eq!(body["status"], 401);
    assert_eq!(body["error"], "Unauthorized");
    assert_eq!(body["message"], "Bad credentials");
    assert_eq!(body["authentication_exceptions"], json!(["Invalid username or password"]));

    let response = post_form(&sandbox, "username=nobody&password=guess&token=true").await;
    assert_eq!(response.status, 401);
    assert_eq!(response.json()["authentication_exceptions"], json!(["AccountNotFoundException"]));
    assert_eq!(response.json().get("message"), None);
}

#[tokio::test]
async fn an_incomplete_form_answers_400() {
    let sandbox = start().await;
    for form in [
        "",
        "username=relay_api&token=true",
        "username=relay_api&password=p%40ss%26word%25+1",
        "username=relay_api&password=p%40ss%26word%25+1&token=false",
        "username=relay_api&username=other&password=p%40ss%26word%25+1&token=true",
    ] {
        let response = post_form(&sandbox, form).await;
        assert_eq!(
            (response.status.as_u16(), &response.json()["status"]),
            (400, &json!(400)),
            "{form}"
        );
    }
    let url = format!("{}/auth", sandbox.url());
    let response = client::post(&url, &[("content-type", "application/json")], &json!({})).await;
    assert_eq!(response.status, 400);
}

#[tokio::test]
async fn a_search_needs_a_token_of_this_sandbox() {
    let (sandbox, other) = (start().await, start().await);
    let foreign = token(&other, SECOND_TENANT).await;
    for token in [foreign.as_str(), "", "e.y.J"] {
        let response = search(&sandbox, token, &[]).await;
        assert_eq!(response.status, 401);
        assert_eq!(response.json()["error"], "Unauthorized");
    }
    let url = format!("{}{EVENTS_PATH}", sandbox.url());
    assert_eq!(client::get(&url, &[]).await.status, 401);
    assert_eq!(client::get(&url, &[("authorization", "Basic cmVsYXk6eA==")]).await.status, 401);
}

#[tokio::test]
async fn outdated_and_used_tokens_are_refused() {
    let sandbox = start().await;
    let outdated = token(&sandbox, OUTDATED_TOKENS).await;
    let response = search(&sandbox, &outdated, &[]).await;
    assert_eq!(response.status, 401);
    assert_eq!(response.json()["message"], "The token has expired");

    let single = token(&sandbox, SINGLE_USE_TOKENS).await;
    assert_eq!(search(&sandbox, &single, &[]).await.status, 200);
    assert_eq!(search(&sandbox, &single, &[]).await.status, 401);
    let renewed = token(&sandbox, SINGLE_USE_TOKENS).await;
    assert_eq!(search(&sandbox, &renewed, &[]).await.status, 200);
}

#[tokio::test]
async fn a_platform_may_serve_versioned_paths_only() {
    let sandbox = start().await;
    for (account, plain) in [(ACCOUNT, 200), (VERSIONED_PATHS_ONLY, 404)] {
        let token = token(&sandbox, account).await;
        assert_eq!(search_at(&sandbox, EVENTS_PATH, &token, &[]).await.status, plain);
        assert_eq!(search_at(&sandbox, VERSIONED_EVENTS_PATH, &token, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn other_paths_answer_404_and_other_methods_405() {
    let sandbox = start().await;
    let token = token(&sandbox, ACCOUNT).await;
    let response = search_at(&sandbox, "/ioc/events/searchBefore", &token, &[]).await;
    assert_eq!((response.status.as_u16(), &response.json()["status"]), (404, &json!(404)));
    let url = format!("{}{EVENTS_PATH}", sandbox.url());
    assert_eq!(client::post(&url, &[], &json!({})).await.status, 405);
}
