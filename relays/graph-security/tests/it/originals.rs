//! Where the earlier relays were wrong: the rows of spec §10 that no other test is named after.

use relay_core::{Clock, Environment, Service, SystemResolver};
use serde_json::{Value, json};
use testkit::{
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Token, seconds_from_now},
};

use crate::test_relay::{
    ADDRESS, OBSERVE, SHA256, TestRelay, bearer, codes, contoso, message, one, sightings,
};

/// A configuration token for a key server.
fn configured(host: &str) -> Token {
    let token = Token::new().claims(contoso()).claim("aud", "https://relay.example");
    token.claim("jwks_host", host).kid("k1")
}

async fn refused(relay: &TestRelay, token: String) -> String {
    let answer = relay.send(&format!("Bearer {token}"), "/health", "").await;
    assert_eq!(codes(&answer), [("fatal", "authorization error")]);
    message(&answer).to_owned()
}

#[tokio::test]
async fn no01_i01_a_value_is_never_a_query() {
    let v2 = TestRelay::with(&[("GRAPH_V2_STRATEGY", "filter")]).await;
    let hunted = TestRelay::with(&[("GRAPH_V2_STRATEGY", "hunting")]).await;
    let legacy = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    for value in [
        "x' or 1 eq 1 or 'a' eq 'a",
        "x') or contains(e/microsoft.graph.security.urlEvidence/url, 'a",
        "x'&$top=999",
        "x' #",
        "%27 or 1 eq 1",
        r"x\' | union AlertEvidence //",
        "x\\",
        "'])); AlertEvidence | take 5 //",
        "’ or 1 eq 1 or ‘a‘ eq ’a",
    ] {
        for kind in ["file_name", "file_path", "url", "domain", "hostname"] {
            for relay in [&v2, &hunted, &legacy] {
                let answer = relay.observe(&one(kind, value)).await;
                assert_eq!(answer, json!({"data": {}}), "{kind} {value}");
            }
        }
    }
}

#[tokio::test]
async fn no01_names_with_every_mark_are_found() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    let answer = relay.observe(&one("file_name", "o'neil & söhne #1.exe")).await;
    assert_eq!(sightings(&answer).len(), 1);
}

#[tokio::test]
async fn no02_keys_are_fetched_from_no_host_of_a_tokens_choice() {
    let canary = JwksServer::start([Jwk::rsa(RsaKey::shared()).for_rs256().kid("k1")]).await;
    let relay = TestRelay::open().await;
    for host in [canary.host(), format!("{}/x?", canary.host()), "evil.example/x?".to_owned()] {
        refused(&relay, configured(&host).rs256(RsaKey::shared())).await;
    }
    assert_eq!((canary.connections(), relay.sandbox.calls().len()), (0, 0));
}

#[tokio::test]
async fn no05_no_token_leaves_the_relay() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", ADDRESS)).await.to_string();
    let token = relay.calls(crate::test_relay::BATCH)[0].authorization().unwrap().to_owned();
    assert!(!answer.contains(token.strip_prefix("Bearer ").unwrap()));
}

#[tokio::test]
async fn no08_a_hash_has_the_type_that_the_provider_names() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    let answer = relay.observe(&one("file_name", "upd.exe")).await;
    let mut kinds: Vec<_> = sightings(&answer)
        .iter()
        .flat_map(|it| it["relations"].as_array().unwrap())
        .map(|relation| relation["related"]["type"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["md5", "sha1", "sha256"]);
}

#[tokio::test]
async fn no09_a_limit_that_is_none_falls_to_the_next_source() {
    let relay = TestRelay::with(&[("CTR_ENTITIES_LIMIT", "2")]).await;
    for (claim, found) in [
        (json!(null), 2),
        (json!(2.9), 2),
        (json!(true), 2),
        (json!("many"), 2),
        (json!(0), 2),
        (json!(3), 3),
        (json!("3"), 3),
        (json!(5000), 4),
    ] {
        let mut claims = contoso();
        claims["CTR_ENTITIES_LIMIT"] = claim.clone();
        let answer = relay.ask_with(claims, OBSERVE, &one("ip", ADDRESS)).await;
        assert_eq!(sightings(&answer).len(), found, "{claim}");
    }
}

#[tokio::test]
async fn no11_odd_tokens_are_authorization_errors() {
    let relay = TestRelay::open().await;
    let expired = Token::new().claims(contoso()).claim("exp", seconds_from_now(-1_000_000_000));
    refused(&relay, expired.hs256(SECRET.as_bytes())).await;
    for authorization in ["", "Bearer", "Bearer a b", "Basic YTpi", "Bearer nonsense"] {
        let answer = relay.send(authorization, "/health", "").await;
        assert_eq!(codes(&answer), [("fatal", "authorization error")], "{authorization}");
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn no12_no17_no19_configuration_tokens() {
    let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).for_rs256().kid("k1")]).await;
    let relay = TestRelay::with(&[("JWKS_HOSTS", &keys.origin())]).await;
    for _ in 0..3 {
        let token = configured(&keys.host()).rs256(RsaKey::shared());
        let answer = relay.send(&format!("Bearer {token}"), "/health", "").await;
        assert_eq!(answer, json!({"data": {"status": "ok"}}));
    }
    assert_eq!(keys.fetches(), 1, "the key set is cached");
    let kid = refused(&relay, configured(&keys.host()).kid("k2").rs256(RsaKey::shared())).await;
    let host = configured(&keys.host()).without_claim("jwks_host").rs256(RsaKey::shared());
    assert_ne!(kid, refused(&relay, host).await);
    let other = configured(&keys.host()).claim("aud", "https://other.example");
    refused(&relay, other.rs256(RsaKey::shared())).await;
}

#[tokio::test]
async fn no13_an_observable_is_asked_about_once() {
    let relay = TestRelay::open().await;
    let wanted = json!([
        {"type": "SHA256", "value": SHA256.to_uppercase()},
        {"type": "sha256", "value": SHA256},
        {"type": "ip", "value": ADDRESS},
        {"type": "IP", "value": ADDRESS},
    ]);
    let answer = relay.ask(OBSERVE, &wanted).await;
    let batch = relay.calls(crate::test_relay::BATCH)[0].json().unwrap();
    assert_eq!(batch["requests"].as_array().unwrap().len(), 2);
    assert_eq!(sightings(&answer)[0]["observables"][0]["value"], SHA256.to_uppercase());
}

#[tokio::test]
async fn no14_nothing_is_sent_empty_or_null() {
    fn check(value: &Value) {
        match value {
            // The cells of a table keep their columns.
            Value::Object(members) if members.contains_key("rows") => {}
            Value::Array(items) => {
                assert!(!items.is_empty());
                items.iter().for_each(check);
            }
            Value::Object(members) => members.values().for_each(check),
            other => assert!(!other.is_null() && *other != json!("")),
        }
    }
    for backend in ["alerts_v2", "alerts"] {
        let relay = TestRelay::with(&[("GRAPH_BACKEND", backend)]).await;
        check(&relay.observe(&one("ip", ADDRESS)).await);
    }
}

#[tokio::test]
async fn no18_members_of_later_times_are_ignored() {
    let relay = TestRelay::open().await;
    let wanted = json!([{"type": "ip", "value": ADDRESS, "confidence": {"of": "the asker"}}]);
    assert_eq!(sightings(&relay.observe(&wanted).await).len(), 4);
}

#[tokio::test]
async fn no20_the_backend_is_a_setting_and_todays_is_the_default() {
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    let batch = relay.calls(crate::test_relay::BATCH)[0].json().unwrap();
    assert!(batch["requests"][0]["url"].as_str().unwrap().starts_with("/security/alerts_v2?"));
}

#[tokio::test]
async fn l09_a_bad_setting_is_named() {
    for (name, value) in [
        ("GRAPH_BACKEND", "alerts_v3"),
        ("GRAPH_V2_STRATEGY", "both"),
        ("GRAPH_CLOUD", "china"),
        ("GRAPH_BASE_URL", "graph.microsoft.com"),
        ("LOGIN_BASE_URL", "http://login.example"),
    ] {
        let environment = Environment::of([("SECRET_KEY", SECRET), (name, value)]);
        let lookup = std::sync::Arc::new(SystemResolver);
        let service =
            Service::<graph_security::GraphSecurity>::with(&environment, Clock::default(), lookup);
        let Err(bad) = service.await else { panic!("{name} is accepted") };
        assert!(bad.to_string().starts_with(name) && !bad.to_string().contains(value), "{bad}");
    }
}

#[tokio::test]
async fn ids_are_the_same_on_any_day_in_any_order() {
    let ids = |answer: &Value| {
        let mut ids: Vec<_> = sightings(answer).iter().map(|it| it["id"].to_string()).collect();
        ids.sort();
        ids
    };
    let relay = TestRelay::open().await;
    let [ip, hash] =
        [json!({"type": "ip", "value": ADDRESS}), json!({"type": "sha256", "value": SHA256})];
    let first = relay.observe(&json!([ip, hash])).await;
    relay.clock.advance(std::time::Duration::from_secs(200_000));
    let second = relay.send(&bearer(contoso()), OBSERVE, &json!([hash, ip]).to_string()).await;
    assert_eq!(ids(&first), ids(&second));
}
