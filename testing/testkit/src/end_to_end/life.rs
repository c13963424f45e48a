//! The life of one process: its product, its callers, its settings.

use std::fs;

use sandbox::{Fault, Sandbox, Times};
use serde_json::{Value, json};
use tokio::task::yield_now;

use super::host::{Deployed, Host, token};
use crate::{
    conformance::{Subject, hostile::in_free_text},
    event::Gateway,
    runtime_api::{Outcome, Reply, Signal},
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
pub async fn n03_a_dead_product_is_said<S: Subject>(host: &Host) {
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
pub async fn l03_a_huge_answer_fits<S: Subject>(host: &Host) {
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
pub async fn s02_callers_in_turn_do_not_meet<S: Subject>(host: &Host) {
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

/// Frozen between two requests, while its product closes all connections and forgets all logins,
/// the relay answers the next one as if nothing had been.
pub async fn l12_a_frozen_relay_answers_when_it_thaws<S: Subject>(host: &Host) {
    let mut relay = host.deploy::<S>().await;
    let before = observe(&relay, S::claims(), S::KNOWN).await.json();
    assert!(!ids(&before).is_empty(), "{before}");
    for _ in 0..3 {
        relay.function().signal(Signal::Freeze).await.expect("it runs");
        while state(relay.function().pid()) != Some('T') {
            yield_now().await;
        }
        relay.sandbox = again(relay.sandbox).await;
        relay.function().signal(Signal::Thaw).await.expect("it is there");
        let after = observe(&relay, S::claims(), S::KNOWN).await.json();
        assert_eq!((ids(&after), after.get("errors")), (ids(&before), None), "{after}");
    }
    relay.end().await;
}

/// The same product anew, at the same address.
async fn again(sandbox: Sandbox) -> Sandbox {
    let (product, url) = (sandbox.product(), sandbox.url().to_owned());
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    drop(sandbox);
    // Its connections end with its tasks, in the turns to come.
    loop {
        match Sandbox::start_on(product, port).await {
            Ok(sandbox) => return sandbox,
            Err(_) => yield_now().await,
        }
    }
}

/// The letter by which the system says how a process is. Source: "proc_pid_stat(5)".
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// Told to end in the middle of a request, the relay ends at once, and has printed whole lines.
pub async fn l13_a_relay_that_is_told_to_end_ends_cleanly<S: Subject>(host: &Host) {
    let relay = host.deploy_with::<S>(&[("LOG_LEVEL", "debug")]).await;
    observe(&relay, S::claims(), S::KNOWN).await;
    relay.sandbox.hold();
    let request = Gateway::HttpApi.post("/health").bearer(&token(S::claims()));
    let outcome = relay.function().send(&request);
    relay.sandbox.held(1).await;
    relay.function().signal(Signal::Terminate).await.expect("it runs");
    assert!(matches!(outcome.await, Outcome::Ended(_)));
    let lines = relay.ended().await;
    assert!(!lines.is_empty());
    for line in lines {
        assert!(
            serde_json::from_str::<Value>(&line.text).is_ok_and(|line| line.is_object()),
            "{line:?}"
        );
    }
}

/// Settings that cannot be used are named in the first line and in every answer, without value.
pub async fn j04_l09_unusable_settings_are_named<S: Subject>(host: &Host) {
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
