//! What a process prints: catalogue rows P01, P02 and P04.

use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use testkit::{
    event::{Event, Gateway},
    jwks::KeyResponse,
    keys::RsaKey,
    token::{Signer, Token, seconds_from_now},
};

use super::{function_of, post, printed};
use crate::{
    fixture::{Fixture, KID, hs256},
    relay::PANICKING,
    wire::{ReceivedRequest, ScriptedResponse},
};

/// Secrets of every kind; all hold this text.
const MARK: &str = "marked";
const RELAYS_SECRET: &str = "marked-secret-of-the-relay-0123456789abcdef0123456789abcdef01234";
const CLIENTS_SECRET: &str = "marked secret of the client";
const ACCESS_TOKEN: &str = "marked-access-token";

fn domains(domains: &[&str]) -> Value {
    domains.iter().map(|value| json!({"type": "domain", "value": value})).collect()
}

fn account() -> Token {
    Token::new().claim("client_id", "client-a").claim("client_secret", CLIENTS_SECRET)
}

/// A product that says whatever it heard, and gives the access token away.
fn talkative(fixture: &Fixture) {
    let product = &fixture.product;
    product.answers("/me", |asked| ScriptedResponse::body(400, asked.header("x-api-key")));
    product.answers("/act", |asked| ScriptedResponse::body(500, format!("{:?}", asked.headers)));
    product.answers("/search", |asked| match asked.query()["value"].as_str() {
        "good.test" => ScriptedResponse::json(&json!({"hits": [{"id": "1"}]})),
        "cut.test" => ScriptedResponse::body(200, asked.bearer()).breaking_off(),
        _ => ScriptedResponse::body(403, asked.header(AUTHORIZATION.as_str())),
    });
    let login = |asked: &ReceivedRequest| match asked.form()["client_id"].as_str() {
        "client-a" => ScriptedResponse::json(&json!({"access_token": ACCESS_TOKEN})),
        "client-b" => ScriptedResponse::body(200, format!(r#"{{"token":"{ACCESS_TOKEN}"}}"#)),
        _ => ScriptedResponse::body(400, asked.body.clone()),
    };
    product.answers("/login", login);
}

/// Everything that a caller may try, each with the secrets in it.
fn events(fixture: &Fixture) -> Vec<Event> {
    let sound = |token: Token| token.hs256(RELAYS_SECRET.as_bytes());
    let configured = |token: Token| {
        let token = token.kid(KID).claim("jwks_host", fixture.keys.host());
        token.claim("aud", "https://a1b2c3d4e5.execute-api.test").rs256(RsaKey::shared())
    };
    let observe =
        |token: &str, asked: &[&str]| post("/observe/observables", token).json(&domains(asked));
    let trigger = json!({
        "action-id": "isolate-with-token", "observable_type": "domain", "observable_value": "a.test",
    });
    let client = |id: &str| account().claim("client_id", id);
    let mut events = vec![
        post("/health", &sound(account())),
        observe(&sound(account()), &["good.test", "bad.test", "cut.test"]),
        observe(&sound(client("client-b")), &["good.test"]),
        observe(&sound(client("client-c")), &["good.test"]),
        observe(&sound(account()), &[PANICKING]),
        post("/deliberate/observables", &sound(account())).json(&domains(&["a.test"])),
        post("/respond/trigger", &sound(account())).json(&trigger),
        post("/health", &sound(account().claim("host", "https://127.0.0.1/marked"))),
        post("/health", &sound(account().claim("host", "https://user:marked@127.0.0.1/"))),
        Gateway::HttpApi.post("/health").header("Authorization", RELAYS_SECRET),
        Gateway::HttpApi.post("/nowhere").bearer(&sound(account())),
    ];
    let refused = [
        account().hs256(b"another secret of thirty-two bytes"),
        account().sign(&Signer::None),
        sound(account().claim("exp", seconds_from_now(-600))),
        sound(account().claim("client_secret", json!([CLIENTS_SECRET]))),
        sound(account().claim("client_secret", "marked\r\nx: y")),
        sound(account().header("crit", json!(["marked"]))),
        sound(account().header("kid", "marked")),
        sound(Token::new().raw_payload(r#"{"client_secret":"marked","client_secret":"marked"}"#)),
        configured(account()),
        configured(account().claim("aud", "https://marked.example")),
        account().kid("marked").claim("jwks_host", "marked.example").rs256(RsaKey::shared()),
        "marked".to_owned(),
    ];
    events.extend(refused.iter().map(|token| post("/health", token)));
    events
}

#[tokio::test]
async fn p01_no_secret_is_printed_or_answered_at_any_level() {
    let fixture = Fixture::new().await;
    talkative(&fixture);
    fixture.keys.answer(KeyResponse::redirect(302, "http://marked.example/"));
    let run = async |level: &str| {
        let launch = function_of(&fixture).env("SECRET_KEY", RELAYS_SECRET).env("LOG_LEVEL", level);
        let function = launch.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
        let function = function.start().await.unwrap();
        for event in events(&fixture) {
            let reply = function.invoke(&event).await.reply();
            assert!(!reply.text().contains(MARK), "{level}: {}", reply.text());
        }
        let lines = function.stop().await.lines;
        for line in &lines {
            assert!(!line.text.contains(MARK), "{level}: {}", line.text);
        }
        // The product's words were there, and something in them was redacted.
        let blotted = lines.iter().filter(|line| line.text.contains("[…]")).count();
        assert_eq!(blotted > 3, level != "error", "{level}: {blotted}");
        printed(&lines).len()
    };
    let [error, warn, info, debug] =
        [run("error").await, run("warn").await, run("info").await, run("debug").await];
    // Every event has its line of metrics, and each level has more to say than the one above it.
    let least = events(&fixture).len() - 1;
    assert!(
        least <= error && error < warn && warn < info && info <= debug,
        "{error} {warn} {info}"
    );
}

#[tokio::test]
async fn p04_a_panic_shows_no_secret() {
    let fixture = Fixture::new().await;
    talkative(&fixture);
    let launch = function_of(&fixture).env("SECRET_KEY", RELAYS_SECRET);
    let launch = launch.env("RUST_BACKTRACE", "full").env("LOG_LEVEL", "debug");
    let function = launch.start().await.unwrap();
    let token = account().hs256(RELAYS_SECRET.as_bytes());
    let asked = domains(&["good.test", PANICKING]);
    let reply = function.invoke(&post("/observe/observables", &token).json(&asked)).await.reply();
    assert_eq!(reply.json()["errors"][0]["code"], "unknown");
    assert!(!reply.text().contains(MARK) && !reply.text().contains("stumbles"));
    let lines = function.stop().await.lines;
    let shown = |text: &str| lines.iter().any(|line| line.text.contains(text));
    assert!(shown("the relay stumbles") && shown("stack backtrace"), "{lines:?}");
    assert!(!shown(MARK) && !shown(&token), "{lines:?}");
}

#[tokio::test]
async fn p02_values_break_no_log_line() {
    let fixture = Fixture::new().await;
    fixture
        .product
        .answers("/search", |asked| ScriptedResponse::body(400, asked.query()["value"].clone()));
    let function = function_of(&fixture).env("LOG_LEVEL", "debug").start().await.unwrap();
    let values = [
        "a\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
        "a\r\nforged",
        "\u{1b}[31mforged\u{1b}[0m\u{1b}]0;title\u{7}",
        "a\u{2028}forged\u{85}forged\u{b}forged\u{c}forged",
        "a\0forged",
        "\u{202e}forged",
        "a\"}\n{\"b\":\"forged",
    ];
    let body: Value = values.iter().map(|it| json!({"type": "domain", "value": it})).collect();
    let reply = function.invoke(&post("/observe/observables", &hs256()).json(&body)).await.reply();
    assert_eq!(reply.json()["errors"].as_array().unwrap().len(), values.len());
    let forging = post("/observe\n/observables\u{1b}[31m", &hs256());
    assert_eq!(function.invoke(&forging).await.reply().status, 404);
    let lines = function.stop().await.lines;
    // One line for each error, one for the request, one of metrics, one for an unknown path, and one
    // about whose tokens are accepted.
    let objects = printed(&lines);
    assert_eq!(objects.len(), values.len() + 4, "{objects:?}");
    assert!(objects.iter().all(|line| line["message"] != "forged" && line.get("b").is_none()));
    for line in &lines {
        assert!(!line.text.contains(|letter: char| letter.is_ascii_control()), "{:?}", line.text);
    }
}
