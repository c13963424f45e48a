//! Shape, size and transport of tokens: catalogue rows J12 to J16 and J19 to J21.

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};
use http::{HeaderName, header};
use serde_json::json;
use testkit::{
    keys::RsaKey,
    token::{SECRET, Token, compact},
};

use crate::{
    fixture::{Fixture, KID, account, hs256},
    test_call::{health, post},
};

fn sign(token: Token) -> String {
    token.hs256(SECRET.as_bytes())
}

#[tokio::test]
async fn j12_compressed_and_encrypted_tokens_are_refused() {
    let fixture = Fixture::new().await;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(br#"{"client_id":"a","client_secret":"b"}"#).unwrap();
    let packed = packed.finish().unwrap();
    let attacks = [
        sign(account().header("zip", "DEF")),
        sign(account().header("zip", "DEF").raw_payload(packed)),
        sign(account().header("zip", "")),
        sign(account().header("enc", "A256GCM")),
        fixture.configuration().header("zip", "DEF").rs256(RsaKey::shared()),
        compact(&[br#"{"alg":"dir","enc":"A256GCM"}"#, b"", b"iv", b"text", b"tag"]),
        compact(&[br#"{"alg":"HS256"}"#, b"key", b"iv", b"text", b"tag"]),
    ];
    fixture.refuses_all(attacks.map(|token| (token.clone(), token))).await;
}

#[tokio::test]
async fn j13_json_serialized_tokens_are_refused() {
    let fixture = Fixture::new().await;
    let sound = hs256();
    let [protected, payload, signature] = sound.split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let part = json!({"protected": protected, "signature": signature});
    let forms = [
        json!({"payload": payload, "protected": protected, "signature": signature}),
        json!({"payload": payload, "signatures": [part]}),
        json!(sound),
        json!([sound]),
        json!({"token": sound}),
    ];
    fixture.refuses_all(forms.map(|form| (form.to_string(), form.to_string()))).await;
}

#[tokio::test]
async fn j14_tokens_for_other_purposes_are_refused() {
    let fixture = Fixture::new().await;
    let other = [
        json!("at+jwt"),
        json!("dpop+jwt"),
        json!("secevent+jwt"),
        json!("application/jwt"),
        json!("JWE"),
        json!("Jwt"),
        json!(""),
        json!(1),
        json!(null),
        json!(["JWT"]),
    ];
    let typed = |typ| account().header("typ", typ);
    let refused = other.map(|typ| (typ.to_string(), sign(typed(typ))));
    fixture.refuses_all(refused).await;
    for token in [account().without_header("typ"), typed(json!("JWT")), typed(json!("jwt"))] {
        assert!(fixture.accepts(&sign(token)).await);
    }
}

#[tokio::test]
async fn j15_a_header_with_a_repeated_member_is_refused() {
    let fixture = Fixture::new().await;
    let headers = [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"\u0061lg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
        r#"{"alg":"HS256","typ":"JWT","t\u0079p":"JWT"}"#,
        r#"{"alg":"HS256","other":1,"other":2}"#,
    ];
    let twice = headers.map(|it| (it.to_owned(), sign(account().raw_header(it))));
    fixture.refuses_all(twice).await;
    // Names are told apart by their letters: this one is merely unknown.
    assert!(fixture.accepts(&sign(account().raw_header(r#"{"alg":"HS256","ALG":"none"}"#))).await);
    let kid = format!(r#"{{"alg":"RS256","kid":"other","kid":"{KID}"}}"#);
    let token = fixture.configuration().raw_header(kid).rs256(RsaKey::shared());
    fixture.refuses_all([("kid".to_owned(), token)]).await;
}

#[tokio::test]
async fn j16_claims_with_a_repeated_member_are_refused() {
    let fixture = Fixture::new().await;
    let account = r#""client_id":"a","client_secret":"b""#;
    let claims = [
        format!(r#"{{{account},"client_id":"c"}}"#),
        format!(r#"{{{account},"client_\u0073ecret":"c"}}"#),
        format!(r#"{{{account},"exp":1,"exp":99999999999}}"#),
        format!(r#"{{{account},"x":null,"x":null}}"#),
    ];
    let twice = claims.map(|it| (it.clone(), sign(Token::new().raw_payload(it))));
    fixture.refuses_all(twice).await;
    assert!(fixture.accepts(&sign(Token::new().raw_payload(format!("{{{account}}}")))).await);
}

#[tokio::test]
async fn j19_parts_that_are_no_json_object_are_refused() {
    let fixture = Fixture::new().await;
    let good = br#"{"client_id":"a","client_secret":"b"}"#;
    let bad: [Vec<u8>; 14] = [
        b"".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"7".to_vec(),
        b"\"text\"".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"{'alg':'HS256'}".to_vec(),
        b"{\"a\":\"\xff\xfe\"}".to_vec(),
        [good.as_slice(), b"\0"].concat(),
        good.map(|byte| [byte, 0]).concat(),
        br#"{"a":"\ud800"}"#.to_vec(),
        nested(200),
        nested(5_000),
    ];
    for bytes in bad {
        let name = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        let header = sign(account().raw_header(bytes.clone()));
        let payload = sign(Token::new().raw_payload(bytes));
        fixture.refuses_all([(format!("header {name}"), header), (name, payload)]).await;
    }
    // Windows tools write such a mark before JSON; it changes nothing of what is said.
    let marked = [b"\xef\xbb\xbf", good.as_slice()].concat();
    assert!(fixture.accepts(&sign(Token::new().raw_payload(marked))).await);
    let deepest = Token::new().raw_payload(nested(100_000));
    fixture.refuses_all([("100,000 deep".to_owned(), sign(deepest))]).await;
}

fn nested(depth: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    let claims = r#""client_id":"a","client_secret":"b""#;
    format!(r#"{{"alg":"HS256",{claims},"deep":{open}{close}}}"#).into_bytes()
}

/// A sound token of exactly so many bytes.
fn of_size(bytes: usize, sound: impl Fn(usize, usize) -> String) -> String {
    let most = (bytes - sound(0, 0).len()) * 3 / 4;
    // Three bytes make four letters, so no single part has every length: two are tried together.
    let mut fillings = (0..4).flat_map(|header| (0..8).map(move |less| (header, most - less)));
    let token = fillings.find_map(|(header, payload)| {
        Some(sound(header, payload)).filter(|token| token.len() == bytes)
    });
    token.unwrap()
}

#[tokio::test]
async fn j20_tokens_above_sixteen_kibibytes_are_not_read() {
    const MOST: usize = 16 * 1024;
    let fixture = Fixture::new().await;
    let filled = |token: Token, header, payload| {
        token.header("h", "x".repeat(header)).claim("p", "x".repeat(payload))
    };
    let shared = |header, payload| sign(filled(account(), header, payload));
    let configured =
        |header, payload| filled(fixture.configuration(), header, payload).rs256(RsaKey::shared());
    for bytes in [8 * 1024, MOST - 1, MOST] {
        assert!(fixture.accepts(&of_size(bytes, shared)).await, "{bytes}");
        assert!(fixture.accepts(&of_size(bytes, configured)).await, "{bytes}");
    }
    for bytes in [MOST + 1, 64 * 1024, 1024 * 1024] {
        let large = [of_size(bytes, shared), of_size(bytes, configured)];
        fixture.refuses_all(large.map(|token| (bytes.to_string(), token))).await;
    }
}

#[tokio::test]
async fn j21_the_authorization_header_is_one_scheme_and_one_token() {
    let fixture = Fixture::new().await;
    let token = hs256();
    assert!(!fixture.accepts_ask(post("/health")).await, "no header");
    let wrong = [
        String::new(),
        token.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token} {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer \t{token}"),
        format!("Bearer,{token}"),
        format!("Bearer: {token}"),
        format!("Basic {token}"),
        format!("JWT {token}"),
        format!("Token {token}"),
        format!("\"Bearer {token}\""),
        format!("Bearer ä{token}"),
    ];
    for value in wrong {
        assert!(!fixture.accepts_ask(post("/health").authorization(&value)).await, "{value}");
    }
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let value = format!("{scheme} {token}");
        assert!(fixture.accepts_ask(post("/health").authorization(value)).await, "{scheme}");
    }
    for value in [
        format!("Bearer  {token}"),
        format!("Bearer     {token}"),
        format!("Bearer {token} "),
        format!(" Bearer {token}\t"),
    ] {
        assert!(fixture.accepts_ask(post("/health").authorization(&value)).await, "{value:?}");
    }
    let twice = health(&token).bearer(&token);
    assert!(!fixture.accepts_ask(twice).await, "two headers");
    let elsewhere = ["x-authorization", "proxy-authorization", "cookie"];
    for name in elsewhere.map(HeaderName::from_static) {
        let ask = post("/health").header(name, format!("Bearer {token}"));
        assert!(!fixture.accepts_ask(ask).await);
    }
    let beside = health(&token).header(header::COOKIE, "session=1");
    assert!(fixture.accepts_ask(beside).await);
}
