//! The key server, called by a bare HTTP/1.1 client.

use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use testkit::{
    jwk::Jwk,
    jwks::{JwksServer, KeyResponse, PATH},
    keys::RsaKey,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends a request that ends the connection, and returns what comes until it ends.
async fn ask(server: &JwksServer, path: &str) -> Vec<u8> {
    let mut stream = requested(server, path).await;
    let mut answer = Vec::new();
    // A broken connection is one of the scripted answers: what came before it counts.
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

async fn requested(server: &JwksServer, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.host()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: keys.example\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

fn text(answer: &[u8]) -> (&str, &str) {
    let answer = std::str::from_utf8(answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap()
}

fn keys(answer: &[u8]) -> Value {
    serde_json::from_str(text(answer).1).unwrap()
}

#[tokio::test]
async fn keys_are_published_rotated_and_withdrawn() {
    let key = |kid| Jwk::rsa(RsaKey::shared()).kid(kid);
    let server = JwksServer::start([key("old")]).await;
    assert_eq!(keys(&ask(&server, PATH).await)["keys"][0]["kid"], "old");
    server.publish([key("new"), key("old")]);
    assert_eq!(keys(&ask(&server, PATH).await)["keys"][0]["kid"], "new");
    server.publish([] as [Value; 0]);
    assert_eq!(keys(&ask(&server, PATH).await), json!({"keys": []}));
    assert_eq!((server.fetches(), server.connections()), (3, 3));
}

#[tokio::test]
async fn every_request_is_seen_and_only_those_for_keys_are_fetches() {
    let server = JwksServer::start([] as [Value; 0]).await;
    assert_eq!(server.origin(), format!("http://{}", server.host()));
    assert_eq!((server.connections(), server.seen().len()), (0, 0));
    let answer = ask(&server, "/elsewhere?x=1").await;
    assert!(text(&answer).0.starts_with("HTTP/1.1 404"));
    ask(&server, PATH).await;
    let seen = server.seen();
    assert_eq!([&*seen[0].target, &*seen[1].target], ["/elsewhere?x=1", PATH]);
    assert_eq!(seen[0].headers["host"], "keys.example");
    assert_eq!((server.fetches(), server.connections()), (1, 2));
}

#[tokio::test]
async fn scripted_answers_come_first_and_once() {
    let server = JwksServer::start([] as [Value; 0]).await;
    server.answer_once(KeyResponse::status(503));
    server.answer_once(KeyResponse::redirect(302, "http://127.0.0.1:9/"));
    server.answer_once(KeyResponse::body(200, "text/html", "<html>"));
    let (head, body) = (ask(&server, PATH).await, ask(&server, PATH).await);
    assert!(text(&head).0.starts_with("HTTP/1.1 503"));
    assert!(text(&body).0.contains("location: http://127.0.0.1:9/"));
    let html = ask(&server, PATH).await;
    assert!(text(&html).0.contains("content-type: text/html"));
    assert_eq!(text(&html).1, "<html>");
    assert_eq!(keys(&ask(&server, PATH).await), json!({"keys": []}));
}

#[tokio::test]
async fn a_gzip_bomb_unpacks_to_blanks_behind_an_empty_set() {
    const UNPACKED: usize = 3_000_001;
    let server = JwksServer::start([] as [Value; 0]).await;
    server.answer(KeyResponse::gzip_bomb(UNPACKED));
    let answer = ask(&server, PATH).await;
    let start = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(std::str::from_utf8(&answer[..start]).unwrap().contains("content-encoding: gzip"));
    assert!(answer.len() < UNPACKED / 100);
    let unpacked = std::io::read_to_string(GzDecoder::new(&answer[start..])).unwrap();
    assert_eq!(unpacked.len(), r#"{"keys":[]}"#.len() + UNPACKED);
    assert_eq!(serde_json::from_str::<Value>(&unpacked).unwrap(), json!({"keys": []}));
}

#[tokio::test]
async fn answers_that_never_end_well() {
    let server = JwksServer::start([] as [Value; 0]).await;
    let begun = KeyResponse::body(200, "application/json", r#"{"keys":["#);

    server.answer(begun.clone().cut());
    let cut = ask(&server, PATH).await;
    assert!(text(&cut).1.contains(r#"{"keys":["#) && !cut.ends_with(b"0\r\n\r\n"));

    server.answer(begun.clone().endless());
    let mut endless = requested(&server, PATH).await;
    let mut megabyte = vec![0; 1024 * 1024];
    endless.read_exact(&mut megabyte).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn answers_that_never_come() {
    let server = JwksServer::start([] as [Value; 0]).await;
    let begun = KeyResponse::body(200, "application/json", r#"{"keys":["#);

    server.answer(begun.stalled());
    let mut stalled = requested(&server, PATH).await;
    let mut start = [0; 8];
    stalled.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1");
    let rest = timeout(Duration::from_secs(3600), stalled.read_to_end(&mut Vec::new())).await;
    assert!(rest.is_err());

    server.answer(KeyResponse::silent());
    let mut silent = requested(&server, PATH).await;
    server.reached(2).await;
    assert!(timeout(Duration::from_secs(3600), silent.read_u8()).await.is_err());
}

#[tokio::test]
async fn held_requests_are_counted_before_they_are_answered() {
    let server = JwksServer::start([] as [Value; 0]).await;
    server.hold();
    let both = async { tokio::join!(ask(&server, PATH), ask(&server, PATH)) };
    let release = async {
        server.reached(2).await;
        server.publish([json!({"kid": "late"})]);
        server.release();
    };
    let ((first, second), ()) = tokio::join!(both, release);
    assert_eq!(keys(&first), json!({"keys": [{"kid": "late"}]}));
    assert_eq!(keys(&first), keys(&second));
    assert_eq!(server.fetches(), 2);
}
