//! Who is let in: tokens under the shared secret and configuration tokens.

use http::header::AUTHORIZATION;
use relay_core::route::Route;
use serde_json::{Value, json};

use super::{Ask, BASE_URL, NOW, Stage, Subject, policies};
use crate::{
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Signer, Token},
};

const KID: &str = "key-1";

fn health<S: Subject>(token: &str) -> Ask {
    Ask::sound::<S>(Route::Health).token(token)
}

/// The second so long from now, as `exp`, `nbf` and `iat` write it.
fn seconds(from_now: i64) -> i64 {
    NOW.as_second() + from_now
}

fn usual<S: Subject>() -> Token {
    Token::new().claims(S::claims())
}

/// Sound tokens are let in: with and without times, whole or not, the scheme in any case.
pub async fn c01_c04_sound_tokens_are_let_in<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let in_time =
        usual::<S>().claim("exp", seconds(60)).claim("nbf", seconds(0)).claim("iat", seconds(-60));
    let in_fractions = usual::<S>().claim("exp", NOW.as_second() as f64 + 0.5);
    for token in [usual::<S>(), in_time, in_fractions] {
        let token = token.hs256(SECRET.as_bytes());
        stage.ask(health::<S>(&token)).await.assert_good();
        let lower = health::<S>("").header(AUTHORIZATION, &format!("bearer {token}"));
        stage.ask(lower).await.assert_good();
    }
}

/// Behind every gate, a token that is not sound is refused before the product is asked.
pub async fn j01_j03_j06_j11_j18_unsound_tokens_are_refused<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let secret = SECRET.as_bytes();
    let sound = usual::<S>().hs256(secret);
    let tokens = [
        usual::<S>().hs256(b"another secret that is long enough too, and not ours"),
        usual::<S>().hs256(b""),
        usual::<S>().sign(&Signer::None),
        usual::<S>().sign(&Signer::Hs512(secret)),
        usual::<S>().header("alg", "RS256").hs256(secret),
        usual::<S>().header("alg", "none").hs256(secret),
        usual::<S>().header("crit", json!(["exp"])).hs256(secret),
        usual::<S>().header("crit", json!(["x"])).header("x", 1).hs256(secret),
        usual::<S>().header("crit", json!([])).hs256(secret),
        usual::<S>().sign(&Signer::Bytes(&[0; 32])),
        usual::<S>().raw_payload("[]").hs256(secret),
        format!("{sound}x"),
        sound[..sound.len() - 2].to_owned(),
        sound.replace('.', ""),
        sound.rsplit_once('.').unwrap_or_default().0.to_owned(),
        format!("{sound}."),
        format!("{sound}.x.y"),
        "..".to_owned(),
        String::new(),
    ];
    for route in policies::guarded::<S>() {
        for token in &tokens {
            stage.ask(Ask::sound::<S>(route).token(token)).await.assert_refusal();
        }
    }
    assert_eq!(stage.calls(), 0);
}

/// A token counts in its time, give or take a minute, and for ever only where that is allowed.
pub async fn c01_c02_c03_c05_tokens_out_of_time_are_refused<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let odd = ["never".into(), json!(null), json!(true), json!([0]), json!(-1), json!(1e300)];
    let odd = odd.into_iter().flat_map(|odd| ["exp", "nbf", "iat"].map(|name| (name, odd.clone())));
    let late = [("exp", seconds(-61)), ("nbf", seconds(61)), ("iat", seconds(301))];
    for (name, odd) in odd.chain(late.map(|(name, late)| (name, json!(late)))) {
        let token = usual::<S>().claim(name, odd).hs256(SECRET.as_bytes());
        stage.ask(health::<S>(&token)).await.assert_refusal();
    }
    assert_eq!(stage.calls(), 0);
    let just = [("exp", seconds(-59)), ("nbf", seconds(59)), ("iat", seconds(299))];
    for token in just.map(|(name, just)| usual::<S>().claim(name, just)) {
        stage.ask(health::<S>(&token.hs256(SECRET.as_bytes()))).await.assert_good();
    }
    let strict = Stage::<S>::with(&[("REQUIRE_TOKEN_EXPIRY", "true")]).await;
    strict.ask(Ask::sound::<S>(Route::Health)).await.assert_refusal();
    let ending = usual::<S>().claim("exp", seconds(60)).hs256(SECRET.as_bytes());
    strict.ask(health::<S>(&ending)).await.assert_good();
}

/// An `Authorization` header of another form is a refusal, never a failure.
pub async fn j21_odd_headers_are_refused<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let sound = usual::<S>().hs256(SECRET.as_bytes());
    for value in ["", "Bearer", &sound, "Basic dTpw", &format!("Bearer {sound} x"), "Bearer  x"] {
        let ask = Ask::sound::<S>(Route::Health).header(AUTHORIZATION, value);
        stage.ask(ask).await.assert_refusal();
    }
    let twice = health::<S>(&sound).another_header(AUTHORIZATION, &format!("Bearer {sound}"));
    stage.ask(twice).await.assert_refusal();
    stage.ask(health::<S>("").without_token()).await.assert_refusal();
    assert_eq!(stage.calls(), 0);
}

/// Each credential has to be there, and not empty.
pub async fn c09_every_credential_is_needed<S: Subject>() {
    let stage = Stage::<S>::set().await;
    for name in S::CREDENTIALS {
        let mut claims = S::claims();
        claims.as_object_mut().expect("claims are an object").remove(*name);
        stage.ask(Ask::sound::<S>(Route::Health).claims(claims.clone())).await.assert_refusal();
        for odd in [json!(null), json!(""), json!(["x"]), json!({"x": "y"}), json!(true)] {
            claims[*name] = odd;
            let ask = Ask::sound::<S>(Route::Health).claims(claims.clone());
            stage.ask(ask).await.assert_refusal();
        }
    }
    assert_eq!(stage.calls(), 0);
}

/// A relay, and the key server of its region.
async fn region<S: Subject>() -> (Stage<S>, JwksServer) {
    let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
    (Stage::with(&[("JWKS_HOSTS", &keys.origin())]).await, keys)
}

fn configuration<S: Subject>(keys: &JwksServer) -> Token {
    usual::<S>().kid(KID).claim("aud", BASE_URL).claim("jwks_host", keys.host())
}

/// A configuration token of the relay's region is let in; its key is fetched once.
pub async fn c07_configuration_tokens_are_let_in<S: Subject>() {
    let (stage, keys) = region::<S>().await;
    for audience in [json!(BASE_URL), json!(format!("{BASE_URL}/")), json!(["x", BASE_URL])] {
        let token = configuration::<S>(&keys).claim("aud", audience).rs256(RsaKey::shared());
        stage.ask(health::<S>(&token)).await.assert_good();
    }
    assert_eq!(keys.fetches(), 1);
}

/// A configuration token for somebody else, or of nobody's key, is refused.
pub async fn j05_c06_c07_c08_k01_strange_configuration_tokens_are_refused<S: Subject>() {
    let (stage, keys) = region::<S>().await;
    let stranger = JwksServer::start([Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256()]).await;
    let sound = || configuration::<S>(&keys);
    for token in [
        sound().without_claim("aud"),
        sound().claim("aud", "https://another-relay.example"),
        sound().claim("aud", format!("{BASE_URL}/other")),
        sound().claim("aud", format!("{BASE_URL}//")),
        sound().claim("aud", BASE_URL.replace("https", "http")),
        sound().claim("aud", BASE_URL.to_uppercase()),
        sound().claim("aud", json!([])),
        sound().claim("aud", json!({"": BASE_URL})),
        sound().claim("aud", Value::Null),
        sound().without_claim("jwks_host"),
        sound().claim("jwks_host", stranger.host()),
        sound().claim("jwks_host", format!("{}/@{}", keys.host(), stranger.host())),
        sound().without_header("kid"),
        sound().kid("key-2"),
        sound().claim("exp", seconds(-120)),
    ] {
        stage.ask(health::<S>(&token.rs256(RsaKey::shared()))).await.assert_refusal();
    }
    stage.ask(health::<S>(&sound().hs256(&RsaKey::shared().public_der()))).await.assert_refusal();
    stage.ask(health::<S>(&sound().sign(&Signer::Bytes(&[0; 256])))).await.assert_refusal();
    assert_eq!((stage.calls(), stranger.connections()), (0, 0));
}
