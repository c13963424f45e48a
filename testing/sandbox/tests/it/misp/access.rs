//! Keys, roles, the version, and MISP's way to say no.

use http::Method;
use sandbox::{Times, misp};
use serde_json::json;

use super::{SEARCH, post, start};
use crate::client;

#[tokio::test]
async fn unknown_keys_are_refused_on_every_call() {
    let sandbox = start().await;
    for path in [SEARCH, "/sightings/add"] {
        for key in
            ["", "wrong", &misp::API_KEY.to_lowercase(), &format!("Bearer {}", misp::API_KEY)]
        {
            let response = post(&sandbox, path, key, &json!({})).await;
            let body = response.json();
            assert_eq!(response.status, 403);
            assert!(
                body["message"]
                    .as_str()
                    .unwrap()
                    .starts_with("Authentication failed. Please make sure")
            );
            assert_eq!(body["name"], body["message"]);
            assert_eq!(body["url"], path);
        }
    }
    let version = client::get(&format!("{}/servers/getVersion", sandbox.url()), &[]).await;
    assert_eq!(version.status, 403);
    assert_eq!(version.json()["url"], "/servers/getVersion");
}

#[tokio::test]
async fn the_version_tells_what_the_role_may_do() {
    let sandbox = start().await;
    let url = format!("{}/servers/getVersion", sandbox.url());
    for (key, may_sight) in
        [(misp::API_KEY, true), (misp::READ_ONLY_KEY, false), (misp::NO_SEARCH_KEY, false)]
    {
        let response = client::get(&url, &[("authorization", key)]).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.json()["version"], "2.5.1");
        assert_eq!(response.json()["perm_sighting"], may_sight);
    }
}

#[tokio::test]
async fn a_role_without_api_searches_gets_405() {
    let sandbox = start().await;
    let response = post(&sandbox, SEARCH, misp::NO_SEARCH_KEY, &json!({"value": "x"})).await;
    assert_eq!(response.status, 405);
    let message = "API searches are not allowed for this user role.";
    assert_eq!(response.json(), json!({"name": message, "message": message, "url": SEARCH}));
}

#[tokio::test]
async fn a_role_without_perm_sighting_may_search_only() {
    let sandbox = start().await;
    let key = misp::READ_ONLY_KEY;
    assert_eq!(post(&sandbox, SEARCH, key, &json!({"value": "x"})).await.status, 200);
    let response = post(&sandbox, "/sightings/add", key, &json!({"values": ["bad.example"]})).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.json()["message"], "You do not have permission to use this functionality.");
}

#[tokio::test]
async fn a_body_that_is_not_json_does_not_become_an_unfiltered_search() {
    let sandbox = start().await;
    let key = [("authorization", misp::API_KEY)];
    let url = format!("{}{SEARCH}", sandbox.url());
    let response = client::send(Method::POST, &url, &key, "{\"value\":").await;
    assert_eq!(response.status, 400);
    assert_eq!(response.json()["url"], SEARCH);
}

#[tokio::test]
async fn the_quota_of_a_role_can_be_used_up() {
    let sandbox = start().await;
    sandbox.fault(SEARCH, misp::faults::role_quota_used_up(420), Times::Next(1));
    let response = post(&sandbox, SEARCH, misp::API_KEY, &json!({})).await;
    assert_eq!(response.status, 429);
    assert_eq!(response.header("x-rate-limit-remaining"), Some("0"));
    assert_eq!(response.header("x-rate-limit-reset"), Some("420"));
    assert!(response.json()["message"].is_string());
}
