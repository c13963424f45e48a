//! Where the Python originals were wrong.
//! docs/relays/graph-security.md#differences-from-the-python-originals

use graph_security::GraphSecurity;
use http::header::AUTHORIZATION;
use relay_core::Route;
use serde_json::{Value, json};
use testkit::{
    Answer, TestRequest,
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Token, seconds_from_now},
};

use crate::test_relay::{ADDRESS, BATCH, SHA256, TestRelay, contoso, one, sightings};

/// Returns a configuration token whose keys are at `host`.
fn configured(host: &str) -> Token {
    let token = Token::new().claims(contoso()).claim("aud", "https://relay.example");
    token.claim("jwks_host", host).kid("k1")
}

async fn assert_refused(relay: &TestRelay, token: String) -> String {
    let answer = relay.send(TestRequest::bare(Route::Health).token(&token)).await;
    assert_eq!(answer.errors(), [("fatal", "authorization error")]);
    answer.message().to_owned()
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Values in queries.
#[tokio::test(start_paused = true)]
async fn i01_a_value_is_never_a_part_of_the_query() {
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

/// docs/relays/graph-security.md#differences-from-the-python-originals: Values in queries.
#[tokio::test(start_paused = true)]
async fn a_name_with_quotes_and_other_marks_is_found() {
    let relay = TestRelay::with(&[("GRAPH_BACKEND", "alerts")]).await;
    let answer = relay.observe(&one("file_name", "o'neil & söhne #1.exe")).await;
    assert_eq!(sightings(&answer).len(), 1);
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Key hosts.
#[tokio::test(start_paused = true)]
async fn keys_are_not_fetched_from_a_host_that_only_the_token_names() {
    let canary = JwksServer::start([Jwk::rsa(RsaKey::shared()).for_rs256().kid("k1")]).await;
    let relay = TestRelay::open().await;
    for host in [canary.host(), format!("{}/x?", canary.host()), "evil.example/x?".to_owned()] {
        assert_refused(&relay, configured(&host).rs256(RsaKey::shared())).await;
    }
    assert_eq!((canary.connections(), relay.sandbox.calls().len()), (0, 0));
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Access token.
#[tokio::test(start_paused = true)]
async fn the_access_token_is_not_in_the_answer() {
    let relay = TestRelay::open().await;
    let answer = relay.observe(&one("ip", ADDRESS)).await.to_string();
    let token = relay.calls(BATCH)[0].authorization().unwrap().to_owned();
    assert!(!answer.contains(token.strip_prefix("Bearer ").unwrap()));
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Hash types.
#[tokio::test(start_paused = true)]
async fn a_hash_has_the_type_that_the_provider_names() {
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

/// docs/relays/graph-security.md#differences-from-the-python-originals: Entity limit.
#[tokio::test(start_paused = true)]
async fn an_entity_limit_that_cannot_be_used_falls_to_the_next_source() {
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
        let answer = relay.observe_with(claims, &one("ip", ADDRESS)).await;
        assert_eq!(sightings(&answer).len(), found, "{claim}");
    }
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Refused tokens.
#[tokio::test(start_paused = true)]
async fn malformed_and_expired_tokens_are_authorization_errors() {
    let relay = TestRelay::open().await;
    let expired = Token::new().claims(contoso()).claim("exp", seconds_from_now(-1_000_000_000));
    assert_refused(&relay, expired.hs256(SECRET.as_bytes())).await;
    for authorization in ["", "Bearer", "Bearer a b", "Basic YTpi", "Bearer nonsense"] {
        let request = TestRequest::bare(Route::Health).header(AUTHORIZATION, authorization);
        let answer = relay.send(request).await;
        assert_eq!(answer.errors(), [("fatal", "authorization error")], "{authorization}");
    }
    assert_eq!(relay.sandbox.calls().len(), 0);
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Key hosts,
/// Refused tokens, Audience of tokens.
#[tokio::test(start_paused = true)]
async fn keys_are_cached_and_each_refusal_of_a_configuration_token_has_its_reason() {
    let keys = JwksServer::start([Jwk::rsa(RsaKey::shared()).for_rs256().kid("k1")]).await;
    let relay = TestRelay::with(&[("JWKS_HOSTS", &keys.origin())]).await;
    for _ in 0..3 {
        let token = configured(&keys.host()).rs256(RsaKey::shared());
        let answer = relay.send(TestRequest::bare(Route::Health).token(&token)).await;
        assert_eq!(answer, json!({"data": {"status": "ok"}}));
    }
    assert_eq!(keys.fetches(), 1, "the key set is cached");
    let kid =
        assert_refused(&relay, configured(&keys.host()).kid("k2").rs256(RsaKey::shared())).await;
    let host = configured(&keys.host()).without_claim("jwks_host").rs256(RsaKey::shared());
    assert_ne!(kid, assert_refused(&relay, host).await);
    let other = configured(&keys.host()).claim("aud", "https://other.example");
    assert_refused(&relay, other.rs256(RsaKey::shared())).await;
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Repeated observables.
#[tokio::test(start_paused = true)]
async fn a_repeated_observable_needs_one_request() {
    let relay = TestRelay::open().await;
    let observables = json!([
        {"type": "SHA256", "value": SHA256.to_uppercase()},
        {"type": "sha256", "value": SHA256},
        {"type": "ip", "value": ADDRESS},
        {"type": "IP", "value": ADDRESS},
    ]);
    let answer = relay.ask(Route::Observe, &observables).await;
    let batch = relay.calls(BATCH)[0].json().unwrap();
    assert_eq!(batch["requests"].as_array().unwrap().len(), 2);
    assert_eq!(sightings(&answer)[0]["observables"][0]["value"], SHA256.to_uppercase());
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Empty values.
#[tokio::test(start_paused = true)]
async fn no_member_of_an_answer_is_empty_or_null() {
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
        let answer = relay.observe(&one("ip", ADDRESS)).await;
        check(&answer);
    }
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Unknown members.
#[tokio::test(start_paused = true)]
async fn unknown_members_of_an_observable_are_ignored() {
    let relay = TestRelay::open().await;
    let observables = json!([{"type": "ip", "value": ADDRESS, "confidence": {"of": "the caller"}}]);
    assert_eq!(sightings(&relay.observe(&observables).await).len(), 4);
}

/// docs/relays/graph-security.md#differences-from-the-python-originals: Backend.
#[tokio::test(start_paused = true)]
async fn alerts_v2_is_the_default_backend() {
    let relay = TestRelay::open().await;
    relay.observe(&one("ip", ADDRESS)).await;
    let batch = relay.calls(BATCH)[0].json().unwrap();
    assert!(batch["requests"][0]["url"].as_str().unwrap().starts_with("/security/alerts_v2?"));
}

#[tokio::test(start_paused = true)]
async fn l09_a_setting_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("GRAPH_BACKEND", "alerts_v3"),
        ("GRAPH_V2_STRATEGY", "both"),
        ("GRAPH_CLOUD", "china"),
        ("GRAPH_BASE_URL", "graph.microsoft.com"),
        ("LOGIN_BASE_URL", "http://login.example"),
    ] {
        let relay = testkit::TestRelay::<GraphSecurity>::start().with(&[(name, value)]);
        let Err(bad) = relay.try_start().await else { panic!("{name} is accepted") };
        assert!(bad.to_string().starts_with(name) && !bad.to_string().contains(value), "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn ids_are_the_same_on_any_day_in_any_order() {
    let ids = |answer: &Answer| {
        let mut ids: Vec<_> = sightings(answer).iter().map(|it| it["id"].to_string()).collect();
        ids.sort();
        ids
    };
    let relay = TestRelay::open().await;
    let [ip, hash] =
        [json!({"type": "ip", "value": ADDRESS}), json!({"type": "sha256", "value": SHA256})];
    let first = relay.observe(&json!([ip, hash])).await;
    relay.clock.advance(std::time::Duration::from_secs(200_000));
    let second = relay.observe(&json!([hash, ip])).await;
    assert_eq!(ids(&first), ids(&second));
}
