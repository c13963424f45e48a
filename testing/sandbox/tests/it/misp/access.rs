//! Keys, roles, the version, and MISP's way to say no.

use http::Method;
use jiff::Timestamp;
use sandbox::{
    Sandbox, Times,
    misp::{self, Installation},
};
use serde_json::json;

use super::{SEARCH, headers, post, start};
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
    let version = client::get(&format!("{}/servers/getVersion", sandbox.url()), &headers("")).await;
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
        let response = client::get(&url, &headers(key)).await;
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
    let [key, accept] = headers(misp::API_KEY);
    let headers = [key, accept, ("content-type", "application/json")];
    let url = format!("{}{SEARCH}", sandbox.url());
    let response = client::send(Method::POST, &url, &headers, "{\"value\":").await;
    assert_eq!(response.status, 405);
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

#[tokio::test]
async fn a_role_with_a_quota_searches_so_often() {
    let sandbox = start().await;
    for (status, remaining) in [(200, "1"), (200, "0"), (429, "0")] {
        let response = post(&sandbox, SEARCH, misp::QUOTA_KEY, &json!({"value": "x"})).await;
        assert_eq!(response.status, status);
        assert_eq!(response.header("x-rate-limit-remaining"), Some(remaining));
    }
}

#[tokio::test]
async fn maintenance_leads_all_but_the_administrator_to_the_login_page() {
    let installation = Installation::built_in().unwrap().in_maintenance();
    let sandbox = Sandbox::start_misp(installation, Timestamp::UNIX_EPOCH).await.unwrap();
    let login = format!("{}/users/login", sandbox.url());
    let response = post(&sandbox, SEARCH, misp::API_KEY, &json!({"value": "x"})).await;
    assert_eq!(
        (response.status.as_u16(), response.header("location")),
        (302, Some(login.as_str()))
    );
    assert_eq!(post(&sandbox, SEARCH, misp::ADMIN_KEY, &json!({"value": "x"})).await.status, 200);
    assert_eq!(post(&sandbox, SEARCH, "wrong", &json!({"value": "x"})).await.status, 403);

    let served = start().await;
    served.fault(SEARCH, misp::faults::maintenance(served.url()), Times::Next(1));
    let response = post(&served, SEARCH, misp::API_KEY, &json!({})).await;
    assert_eq!(response.status, 302);
    assert!(response.header("location").unwrap().ends_with("/users/login"));
}
