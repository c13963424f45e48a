//! What a soundly signed token says: catalogue rows C01 to C12 and N19.

use relay_core::Environment;
use serde_json::{Value, json};
use testkit::{
    captured_logs,
    keys::RsaKey,
    token::{SECRET, Token},
};

use crate::{
    fixture::{CLIENT_SECRET, Fixture, NOW, account, hs256},
    test_call::{BASE, about, health, observe},
    wire::ScriptedResponse,
};

fn sign(token: Token) -> String {
    token.hs256(SECRET.as_bytes())
}

fn set(name: &'static str, value: &'static str) -> impl FnOnce(Environment) -> Environment {
    move |environment| environment.with(name, value)
}

#[tokio::test]
async fn c01_times_are_optional_until_the_operator_asks_for_an_end() {
    let lenient = Fixture::new().await;
    assert!(lenient.accepts(&hs256()).await && lenient.accepts(&lenient.rs256()).await);
    let strict = Fixture::with(set("REQUIRE_TOKEN_EXPIRY", "true")).await;
    let endless = [hs256(), strict.rs256()];
    strict.refuses_all(endless.map(|token| ("endless".to_owned(), token))).await;
    assert!(strict.accepts(&sign(account().claim("exp", NOW))).await);
    let ending = strict.configuration().claim("exp", NOW + 60);
    assert!(strict.accepts(&ending.rs256(RsaKey::shared())).await);
}

#[tokio::test]
async fn c02_a_token_ends_sixty_seconds_after_its_time() {
    let fixture = Fixture::new().await;
    for (past, accepted) in [(-3600, true), (0, true), (59, true), (61, false), (NOW, false)] {
        let shared = account().claim("exp", NOW - past);
        assert_eq!(fixture.accepts(&sign(shared)).await, accepted, "{past}");
        let configured = fixture.configuration().claim("exp", NOW - past);
        assert_eq!(fixture.accepts(&configured.rs256(RsaKey::shared())).await, accepted, "{past}");
    }
}

#[tokio::test]
async fn c03_invalid_times_are_refused() {
    let fixture = Fixture::new().await;
    let odd = [
        r#""1795172400""#,
        r#""soon""#,
        "null",
        "true",
        "[]",
        "[1795172400]",
        "{}",
        "1e300",
        "-1",
        "-1795172400",
        "9223372036854775808",
        "18446744073709551615",
        "1e400",
        "NaN",
        "Infinity",
        "253402300800",
        "0x7fffffff",
    ];
    for claim in ["exp", "nbf", "iat"] {
        let payload =
            |value| format!(r#"{{"client_id":"a","client_secret":"b","{claim}":{value}}}"#);
        let token =
            |value| (format!("{claim} {value}"), sign(Token::new().raw_payload(payload(value))));
        fixture.refuses_all(odd.map(token)).await;
    }
}

#[tokio::test]
async fn c04_times_may_have_fractions() {
    let fixture = Fixture::new().await;
    let until = |end: f64| sign(account().claim("exp", end));
    assert!(fixture.accepts(&until(NOW as f64 + 0.5)).await);
    assert!(fixture.accepts(&until(NOW as f64 - 59.5)).await);
    assert!(!fixture.accepts(&until(NOW as f64 - 60.5)).await);
    let since = account().claim("nbf", NOW as f64 - 0.25).claim("iat", NOW as f64 + 0.75);
    assert!(fixture.accepts(&sign(since)).await);
}

#[tokio::test]
async fn c05_a_token_of_the_future_is_refused() {
    let fixture = Fixture::new().await;
    let cases = [
        ("nbf", 59, true),
        ("nbf", 61, false),
        ("nbf", 86_400, false),
        ("iat", 299, true),
        ("iat", 301, false),
        ("iat", -86_400, true),
        ("nbf", -86_400, true),
    ];
    for (claim, ahead, accepted) in cases {
        let shared = account().claim(claim, NOW + ahead);
        assert_eq!(fixture.accepts(&sign(shared)).await, accepted, "{claim} {ahead}");
        let configured = fixture.configuration().claim(claim, NOW + ahead).rs256(RsaKey::shared());
        assert_eq!(fixture.accepts(&configured).await, accepted, "{claim} {ahead}");
    }
}

#[tokio::test]
async fn n19_the_log_shows_both_clocks_beside_an_expired_token() {
    let fixture = Fixture::new().await;
    for (claim, ahead, says) in [
        ("exp", -600, "2026-11-20T09:50:00Z"),
        ("nbf", 600, "2026-11-20T10:10:00Z"),
        ("iat", 600, "2026-11-20T10:10:00Z"),
    ] {
        let lines = captured_logs::listen();
        let answer = fixture.answer(health(&sign(account().claim(claim, NOW + ahead)))).await;
        assert!(answer.is_refusal() && !answer.text.contains("2026"), "{answer:?}");
        let both = format!("token.claim={claim} token.says={says} clock=2026-11-20T10:00:00Z");
        assert_eq!((lines.count(&both), lines.count("the clock of this function")), (1, 1));
    }
    let lines = captured_logs::listen();
    assert!(!fixture.accepts(&sign(account().claim("exp", "soon"))).await);
    assert_eq!((lines.count("token.claim=exp"), lines.count("clock")), (1, 0));
}

#[tokio::test]
async fn c06_a_configuration_token_names_its_audience() {
    let fixture = Fixture::new().await;
    let nobody = fixture.configuration().without_claim("aud").rs256(RsaKey::shared());
    fixture.refuses_all([("no aud".to_owned(), nobody)]).await;
    // A relay whose gateway does not name it is nobody's audience.
    let empty = fixture.configuration().claim("aud", "").rs256(RsaKey::shared());
    for token in [empty, fixture.rs256()] {
        assert!(!fixture.accepts_ask(health(&token).at_nowhere()).await);
    }
    assert_eq!(fixture.keys.fetches(), 0);
}

#[tokio::test]
async fn c07_the_audience_is_this_relay() {
    let fixture = Fixture::new().await;
    let token = |aud: Value| fixture.configuration().claim("aud", aud).rs256(RsaKey::shared());
    let ours = [
        json!(BASE),
        json!(format!("{BASE}/")),
        json!([BASE]),
        json!(["https://other.example", format!("{BASE}/"), 7]),
        json!("https://RELAY.example/prod"),
        json!("https://relay.example:443/prod"),
    ];
    let others = [
        json!("https://other.example/prod"),
        json!("https://relay.example"),
        json!(format!("{BASE}//")),
        json!(format!("{BASE}/health")),
        json!("https://relay.example/PROD"),
        json!("http://relay.example/prod"),
        json!("https://relay.example:8443/prod"),
        json!("https://relay.example@evil.test/prod"),
        json!("https://relay.example\\/prod"),
        json!("https://relay.example.evil.test/prod"),
        json!(""),
        json!("/"),
        json!([]),
        json!([[BASE]]),
        json!([null, 7, {}]),
        json!({"aud": BASE}),
        json!(null),
        json!(7),
        json!(true),
    ];
    // An audience is checked wherever a token has one.
    let shared = |aud: Value| sign(account().claim("aud", aud));
    for aud in others {
        let tokens = [token(aud.clone()), shared(aud.clone())];
        fixture.refuses_all(tokens.map(|token| (aud.to_string(), token))).await;
    }
    for aud in ours {
        assert!(fixture.accepts(&token(aud.clone())).await, "{aud}");
        assert!(fixture.accepts(&shared(aud.clone())).await, "{aud}");
    }
    assert!(!fixture.accepts_ask(health(&shared(json!(BASE))).at_nowhere()).await);
}

#[tokio::test]
async fn c08_a_token_that_names_another_relay_is_refused() {
    let fixture = Fixture::new().await;
    let others =
        [json!("misp"), json!("Probe"), json!("probe "), json!(""), json!(null), json!(["probe"])];
    for name in others {
        let shared = sign(account().claim("relay", name.clone()));
        let configured = fixture.configuration().claim("relay", name.clone());
        let tokens = [shared, configured.rs256(RsaKey::shared())];
        fixture.refuses_all(tokens.map(|token| (name.to_string(), token))).await;
    }
    assert!(fixture.accepts(&sign(account().claim("relay", "probe"))).await);
    let configured = fixture.configuration().claim("relay", "probe").rs256(RsaKey::shared());
    assert!(fixture.accepts(&configured).await);
}

#[tokio::test]
async fn c09_blanks_around_a_credential_are_not_part_of_it() {
    let fixture = Fixture::new().await;
    let token = sign(account().claim("client_secret", format!(" {CLIENT_SECRET}\n")));
    assert!(fixture.accepts(&token).await);
    let sent = fixture.product.asked();
    assert_eq!(sent.last().unwrap().header("x-api-key"), CLIENT_SECRET);
    assert!(!fixture.accepts(&sign(account().claim("client_secret", " \t"))).await);
}

#[tokio::test]
async fn c08_a_token_for_another_relay_is_refused() {
    let fixture =
        Fixture::with(set("RELAY_BASE_URL", "https://a.example, https://b.example/v1/")).await;
    let configured = |aud: &str| fixture.configuration().claim("aud", aud).rs256(RsaKey::shared());
    let shared = |aud: &str| sign(account().claim("aud", aud));
    for aud in ["https://a.example", "https://a.example/", "https://b.example/v1"] {
        assert!(fixture.accepts(&configured(aud)).await, "{aud}");
        assert!(fixture.accepts(&shared(aud)).await, "{aud}");
    }
    // What the operator says counts; what the gateway says does not any more.
    for aud in [BASE, "https://c.example", "https://b.example"] {
        fixture
            .refuses_all([(aud.to_owned(), configured(aud)), (aud.to_owned(), shared(aud))])
            .await;
    }
    let other_relays_key = account().hs256(SECRET.replace("testkit", "another").as_bytes());
    fixture.refuses_all([("key".to_owned(), other_relays_key)]).await;
}

#[tokio::test]
async fn c09_every_credential_must_be_a_text_that_is_not_empty() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    let odd = [json!(""), json!(null), json!(7), json!(["a"]), json!({"a": 1}), json!(true)];
    let broken = odd.into_iter().map(|value| account().claim("client_secret", value));
    for token in broken.chain([account().without_claim("client_secret"), Token::new()]) {
        let answer = fixture.answer(health(&sign(token))).await;
        assert!(
            answer.is_refusal() && answer.message().contains("lacks a credential"),
            "{answer:?}"
        );
    }
    let configured = fixture.configuration().without_claim("client_id").rs256(RsaKey::shared());
    assert!(!fixture.accepts(&configured).await);
}

#[tokio::test]
async fn c10_credentials_that_no_header_can_hold_are_invalid_input() {
    let fixture = Fixture::new().await;
    let before = fixture.product.asked().len();
    for secret in ["a\r\nx-injected: 1", "a\nb", "a\0b", "ключ", "a\u{7f}", "a\tb", "schlüssel"]
    {
        let token = sign(account().claim("client_secret", secret));
        let answer = fixture.answer(health(&token)).await;
        assert_eq!((answer.status, answer.codes()), (200, vec!["invalid argument"]), "{secret:?}");
        assert!(!answer.text.contains(secret));
    }
    let large = sign(account().claim("client_secret", "x".repeat(64 * 1024)));
    assert!(fixture.answer(health(&large)).await.is_refusal());
    assert_eq!(fixture.product.asked().len(), before);
    // In a form there is nothing to split: the product may judge such a secret itself.
    let secret = "a\r\nb&grant_type=x=+%ключ";
    let answer =
        fixture.answer(observe(&sign(account().claim("client_secret", secret)), &["a.test"]));
    assert!(answer.await.is_ok());
    assert_eq!(fixture.product.asked()[before].form()["client_secret"], secret);
}

#[tokio::test]
async fn c11_the_limit_falls_back_and_has_a_ceiling() {
    let fixture = Fixture::with(set("CTR_ENTITIES_LIMIT", "7")).await;
    let hits: Vec<_> = (0..1_100).map(|id| json!({"id": id.to_string()})).collect();
    fixture.product.always("/search", ScriptedResponse::json(&json!({"hits": hits})));
    let cases = [
        (json!("5"), 5),
        (json!(5), 5),
        (json!("0005"), 5),
        (json!(1_000_000_000), 1000),
        (json!("99999999999999999999999"), 1000),
        (json!(-1), 7),
        (json!(0), 7),
        (json!("0"), 7),
        (json!("-5"), 7),
        (json!("+5"), 7),
        (json!(" 5"), 7),
        (json!("5.0"), 7),
        (json!(5.5), 7),
        (json!("abc"), 7),
        (json!(null), 7),
        (json!([5]), 7),
        (json!(true), 7),
    ];
    for (claim, expected) in cases {
        let token = sign(account().claim("CTR_ENTITIES_LIMIT", claim.clone()));
        let answer = fixture.answer(observe(&token, &["a.test"])).await;
        assert_eq!(answer.docs("sightings").len(), expected, "{claim}");
    }
    for odd in ["many", "0", "-1"] {
        let default = Fixture::with(set("CTR_ENTITIES_LIMIT", odd)).await;
        default.product.always("/search", ScriptedResponse::json(&json!({"hits": hits})));
        let answer = default.answer(observe(&hs256(), &["a.test"])).await;
        assert_eq!(answer.docs("sightings").len(), 100, "{odd}");
    }
}

#[tokio::test]
async fn c12_a_token_may_be_reused() {
    let fixture = Fixture::new().await;
    let (shared, configured) = (hs256(), fixture.rs256());
    for token in [&shared, &configured].into_iter().cycle().take(10_000) {
        let answer = about("refer", token, &[]).unchecked(&fixture.service).await;
        assert_eq!(answer.text, r#"{"data":[]}"#);
    }
    assert_eq!((fixture.keys.fetches(), fixture.product.asked().len()), (1, 0));
}
