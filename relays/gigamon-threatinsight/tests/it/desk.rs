//! Where the tests ask: one service, one sandbox, tokens that fit, all at one standing time.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use gigamon_threatinsight::GigamonThreatInsight;
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use relay_core::{
    Clock, Environment, Service,
    auth::Gateway,
    http::{Lookup, SystemLookup},
    service::Incoming,
};
use relay_sandbox::{
    Call, Product, Sandbox,
    gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE, KEY, RECORDED_AT},
};
use relay_testkit::{
    ctim::{self, Asked, Route},
    token::{SECRET, Token},
};
use serde_json::{Value, json};

pub(crate) const OBSERVE: &str = "/observe/observables";
/// An address with one detection of one event, and two more events in the search.
pub(crate) const SERVER: &str = "203.0.113.77";

pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) service: Service<GigamonThreatInsight>,
    pub(crate) clock: Clock,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings; they win over the usual ones, and an empty one counts as missing.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::resolving(settings, Arc::new(SystemLookup)).await
    }

    pub(crate) async fn resolving(settings: &[(&str, &str)], lookup: Arc<dyn Lookup>) -> Self {
        let now = RECORDED_AT.parse().unwrap();
        let sandbox = Sandbox::start_at(Product::GigamonThreatinsight, now).await.unwrap();
        let base = |path: &str| format!("{}{path}", sandbox.url());
        let usual = [
            ("SECRET_KEY", SECRET.to_owned()),
            ("GTI_DETECTIONS_URL", base(DETECTIONS_BASE)),
            ("GTI_EVENTS_URL", base(EVENTS_BASE)),
            ("GTI_ENTITY_URL", base(ENTITY_BASE)),
        ];
        let environment = settings
            .iter()
            .fold(Environment::of(usual), |all, (name, value)| all.with(*name, *value));
        let clock = Clock::standing_at(now);
        let service = Service::with(&environment, clock.clone(), lookup).await.unwrap();
        Self { sandbox, service, clock }
    }

    /// Asks with the usual key.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Value {
        self.ask_as(KEY, path, body).await
    }

    pub(crate) async fn ask_as(&self, key: &str, path: &str, body: &Value) -> Value {
        self.ask_with(json!({"key": key}), path, body).await
    }

    pub(crate) async fn ask_with(&self, claims: Value, path: &str, body: &Value) -> Value {
        self.send(&bearer(claims), path, &body.to_string()).await
    }

    /// Asks about observables; the answer must be valid CTIM.
    pub(crate) async fn observe(&self, wanted: &Value) -> Value {
        let answer = self.ask(OBSERVE, wanted).await;
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

    /// The calls whose path begins like this, in order of arrival.
    pub(crate) fn calls(&self, path: &str) -> Vec<Call> {
        self.sandbox.calls().into_iter().filter(|call| call.path.starts_with(path)).collect()
    }

    /// How many searches for detections, calls for their events, event searches and device
    /// look-ups arrived.
    pub(crate) fn counts(&self) -> [usize; 4] {
        let paths = [
            format!("{DETECTIONS_BASE}/detections"),
            format!("{DETECTIONS_BASE}/events"),
            EVENTS_BASE.to_owned(),
            ENTITY_BASE.to_owned(),
        ];
        paths.map(|path| self.calls(&path).len())
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

pub(crate) fn one(kind: &str, value: &str) -> Value {
    json!([{"type": kind, "value": value}])
}

/// How many documents of a collection are there.
pub(crate) fn count(answer: &Value, collection: &str) -> usize {
    docs(answer, collection).len()
}

pub(crate) fn docs<'a>(answer: &'a Value, collection: &str) -> &'a [Value] {
    answer["data"][collection]["docs"].as_array().map_or(&[], Vec::as_slice)
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

/// Knows no name at all, and remembers which it was asked for.
#[derive(Default)]
pub(crate) struct NoNames(Mutex<Vec<String>>);

impl NoNames {
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Lookup for NoNames {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.0.lock().unwrap().push(host);
        Box::pin(async { Err(io::Error::other("no such host is known")) })
    }
}
