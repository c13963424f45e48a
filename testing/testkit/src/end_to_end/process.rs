//! The life of one process: its product, its callers, its settings.

use std::fs;

use relay_core::Relay;
use sandbox::{Fault, Sandbox, Times};
use serde_json::{Value, json};
use tokio::task::yield_now;

use super::{EndToEnd, host::token};
use crate::{
    Observables,
    conformance::{UNUSED_URL, with_free_text},
    event::Gateway,
    runtime_api::{Outcome, Reply, Signal},
};

/// The largest response that Lambda accepts of a function.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024;

impl<R: Relay> EndToEnd<R> {
    /// A product that cannot be reached is reported.
    pub(super) async fn n03_unreachable_product_is_reported(&self) {
        let settings = self.fixture.settings(UNUSED_URL);
        let settings: Vec<_> = settings.iter().map(|(name, url)| (*name, url.as_str())).collect();
        let relay = self.deploy_with(&settings).await;
        for _ in 0..2 {
            let reply = relay.observe(self.fixture.claims(), self.fixture.known).await;
            let answer = reply.json();
            assert_eq!((reply.status, answer.get("data")), (200, None), "{answer}");
            assert_eq!(answer["errors"][0]["code"], "connection error", "{answer}");
        }
        relay.end().await;
    }

    /// However much the product responds, and however it has to be escaped, Lambda accepts the
    /// answer.
    pub(super) async fn l03_large_answers_fit(&self) {
        let relay = self.deploy().await;
        let mut claims = self.fixture.claims();
        claims["CTR_ENTITIES_LIMIT"] = json!(1000);
        let observables = Observables::known(self.fixture).and(self.fixture.modes[0].busy);
        let rewrites: [fn(Value) -> Value; 3] = [
            |json| with_free_text::<R>(json, &"\"\\".repeat(900)),
            |json| with_free_text::<R>(json, &"語".repeat(1200)),
            |json| with_free_text::<R>(json, &"\u{1}".repeat(300)),
        ];
        let faults = rewrites.into_iter().map(Fault::Rewritten);
        for fault in faults.chain([Fault::Huge { bytes: u64::MAX }]) {
            let expected = if matches!(fault, Fault::Huge { .. }) { "errors" } else { "data" };
            relay.sandbox.fault("", fault, Times::Always);
            let reply = relay.observe(claims.clone(), &observables).await;
            assert!(reply.json().get(expected).is_some(), "{}", reply.text());
            assert!(reply.handed_over < MAX_RESPONSE_BYTES, "{}", reply.handed_over);
            relay.sandbox.clear_faults();
        }
        relay.end().await;
    }

    /// Two callers in turn get their own entities.
    pub(super) async fn s02_alternating_callers_are_separate(&self) {
        let relay = self.deploy().await;
        let mut answers = [Vec::new(), Vec::new()];
        for _ in 0..3 {
            let callers = [self.fixture.claims(), self.fixture.other_claims()];
            for (answers, claims) in answers.iter_mut().zip(callers) {
                answers.push(ids(&relay.observe(claims, self.fixture.known).await));
            }
        }
        assert!(answers.iter().all(|all| all.iter().all(|one| *one == all[0])), "{answers:?}");
        assert_ne!(answers[0][0], answers[1][0]);
        relay.end().await;
    }

    /// When the process is frozen between two requests, and its product closes all connections and
    /// forgets all logins meanwhile, the next answer is the same.
    pub(super) async fn l12_frozen_process_answers_after_thawing(&self) {
        let mut relay = self.deploy().await;
        let before = ids(&relay.observe(self.fixture.claims(), self.fixture.known).await);
        assert!(!before.is_empty());
        for _ in 0..3 {
            relay.function().signal(Signal::Freeze).await.expect("it runs");
            while state(relay.function().pid()) != Some('T') {
                yield_now().await;
            }
            relay.sandbox = restarted(relay.sandbox).await;
            relay.function().signal(Signal::Thaw).await.expect("it is there");
            let reply = relay.observe(self.fixture.claims(), self.fixture.known).await;
            assert_eq!((ids(&reply), reply.json().get("errors")), (before.clone(), None));
        }
        relay.end().await;
    }

    /// A process that is told to end during a request ends at once, and has printed whole lines.
    pub(super) async fn l13_terminated_process_ends_cleanly(&self) {
        let relay = self.deploy_with(&[("LOG_LEVEL", "debug")]).await;
        relay.observe(self.fixture.claims(), self.fixture.known).await;
        relay.sandbox.hold();
        let request = Gateway::HttpApi.post("/health").bearer(&token(self.fixture.claims()));
        let outcome = relay.function().send(&request);
        relay.sandbox.held(1).await;
        relay.function().signal(Signal::Terminate).await.expect("it runs");
        assert!(matches!(outcome.await, Outcome::Ended(_)));
        let lines = relay.ended().await;
        assert!(!lines.is_empty());
        for line in lines {
            let json = serde_json::from_str::<Value>(&line.text);
            assert!(json.is_ok_and(|json| json.is_object()), "{line:?}");
        }
    }

    /// Invalid settings are named in the first line and in every answer, without their values.
    pub(super) async fn j04_l09_invalid_settings_are_named(&self) {
        const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s3cret-AbCdEf";
        for (settings, named) in [
            (&[("SECRET_KEY", "")][..], "SECRET_KEY"),
            (&[("SECRET_KEY", "a-short-s3cret")], "SECRET_KEY"),
            (&[("SECRET_KEY", ""), ("SECRET_ARN", ARN)], "AWS_ACCESS_KEY_ID"),
            (&[("REQUIRE_TOKEN_EXPIRY", "a-s3cret")], "REQUIRE_TOKEN_EXPIRY"),
            (&[("JWKS_HOSTS", "http://s3cret.example")], "JWKS_HOSTS"),
            (&[("EXTRA_CA_BUNDLE", "/nowhere/s3cret.pem")], "EXTRA_CA_BUNDLE"),
        ] {
            let relay = self.deploy_with(settings).await;
            for _ in 0..2 {
                let reply = relay.observe(self.fixture.claims(), self.fixture.known).await;
                let message = reply.json()["errors"][0]["message"].to_string();
                assert!(reply.status == 200 && message.contains(named), "{message}");
                assert!(!message.contains("s3cret"), "{message}");
            }
            let lines = relay.end().await;
            assert!(lines[0].text.contains(named), "{lines:?}");
            assert!(!lines.iter().any(|line| line.text.contains("s3cret")), "{lines:?}");
        }
    }
}

fn ids(reply: &Reply) -> Vec<String> {
    let answer = reply.json();
    let collections = answer["data"].as_object().into_iter().flatten();
    let docs = collections.filter_map(|(_, all)| all["docs"].as_array()).flatten();
    docs.filter_map(|doc| doc["id"].as_str().map(str::to_owned)).collect()
}

/// The same product anew, at the same URL.
async fn restarted(sandbox: Sandbox) -> Sandbox {
    let (product, url) = (sandbox.product(), sandbox.url().to_owned());
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    drop(sandbox);
    // The port is free when the tasks of its connections have ended.
    loop {
        match Sandbox::start_on(product, port).await {
            Ok(sandbox) => return sandbox,
            Err(_) => yield_now().await,
        }
    }
}

/// The letter for the state of a process. Source: "proc_pid_stat(5)".
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}
