//! Where the tests ask: one service, one sandbox, tokens that fit.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use qualys_ioc::QualysIoc;
use relay_core::{
    Clock, Environment, Service,
    auth::Gateway,
    http::{Lookup, SystemLookup},
    service::Incoming,
};
use relay_sandbox::{
    Call, Product, Sandbox,
    qualys_ioc::{ACCOUNT, AUTH_PATH, Account},
};
use relay_testkit::{
    ctim::{self, Asked, Route},
    token::{SECRET, Token},
};
use serde_json::{Value, json};

pub(crate) const PLATFORM: &str = "https://qualysguard.qg2.apps.qualys.com";
pub(crate) const DROPPED: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";

pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) service: Service<QualysIoc>,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings; they win over the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::resolving(settings, Arc::new(SystemLookup)).await
    }

    pub(crate) async fn resolving(settings: &[(&str, &str)], lookup: Arc<dyn Lookup>) -> Self {
        let sandbox = Sandbox::start(Product::QualysIoc).await.unwrap();
        let usual =
            [("SECRET_KEY", SECRET), ("API_URL", sandbox.url()), ("PLATFORM_URL", PLATFORM)];
        let environment = settings
            .iter()
            .fold(Environment::of(usual), |all, (name, value)| all.with(*name, *value));
        let clock = Clock::standing_at("2026-03-03T10:00:00Z".parse().unwrap());
        let service = Service::with(&environment, clock, lookup).await.unwrap();
        Self { sandbox, service }
    }

    /// Asks with a token of the usual account.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Value {
        self.ask_as(ACCOUNT, path, body).await
    }

    pub(crate) async fn ask_as(&self, account: Account, path: &str, body: &Value) -> Value {
        self.ask_with(claims(account), path, body).await
    }

    pub(crate) async fn ask_with(&self, claims: Value, path: &str, body: &Value) -> Value {
        self.send(&bearer(claims), path, &body.to_string()).await
    }

    /// Asks about observables; the answer must be valid CTIM.
    pub(crate) async fn observe(&self, wanted: &Value) -> Value {
        let answer = self.ask("/observe/observables", wanted).await;
        assert_valid(wanted, &answer, 100);
        answer
    }

    pub(crate) async fn send(&self, authorization: &str, path: &str, body: &str) -> Value {
        self.send_within(Duration::from_secs(25), authorization, path, body).await
    }

    pub(crate) async fn send_within(
        &self,
        time: Duration,
        authorization: &str,
        path: &str,
        body: &str,
    ) -> Value {
        let headers =
            HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(authorization).unwrap())]);
        let incoming = Incoming {
            method: Method::POST,
            path: path.to_owned(),
            headers,
            body: body.to_owned().into(),
            gateway: Gateway {
                base_urls: vec!["https://relay.example".to_owned()],
                ..Gateway::default()
            },
            request_id: "request-1".to_owned(),
            deadline: tokio::time::Instant::now() + time,
        };
        let outgoing = self.service.answer(incoming).await;
        assert_eq!(outgoing.status, 200);
        serde_json::from_str(&outgoing.body).unwrap()
    }

    /// The logins that arrived.
    pub(crate) fn logins(&self) -> Vec<Call> {
        self.calls(|call| call.path == AUTH_PATH)
    }

    /// The searches that arrived.
    pub(crate) fn searches(&self) -> Vec<Call> {
        self.calls(|call| call.path != AUTH_PATH)
    }

    fn calls(&self, wanted: impl Fn(&Call) -> bool) -> Vec<Call> {
        self.sandbox.calls().into_iter().filter(wanted).collect()
    }
}

/// The answer is CTIM, speaks of what was asked only, and keeps the limit, which does not count
/// relationships: they follow from the rest.
#[track_caller]
pub(crate) fn assert_valid(wanted: &Value, answer: &Value, limit: usize) {
    ctim::assert_valid(Route::Observe, answer, &Asked::about(wanted));
    let mut findings = ctim::check(Route::Observe, answer, &Asked::about(wanted).at_most(limit));
    findings.retain(|finding| finding.rule == "limit" && !finding.path.ends_with("relationships"));
    assert_eq!(findings, []);
}

pub(crate) fn bearer(claims: Value) -> String {
    format!("Bearer {}", Token::new().claims(claims).hs256(SECRET.as_bytes()))
}

pub(crate) fn claims(account: Account) -> Value {
    json!({"user": account.username, "pass": account.password})
}

pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}

/// How many documents of a collection are there.
pub(crate) fn count(answer: &Value, collection: &str) -> usize {
    answer["data"][collection]["docs"].as_array().map_or(0, Vec::len)
}

/// Type and code of each error.
pub(crate) fn codes(answer: &Value) -> Vec<(&str, &str)> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().map(|error| (word(error, "type"), word(error, "code"))).collect()
}

fn word<'a>(error: &'a Value, name: &str) -> &'a str {
    error[name].as_str().unwrap()
}

/// The message of the only error.
pub(crate) fn message(answer: &Value) -> &str {
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0]["message"].as_str().unwrap()
}

/// Resolves every name to this machine, which no token may lead to, and remembers the names.
#[derive(Default)]
pub(crate) struct Loopback(Mutex<Vec<String>>);

impl Loopback {
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Lookup for Loopback {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.0.lock().unwrap().push(host);
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}
