//! Submissions to urlscan.io.

use sandbox::{Sandbox, Times, misp, misp::sample};
use serde_json::{Value, json};

use super::start;
use crate::client::{self, Response};

const PATH: &str = "/urlscan/api/v1/scan/";

async fn submit(sandbox: &Sandbox, key: &str, body: Value) -> Response {
    client::post(&format!("{}{PATH}", sandbox.url()), &[("api-key", key)], &body).await
}

#[tokio::test]
async fn a_submission_names_where_its_result_will_be() {
    let sandbox = start().await;
    let body =
        json!({"url": sample::SCANNABLE_URL, "visibility": "unlisted", "tags": ["cisco-xdr"]});
    let response = submit(&sandbox, misp::URLSCAN_API_KEY, body.clone()).await;
    assert_eq!(response.status, 200);
    assert_eq!(
        response.json(),
        json!({
            "message": "Submission successful", "uuid": "0e37e828-a9d9-45c0-ac50-1ca579b86c72",
            "result": "https://urlscan.io/result/0e37e828-a9d9-45c0-ac50-1ca579b86c72/",
            "api": "https://urlscan.io/api/v1/result/0e37e828-a9d9-45c0-ac50-1ca579b86c72/",
            "visibility": "unlisted", "options": {"useragent": "Mozilla/5.0"},
            "url": "http://bad.example/login?x=1",
        })
    );
    let second = submit(&sandbox, misp::URLSCAN_API_KEY, body).await.json();
    assert_eq!(second["uuid"], "0e37e828-a9d9-45c0-ac50-1ca579b86c73");
}

#[tokio::test]
async fn visibility_is_public_unless_said_otherwise() {
    let sandbox = start().await;
    let response =
        submit(&sandbox, misp::URLSCAN_API_KEY, json!({"url": "http://[2001:db8::1]/"})).await;
    assert_eq!(response.json()["visibility"], "public");
}

#[tokio::test]
async fn names_that_do_not_resolve_are_refused() {
    let sandbox = start().await;
    let response =
        submit(&sandbox, misp::URLSCAN_API_KEY, json!({"url": sample::UNRESOLVABLE_URL})).await;
    assert_eq!(response.status, 400);
    assert_eq!(
        response.json(),
        json!({
            "message": "DNS Error - Could not resolve domain",
            "description": "The domain nx.bad.example could not be resolved to a valid IPv4/IPv6 address.",
            "status": 400,
            "errors": [{"title": "DNS Error", "detail": "Could not resolve domain"}],
        })
    );
}

#[tokio::test]
async fn unusable_submissions_are_refused() {
    let sandbox = start().await;
    for body in [
        json!({}),
        json!({"url": "not a url"}),
        json!({"url": "mailto:someone@bad.example"}),
        json!({"url": sample::SCANNABLE_URL, "visibility": "secret"}),
    ] {
        let response = submit(&sandbox, misp::URLSCAN_API_KEY, body.clone()).await;
        assert_eq!(
            (response.status.as_u16(), &response.json()["status"]),
            (400, &json!(400)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let sandbox = start().await;
    for key in ["", "wrong", misp::API_KEY] {
        let response = submit(&sandbox, key, json!({"url": sample::SCANNABLE_URL})).await;
        assert_eq!(response.status, 401);
    }
    let url = format!("{}{PATH}", sandbox.url());
    assert_eq!(client::post(&url, &[], &json!({"url": sample::SCANNABLE_URL})).await.status, 401);
}

#[tokio::test]
async fn the_quota_can_be_used_up() {
    let sandbox = start().await;
    sandbox.fault("/urlscan", misp::faults::urlscan_quota_used_up(34), Times::Next(1));
    let response =
        submit(&sandbox, misp::URLSCAN_API_KEY, json!({"url": sample::SCANNABLE_URL})).await;
    assert_eq!(response.status, 429);
    for name in ["scope", "action", "window", "limit", "remaining", "reset", "reset-after"] {
        assert!(response.header(&format!("x-rate-limit-{name}")).is_some(), "{name}");
    }
    assert_eq!(response.header("x-rate-limit-reset-after"), Some("34"));
}
