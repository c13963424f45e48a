//! The life of one process: its product, its callers, its settings.

use relay_sandbox::{Fault, Times};
use serde_json::{Value, json};

use super::host::{Deployed, Host, token};
use crate::{
    conformance::{Subject, hostile::in_free_text},
    event::Gateway,
    runtime_api::Reply,
};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";
/// What Lambda takes of a function at most.
const LARGEST: usize = 6 * 1024 * 1024;

pub(super) async fn observe(relay: &Deployed, claims: Value, asked: &[(&str, &str)]) -> Reply {
    let asked: Value =
        asked.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect();
    let request = Gateway::HttpApi.post("/observe/observables").bearer(&token(claims));
    relay.ask(&request.json(&asked)).await
}

/// A product that is not there is an answer too.
pub async fn a_dead_product_is_said<S: Subject>(host: &Host) {
    let nowhere = S::settings(NOWHERE);
    let nowhere: Vec<_> = nowhere.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let relay = host.deploy_with::<S>(&nowhere).await;
    for _ in 0..2 {
        let reply = observe(&relay, S::claims(), S::KNOWN).await;
        let answer = reply.json();
        assert_eq!((reply.status, answer.get("data")), (200, None), "{answer}");
        assert_eq!(answer["errors"][0]["code"], "connection error", "{answer}");
    }
    relay.end().await;
}

/// However much the product says, and however it has to be escaped, Lambda can carry the answer.
pub async fn a_huge_answer_fits<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let mut claims = S::claims();
    claims["CTR_ENTITIES_LIMIT"] = json!(1000);
    let asked: Vec<_> = S::KNOWN.iter().copied().chain([S::BUSY]).collect();
    let fits = |reply: &Reply| assert!(reply.handed_over < LARGEST, "{}", reply.handed_over);
    for rewrite in [
        |json| in_free_text::<S>(json, &"\"\\".repeat(900)),
        |json| in_free_text::<S>(json, &"語".repeat(1200)),
        |json| in_free_text::<S>(json, &"\u{1}".repeat(300)),
    ] as [fn(Value) -> Value; 3]
    {
        relay.sandbox.fault("", Fault::Rewritten(rewrite), Times::Always);
        let reply = observe(&relay, claims.clone(), &asked).await;
        assert!(reply.json().get("data").is_some(), "{}", reply.text());
        fits(&reply);
        relay.sandbox.clear_faults();
    }
    relay.sandbox.fault("", Fault::Huge { bytes: u64::MAX }, Times::Always);
    let reply = observe(&relay, S::claims(), S::KNOWN).await;
    assert!(reply.json().get("errors").is_some());
    fits(&reply);
    relay.end().await;
}

/// Two callers in turn are told what is theirs.
pub async fn callers_in_turn_do_not_meet<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let mut told = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        for (caller, claims) in [S::claims(), S::other_claims()].into_iter().enumerate() {
            let answer = observe(&relay, claims, S::KNOWN).await.json();
            told[caller].push(ids(&answer));
        }
    }
    assert!(told.iter().all(|all| all.iter().all(|one| *one == all[0])), "{told:?}");
    assert_ne!(told[0][0], told[1][0]);
    relay.end().await;
}

fn ids(answer: &Value) -> Vec<String> {
    let collections = answer["data"].as_object().into_iter().flatten();
    let docs = collections.filter_map(|(_, all)| all["docs"].as_array()).flatten();
    docs.filter_map(|doc| doc["id"].as_str().map(str::to_owned)).collect()
}

/// Settings that cannot be used are named in the first line and in every answer, without value.
pub async fn unusable_settings_are_named<S: Subject>(host: &Host) {
    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s3cret-AbCdEf";
    for (settings, named) in [
        (&[("SECRET_KEY", "")][..], "SECRET_KEY"),
        (&[("SECRET_KEY", "a-short-s3cret")], "SECRET_KEY"),
        (&[("SECRET_KEY", ""), ("SECRET_ARN", ARN)], "AWS_ACCESS_KEY_ID"),
        (&[("REQUIRE_TOKEN_EXPIRY", "a-s3cret")], "REQUIRE_TOKEN_EXPIRY"),
        (&[("JWKS_HOSTS", "http://s3cret.example")], "JWKS_HOSTS"),
        (&[("EXTRA_CA_BUNDLE", "/nowhere/s3cret.pem")], "EXTRA_CA_BUNDLE"),
    ] {
        let relay = host.deploy_with::<S>(settings).await;
        for _ in 0..2 {
            let reply = observe(&relay, S::claims(), S::KNOWN).await;
            let message = reply.json()["errors"][0]["message"].to_string();
            assert!(reply.status == 200 && message.contains(named), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        let lines = relay.end().await;
        assert!(lines[0].text.contains(named), "{lines:?}");
        assert!(!lines.iter().any(|line| line.text.contains("s3cret")), "{lines:?}");
    }
}
