//! What a listed key server may do: catalogue rows K06 to K09.

use std::time::Duration;

use http::header::CONTENT_ENCODING;
use testkit::{
    jwk::{Jwk, key_set},
    jwks::{JwksServer, KeyResponse},
    keys::RsaKey,
};
use tokio::time::Instant;

use super::{PATH, later, listing};
use crate::{
    fixture::{Fixture, KID},
    test_call::health,
    wire::{ScriptedResponse, Server},
};

const JSON: &str = "application/json";
/// What a key set may take to come, in seconds.
const LONGEST: u64 = 3;
/// How large a key set may be, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The right keys, with so many blanks behind them.
fn right_keys(blanks: usize) -> Vec<u8> {
    let keys = key_set([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).to_string();
    [keys.into_bytes(), vec![b' '; blanks]].concat()
}

/// A fixture whose keys come from a server of raw bytes.
async fn scripted(reply: ScriptedResponse) -> (Fixture, Server, String) {
    let server = Server::start().await;
    server.always(PATH, reply);
    let fixture = Fixture::with(listing(server.url())).await;
    let token = fixture.configuration().claim("jwks_host", server.host()).rs256(RsaKey::shared());
    (fixture, server, token)
}

#[tokio::test]
async fn k06_redirections_are_not_followed() {
    let fixture = Fixture::new().await;
    // Who followed would find the right keys.
    let elsewhere = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID)]).await;
    let canary = Server::start().await;
    let targets = [
        format!("{}{PATH}", elsewhere.origin()),
        format!("{}{PATH}", elsewhere.origin().replace("127.0.0.1", "localhost")),
        format!("//{}{PATH}", elsewhere.host()),
        format!("https://{}{PATH}", canary.host()),
        format!("{}{PATH}?again", fixture.keys.origin()),
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next".to_owned(),
        "https://elsewhere.example/".to_owned(),
    ];
    let mut fetches = 0;
    for status in [301, 302, 303, 307, 308] {
        for target in &targets {
            fixture.keys.answer(KeyResponse::redirect(status, target));
            assert!(!fixture.accepts(&fixture.rs256()).await, "{status} {target}");
            fetches += 1;
            assert_eq!(fixture.keys.seen().len(), fetches, "{status} {target}");
            later(&fixture.clock, 5);
        }
    }
    assert_eq!((elsewhere.connections(), canary.connections()), (0, 0));
    assert_eq!(fixture.names.asked(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn k07_only_public_addresses_of_a_listed_name_are_connected_to() {
    let canary = Server::start().await;
    let fixture = Fixture::with(listing(format!("keys.example:{}", canary.port()))).await;
    let host = format!("keys.example:{}", canary.port());
    let token = fixture.configuration().claim("jwks_host", host).rs256(RsaKey::shared());
    let look_ups: [&[&str]; 14] = [
        &["127.0.0.1"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["0.0.0.0"],
        &["169.254.169.254"],
        &["10.0.0.1"],
        &["192.168.0.1"],
        &["fd12::1"],
        &["fe80::1"],
        &["127.0.0.1", "10.0.0.1", "::1"],
        // A public address beside or before a private one changes nothing about the latter.
        &["127.0.0.1", "2001:db8::1"],
        &["2001:db8::1"],
        &["127.0.0.1"],
    ];
    for (count, addresses) in look_ups.into_iter().enumerate() {
        fixture.names.then(addresses);
        assert!(!fixture.accepts(&token).await, "{addresses:?}");
        assert_eq!(fixture.names.asked().len(), count + 1);
        later(&fixture.clock, 5);
    }
    assert!(fixture.names.asked().iter().all(|name| name == "keys.example"));
    assert_eq!(canary.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn k08_a_slow_key_server_times_out_after_three_seconds() {
    let slow = [
        ("silence", ScriptedResponse::silence()),
        ("half a head", ScriptedResponse::raw(b"HTTP/1.1 200 OK\r\ncontent-type: app").stalling()),
        ("half a body", ScriptedResponse::body(200, right_keys(0)).stalling()),
        ("bytes", ScriptedResponse::body(200, right_keys(0)).trickling(Duration::from_secs(1))),
    ];
    for (name, reply) in slow {
        let (fixture, server, token) = scripted(reply).await;
        let start = Instant::now();
        assert!(!fixture.accepts(&token).await, "{name}");
        // The clock of the runtime is paused: it shows what was waited for, to the millisecond.
        assert_eq!(start.elapsed().as_secs(), LONGEST, "{name}");
        server.given_up(1).await;
        assert_eq!(server.connections(), 1, "{name}");
    }
}

#[tokio::test]
async fn k08_a_large_key_set_is_not_read_to_its_end() {
    let endless = ScriptedResponse::body(200, right_keys(0)).endless([b' '; 4096]);
    let hundred_megabytes =
        ScriptedResponse::body(200, right_keys(MAX_BODY_BYTES)).of_length(100 << 20);
    let cases = [
        ("endless", endless),
        ("100 MB", hundred_megabytes.stalling()),
        ("gzip bomb", ScriptedResponse::gzip(&right_keys(100 << 20))),
        (
            "just too large",
            ScriptedResponse::body(200, right_keys(MAX_BODY_BYTES - right_keys(0).len() + 1)),
        ),
    ];
    for (name, reply) in cases {
        let (fixture, server, token) = scripted(reply).await;
        assert!(!fixture.accepts(&token).await, "{name}");
        assert_eq!(server.connections(), 1, "{name}");
        if matches!(name, "endless" | "100 MB") {
            server.given_up(1).await;
        }
    }
    // At the limit, and packed well below it, the same keys are good.
    for reply in [
        ScriptedResponse::body(200, right_keys(MAX_BODY_BYTES - right_keys(0).len())),
        ScriptedResponse::gzip(&right_keys(1000)),
    ] {
        let (fixture, _server, token) = scripted(reply).await;
        assert!(fixture.accepts(&token).await);
    }
}

#[tokio::test]
async fn k09_a_failing_key_server_is_not_asked_for_five_seconds() {
    let json = |body: &str| KeyResponse::body(200, JSON, body.to_owned());
    let broken = [
        KeyResponse::status(404),
        KeyResponse::status(500),
        KeyResponse::status(429),
        KeyResponse::status(503),
        KeyResponse::status(204),
        KeyResponse::status(206),
        KeyResponse::body(200, "text/html", "<html><body>Sign in</body></html>"),
        KeyResponse::body(200, "text/html", right_keys(0)),
        KeyResponse::body(200, "text/plain", right_keys(0)),
        KeyResponse::body(404, JSON, right_keys(0)),
        json(""),
        json("{}"),
        json("[]"),
        json("null"),
        json(r#"{"keys":null}"#),
        json(r#"{"keys":{}}"#),
        json(r#"{"keys":[{"kty":"RS"#),
        json("no json"),
        json(r#"{"keys":["#).cut(),
        KeyResponse::body(200, JSON, right_keys(0)).with(CONTENT_ENCODING, "gzip"),
    ];
    let fixture = Fixture::new().await;
    for answer in broken {
        let before = fixture.keys.fetches();
        fixture.keys.answer(answer.clone());
        for pause in [0, 0, 4] {
            later(&fixture.clock, pause);
            let said = fixture.answer(health(&fixture.rs256())).await;
            assert!(said.is_refusal() && said.message().contains("jwks_host"), "{said:?}");
            assert_eq!(fixture.keys.fetches(), before + 1, "{answer:?}");
        }
        later(&fixture.clock, 1);
    }
    assert_eq!(fixture.product.asked().len(), 0);
    for kind in ["application/json; charset=utf-8", "application/jwk-set+json"] {
        let healthy = Fixture::new().await;
        healthy.keys.answer(KeyResponse::body(200, kind, right_keys(0)));
        assert!(healthy.accepts(&healthy.rs256()).await, "{kind}");
    }
}
