//! `relayctl token`: made, shown, checked.

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt};

use serde_json::json;
use testkit::{
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Token},
};

use crate::tool::{Run, file, relayctl, run};

const KEY: &str = "misp-key-that-nobody-may-see";
const CREDENTIALS: &str =
    r#"{"AuthKey": "misp-key-that-nobody-may-see", "CTR_ENTITIES_LIMIT": 50}"#;

fn made(arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let arguments = [&["token", "make", "--relay", "misp"], arguments].concat();
    run(relayctl(&arguments).envs(environment.iter().copied()).write_stdin(CREDENTIALS))
}

fn verified(token: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    let arguments = [&["token", "verify", "--relay", "misp"], arguments].concat();
    run(relayctl(&arguments).env("RELAY_TOKEN", token).envs(environment.iter().copied()))
}

fn good() -> Token {
    Token::new().claim("AuthKey", KEY)
}

#[test]
fn a_new_secret_is_shown_and_verifies_the_token() {
    let made = made(&["--file", "-", "--json"], &[]).done().json();
    let (token, secret) = (made["token"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!(secret.len(), 64);
    let links: BTreeMap<_, _> = made["new_module"]
        .as_array()
        .unwrap()
        .iter()
        .map(|page| (page["region"].as_str().unwrap(), page["url"].as_str().unwrap()))
        .collect();
    assert_eq!(links.len(), 3);
    assert!(links["eu"].starts_with("https://xdr.eu.security.cisco.com/"));
    verified(token, &[("SECRET_KEY", secret)], &[]).done();
}

#[test]
fn the_secret_of_the_environment_is_used_and_shown_only_when_asked_for() {
    let set = [("SECRET_KEY", SECRET), ("AWS_REGION", "eu-central-1")];
    let shown = made(&["--file", "-", "--function", "relay-misp"], &set).done().out;
    assert!(!shown.contains(SECRET) && !shown.contains(KEY), "{shown}");
    let shown = made(&["--file", "-", "--show-secret", "--json"], &set).done().json();
    assert_eq!(shown["secret"], SECRET);
    let page = shown["function_settings"].as_str().unwrap();
    assert!(page.starts_with("https://eu-central-1.console.aws.amazon.com/lambda/"), "{page}");
    assert!(page.ends_with("#/functions"), "the name of the function is not known: {page}");
    let named = ["--file", "-", "--function", "threat-relays-dev-misp", "--json"];
    let page = made(&named, &set).done().json()["function_settings"].as_str().unwrap().to_owned();
    assert!(
        page.contains("/functions/threat-relays-dev-misp/edit/environment-variables"),
        "{page}"
    );
}

#[test]
fn credentials_may_come_from_the_environment() {
    let claims =
        [("CLAIM_AUTHKEY", KEY), ("CLAIM_CTR_ENTITIES_LIMIT", "7"), ("SECRET_KEY", SECRET)];
    let token = made(&["--json"], &claims).done().json()["token"].as_str().unwrap().to_owned();
    let shown =
        run(relayctl(&["token", "inspect", "--json", "--show-secrets"]).env("RELAY_TOKEN", token));
    assert_eq!(
        shown.done().json()["claims"],
        json!({"AuthKey": KEY, "CTR_ENTITIES_LIMIT": 7, "relay": "misp"})
    );
    let tenant = ["token", "make", "--relay", "graph-security"];
    run(relayctl(&tenant).env("CLAIM_TENANT_ID", "notaguid"))
        .failed(2, "TENANT_ID must be the directory's id");
    let wrong = [("CLAIM_AUTHKEY", KEY), ("CLAIM_CTR_ENTITIES_LIMIT", "many")];
    made(&[], &wrong).failed(2, "CLAIM_CTR_ENTITIES_LIMIT must be a whole number");
}

#[test]
fn what_is_missing_or_unknown_is_named() {
    made(&[], &[]).failed(2, "AuthKey is missing").failed(2, "CLAIM_AUTHKEY");
    let unknown = file(r#"{"AuthKey": "k", "Passwort": "geheim"}"#);
    let path = unknown.path().to_str().unwrap();
    let run = made(&["--file", path], &[]).failed(2, "holds Passwort, which misp does not read");
    assert!(!run.err.contains("geheim"), "{run:?}");
    let broken = file("AuthKey=geheim");
    let run =
        made(&["--file", broken.path().to_str().unwrap()], &[]).failed(2, "is not a JSON object");
    assert!(!run.err.contains("geheim"), "{run:?}");
    made(&["--file", "/nowhere/at/all"], &[]).failed(2, "/nowhere/at/all cannot be read");
    made(&["--file", "-"], &[("SECRET_KEY", "short")])
        .failed(2, "SECRET_KEY must be at least 32 bytes");
}

#[test]
fn a_token_that_the_relay_would_refuse_is_not_made() {
    let empty = file(r#"{"AuthKey": ""}"#);
    made(&["--file", empty.path().to_str().unwrap()], &[]).failed(2, "would not accept");
}

#[test]
fn a_token_in_a_file_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.txt");
    let name = path.to_str().unwrap();
    let shown = made(&["--file", "-", "--out", name], &[("SECRET_KEY", SECRET)]).done().out;
    assert!(!shown.contains("eyJ"), "{shown}");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let arguments = ["token", "verify", "--relay", "misp", "--token-file", name];
    run(relayctl(&arguments).env("SECRET_KEY", SECRET)).done();
    made(&["--file", "-", "--out", name], &[]).failed(2, "cannot be made");
}

#[test]
fn an_expiry_and_an_audience_are_honoured() {
    let set = [("SECRET_KEY", SECRET)];
    let url = "https://relay.example/";
    let arguments = ["--file", "-", "--json", "--expires-days", "30", "--audience", url];
    let made = made(&arguments, &set).done().json();
    let token = made["token"].as_str().unwrap();
    let shown =
        run(relayctl(&["token", "inspect", "--json"]).env("RELAY_TOKEN", token)).done().json();
    assert_eq!(shown["claims"]["aud"], "https://relay.example");
    assert!(shown["claims"]["exp"].is_i64());
    verified(token, &set, &["--url", url]).done();
    verified(token, &set, &["--url", "https://other.example"]).failed(1, "");
    verified(token, &[set[0], ("REQUIRE_TOKEN_EXPIRY", "true")], &["--url", url]).done();
    verified(token, &set, &[]).failed(2, "give --url");
    verified(token, &[set[0], ("RELAY_BASE_URL", "https://RELAY.example:443")], &[]).done();
}

#[test]
fn a_token_names_its_relay_and_on_request_itself() {
    let set = [("SECRET_KEY", SECRET)];
    let claims = |arguments: &[&str]| {
        let made = made(&[&["--file", "-", "--json"], arguments].concat(), &set).done().json();
        let token = made["token"].as_str().unwrap().to_owned();
        let shown = run(relayctl(&["token", "inspect", "--json"]).env("RELAY_TOKEN", &token));
        (token, shown.done().json()["claims"].clone())
    };
    let (token, usual) = claims(&[]);
    assert_eq!((&usual["relay"], usual.get("jti"), usual.get("iat")), (&json!("misp"), None, None));
    let arguments = ["token", "verify", "--relay", "gigamon-threatinsight"];
    let other = run(relayctl(&arguments).env("RELAY_TOKEN", &token).env("SECRET_KEY", SECRET));
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.out.contains("another relay than gigamon-threatinsight"), "{other:?}");
    let (token, named) = claims(&["--id"]);
    assert_eq!(named["jti"].as_str().unwrap().len(), 22);
    assert!(named["iat"].is_i64());
    verified(&token, &set, &[]).done();
    assert_ne!(claims(&["--id"]).1["jti"], named["jti"]);
    assert_eq!(claims(&["--any-relay"]).1.get("relay"), None);
}

#[test]
fn inspect_hides_what_may_be_a_secret() {
    let token = good().claim("unheard_of", "geheim").claim("exp", 1_800_000_000).hs256(b"x");
    let shown =
        run(relayctl(&["token", "inspect"]).write_stdin(format!("Bearer {token}\n"))).done().out;
    assert!(!shown.contains(KEY) && !shown.contains("geheim"), "{shown}");
    assert!(shown.contains("[hidden]") && shown.contains("2027-01-15T08:00:00Z"), "{shown}");
    let shown = run(relayctl(&["token", "inspect", "--show-secrets"]).env("RELAY_TOKEN", &token));
    assert!(shown.done().out.contains(KEY));
    run(relayctl(&["token", "inspect"]).env("RELAY_TOKEN", "abc")).failed(2, "this is not a token");
    run(relayctl(&["token", "inspect"]).write_stdin("")).failed(2, "there is no token");
}

#[test]
fn verify_says_why_a_relay_refuses() {
    let set = [("SECRET_KEY", SECRET)];
    let refused = |token: &str, says: &str| {
        let run = verified(token, &set, &[]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.out.contains(says), "{says}: {run:?}");
        assert!(!run.out.contains(KEY), "{run:?}");
    };
    refused(&good().hs256(b"another secret"), "signature does not verify");
    refused(&good().claim("exp", 1_000_000_000).hs256(SECRET.as_bytes()), "token.claim=exp");
    refused(&Token::new().claim("x", 1).hs256(SECRET.as_bytes()), "missing=AuthKey");
    refused("not.a.token", "token.rule=base64");
    let verdict = verified("a.b", &set, &["--json"]).json();
    assert_eq!(verdict["accepted"], false);
    verified(&good().hs256(SECRET.as_bytes()), &[], &[]).failed(2, "give --secret-arn");
    verified(&good().hs256(SECRET.as_bytes()), &[("SECRET_KEY", "short")], &[])
        .failed(2, "SECRET_KEY must be at least 32 bytes");
}

#[test]
fn a_token_is_checked_the_same_from_anywhere() {
    let set = [("SECRET_KEY", SECRET), ("ALLOWED_SOURCES", "192.0.2.7")];
    verified(&good().hs256(SECRET.as_bytes()), &set, &[]).done();
}

#[test]
fn configuration_tokens_are_checked_with_the_keys_of_their_region() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let key = RsaKey::shared();
    let keys = runtime.block_on(JwksServer::start([Jwk::rsa(key).kid("k1").for_rs256()]));
    let url = "https://relay.example";
    let token = |audience: &str| {
        let token = good().claim("aud", audience).claim("jwks_host", keys.host());
        token.kid("k1").rs256(key)
    };
    let set = [("JWKS_HOSTS", &*keys.origin())];
    verified(&token(url), &set, &["--url", url]).done();
    let other = verified(&token("https://other.example"), &set, &["--url", url]);
    assert_eq!(other.code, 1, "{other:?}");
    assert!(other.out.contains("another relay's URL"), "{other:?}");
}
