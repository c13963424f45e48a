//! The token endpoint, and how long its tokens are good.

use http::Method;
use sandbox::{
    Product, Sandbox,
    identity::{EXPIRE_TOKENS, app, tenant},
};
use serde_json::json;

use super::error;
use crate::{
    client::{self, Response},
    session::{DEFENDER, GRAPH, Session, ask, form, token},
};

async fn start() -> Sandbox {
    Sandbox::start(Product::GraphSecurity).await.expect("a free port")
}

/// The form with another value (or, empty, without a value) for one parameter.
fn changed<'a>(name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form = form(&app::GRAPH, GRAPH).to_vec();
    for parameter in form.iter_mut().filter(|parameter| parameter.0 == name) {
        parameter.1 = value;
    }
    form
}

fn check(response: &Response, status: u16, error: &str, code: u32) {
    let body = response.json();
    let description = body["error_description"].as_str().expect("a description");
    assert_eq!(response.status, status, "{description}");
    assert_eq!(body["error"], error, "{description}");
    assert_eq!(body["error_codes"], json!([code]));
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    assert_eq!(body["timestamp"], "2026-10-31 09:00:00Z");
    for id in ["trace_id", "correlation_id"] {
        assert_eq!(body[id].as_str().map(str::len), Some(36), "{id}");
    }
    let uri = body["error_uri"].as_str().expect("a link");
    assert!(uri.ends_with(&format!("error?code={code}")), "{uri}");
}

#[tokio::test]
async fn valid_credentials_get_a_bearer_token() {
    let sandbox = start().await;
    for name in [tenant::CONTOSO.id, tenant::CONTOSO.domain, "A4C123B1-612D-4272-A137-1C17149D4395"]
    {
        let response = ask(&sandbox, name, &form(&app::GRAPH, GRAPH)).await;
        assert_eq!(response.status, 200, "{name}");
        let body = response.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 3599);
        assert_eq!(body["ext_expires_in"], 3599);
        assert!(body["access_token"].as_str().unwrap().starts_with("eyJ0eXAiOiJKV1QifQ."));
        assert_eq!(response.header("cache-control"), Some("no-store, no-cache"));
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_their_code() {
    let sandbox = start().await;
    let contoso = tenant::CONTOSO.id;
    for (tenant, form, status, error, code) in [
        ("0b1e5b2c-0000-4000-8000-000000000000", changed("", ""), 400, "invalid_request", 90002),
        ("nobody.example", changed("", ""), 400, "invalid_request", 90002),
        ("no%20tenant", changed("", ""), 400, "invalid_request", 900023),
        (contoso, changed("client_secret", "wrong"), 401, "invalid_client", 7000215),
        (contoso, changed("client_secret", ""), 401, "invalid_client", 7000216),
        (contoso, changed("client_id", "no-such-app"), 400, "unauthorized_client", 700016),
        (contoso, changed("client_id", ""), 400, "invalid_request", 900144),
        (contoso, changed("grant_type", ""), 400, "invalid_request", 900144),
        (contoso, changed("grant_type", "password"), 400, "unsupported_grant_type", 70003),
        (contoso, changed("scope", ""), 400, "invalid_request", 900144),
        (
            contoso,
            changed("scope", "https://graph.microsoft.com/Mail.Read"),
            400,
            "invalid_scope",
            1002012,
        ),
        (
            contoso,
            changed("scope", "https://nothing.example/.default"),
            400,
            "invalid_resource",
            500011,
        ),
    ] {
        check(&ask(&sandbox, tenant, &form).await, status, error, code);
    }
    let expired = ask(&sandbox, contoso, &form(&app::EXPIRED_SECRET, GRAPH)).await;
    check(&expired, 401, "invalid_client", 7000222);
    let elsewhere = ask(&sandbox, contoso, &form(&app::FABRIKAM_ONLY, GRAPH)).await;
    check(&elsewhere, 400, "unauthorized_client", 700016);
    let at_home = ask(&sandbox, tenant::FABRIKAM.id, &form(&app::FABRIKAM_ONLY, GRAPH)).await;
    assert_eq!(at_home.status, 200);
}

#[tokio::test]
async fn only_a_posted_form_counts() {
    let sandbox = start().await;
    let url = format!("{}/{}/oauth2/v2.0/token", sandbox.url(), tenant::CONTOSO.id);
    let body = "client_id=2824c1c0-9972-4caf-a941-d4072014b3ce&client_secret=q8Q~example\
                &grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";
    let form = "application/x-www-form-urlencoded";
    for (method, media, status) in [
        (Method::POST, form, 200),
        (Method::POST, "application/x-www-form-urlencoded; charset=utf-8", 200),
        (Method::GET, form, 400),
        (Method::POST, "application/json", 400),
    ] {
        let response = client::send(method.clone(), &url, &[("content-type", media)], body).await;
        assert_eq!(response.status, status, "{method} {media}");
        if status == 400 {
            check(&response, 400, "invalid_request", 900144);
        }
    }
}

#[tokio::test]
async fn graph_takes_only_its_own_good_tokens() {
    let mut session = super::start().await;
    let good = std::mem::take(&mut session.token);
    let other = token(&session.sandbox, &tenant::CONTOSO, &app::DEFENDER, DEFENDER).await;
    for (token, part) in [
        ("", "Access token is empty."),
        ("eyJ0eXAiOiJKV1QifQ.sample.sample", "Invalid signature."),
        (other.as_str(), "Invalid audience."),
    ] {
        session.token = token.to_owned();
        let response = session.get("/v1.0/security/alerts_v2").await;
        let (status, code, message) = error(&response);
        assert_eq!((status, code.as_str()), (401, "InvalidAuthenticationToken"));
        assert!(message.ends_with(part), "{message}");
        assert!(response.header("www-authenticate").unwrap().starts_with("Bearer "));
    }
    session.token = good;
    assert_eq!(session.get("/v1.0/security/alerts_v2").await.status, 200);
}

#[tokio::test]
async fn tokens_can_be_ended_from_outside() {
    let session = super::start().await;
    let url = format!("{}{EXPIRE_TOKENS}", session.sandbox.url());
    assert_eq!(client::post(&url, &[], &json!({})).await.status, 204);
    let (status, _, message) = error(&session.get("/v1.0/security/alerts_v2").await);
    assert_eq!(status, 401);
    assert_eq!(message, "Lifetime validation failed, the token is expired.");
    let session = session.switch(&tenant::CONTOSO, &app::GRAPH, GRAPH).await;
    assert_eq!(session.get("/v1.0/security/alerts_v2").await.status, 200);
}

#[tokio::test]
async fn tokens_of_one_app_are_good_for_one_call() {
    let session = Session::graph(&tenant::CONTOSO, &app::ONE_CALL).await;
    assert_eq!(session.get("/v1.0/security/alerts_v2").await.status, 200);
    assert_eq!(session.get("/v1.0/security/alerts_v2").await.status, 401);
    let session = session.switch(&tenant::CONTOSO, &app::ONE_CALL, GRAPH).await;
    let inner = |id: &str| json!({"id": id, "method": "GET", "url": "/security/alerts_v2?$top=1"});
    let batch = json!({"requests": [inner("1"), inner("2")]});
    let response = session.post("/v1.0/$batch", &batch).await;
    assert_eq!(response.status, 200, "a batch is one call");
    assert!(
        response.json()["responses"].as_array().unwrap().iter().all(|one| one["status"] == 200)
    );
}
