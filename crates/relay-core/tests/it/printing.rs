//! What `{:?}` shows of what holds credentials: catalogue row P03.

use std::fmt::Debug;

use http::{HeaderName, HeaderValue};
use relay_core::{
    BaseUrl, Environment, Http, Incoming, Request, Secret, cache::CacheKey, oauth::AccessToken,
};
use testkit::{
    TestResolver,
    token::{SECRET, Token as Presented},
};

use crate::{
    relay::Account,
    test_call::health,
    wire::{ScriptedResponse, Server},
};

const KEY: &str = "marked key";

fn assert_silent(value: &impl Debug) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.contains("marked"), "{shown}");
        // Bytes may be shown as numbers.
        assert!(!shown.contains("109, 97, 114") && !shown.contains("109,\n"), "{shown}");
    }
}

fn secret() -> Secret {
    Secret::new(KEY).unwrap()
}

#[test]
fn p03_secrets_and_credentials_show_nothing() {
    assert_eq!(format!("{:?}", secret()), "[REDACTED]");
    let account: Account =
        serde_json::from_str(&format!(r#"{{"client_id":"a","client_secret":"{KEY}"}}"#)).unwrap();
    assert_silent(&account);
    assert!(format!("{account:?}").contains("client_secret: [REDACTED]"));
    assert_silent(&AccessToken::lasting(secret(), Some(3600), 0));
    assert_silent(&CacheKey::of(&[KEY]));
    assert_silent(&secret().header("Bearer ").unwrap());
}

#[test]
fn p03_an_invalid_secret_is_not_quoted() {
    for json in [r#"["marked"]"#, r#"{"marked":"marked"}"#, "7", "null", r#""""#] {
        let error = serde_json::from_str::<Secret>(json).unwrap_err();
        assert_silent(&error);
        assert!(!error.to_string().contains("marked"), "{error}");
    }
    let error = Secret::new("marked\r\n").unwrap().header("").unwrap_err();
    assert_silent(&error);
}

#[test]
fn p03_requests_show_neither_keys_nor_bodies() {
    let base = BaseUrl::from_environment("https://product.example").unwrap();
    let request = Request::post(base.path("/login"))
        .header(HeaderName::from_static("x-api-key"), HeaderValue::from_static(KEY))
        .query("key", KEY);
    assert_silent(&request.clone().form(&[("secret", KEY)]));
    assert_silent(&request.json(&KEY).unwrap());
}

#[tokio::test]
async fn p03_responses_show_no_bodies() {
    let server = Server::start().await;
    server.always("/login", ScriptedResponse::body(200, KEY).with("x-token", KEY));
    let http =
        Http::new(&Environment::default(), "tests", std::sync::Arc::new(TestResolver::unknown()));
    let base = BaseUrl::from_environment(&server.url()).unwrap();
    let request = Request::get(base.path("/login"));
    let answer = http.unwrap().ask(request, "The product", std::time::Duration::from_secs(5)).await;
    let answer = answer.unwrap();
    assert_eq!(answer.body(), KEY.as_bytes());
    assert_silent(&answer);
}

#[test]
fn p03_an_incoming_call_shows_no_token() {
    let token = Presented::new().claim("client_secret", KEY).hs256(SECRET.as_bytes());
    let ask = health(&token).body(KEY).into_incoming();
    assert_silent(&ask);
    let shown = format!("{ask:?}");
    assert!(token.split('.').all(|part| !shown.contains(part)), "{shown}");
    let Incoming { request_id, .. } = ask;
    assert!(shown.contains(&request_id));
}
