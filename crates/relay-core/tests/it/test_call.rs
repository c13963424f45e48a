//! Questions to the service, and its answers: every answer is checked against CTIM.

use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use relay_core::{Gateway, Incoming, Outgoing, Service};
use serde_json::{Value, json};
use testkit::ctim::{Expectation, Route, assert_valid};
use tokio::time::Instant;

use crate::relay::Probe;

/// What the gateway calls the relay, unless the test says otherwise.
pub(crate) const BASE: &str = "https://relay.example/prod";

/// A question under construction. It has 27 seconds, like those of a gateway.
pub(crate) struct TestCall(Incoming);

/// A POST without token and body.
pub(crate) fn post(path: &str) -> TestCall {
    TestCall(Incoming {
        method: Method::POST,
        path: path.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        gateway: Gateway { base_urls: vec![BASE.to_owned()], ..Gateway::default() },
        request_id: "request-1".to_owned(),
        deadline: Instant::now() + Duration::from_secs(27),
        trace: None,
    })
}

/// Asks a route about these domains.
pub(crate) fn about(route: &str, token: &str, domains: &[&str]) -> TestCall {
    let body: Value =
        domains.iter().map(|domain| json!({"type": "domain", "value": domain})).collect();
    post(&format!("/{route}/observables")).bearer(token).json(&body)
}

/// Asks what was seen of these domains.
pub(crate) fn observe(token: &str, domains: &[&str]) -> TestCall {
    about("observe", token, domains)
}

/// Asks for one call to the product.
pub(crate) fn health(token: &str) -> TestCall {
    post("/health").bearer(token)
}

/// Triggers an action on `host.example`.
pub(crate) fn trigger(token: &str, action: &str) -> TestCall {
    let observable = json!({
        "action-id": action, "observable_type": "domain", "observable_value": "host.example",
    });
    post("/respond/trigger").bearer(token).json(&observable)
}

impl TestCall {
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.authorization(format!("Bearer {token}"))
    }

    /// # Panics
    ///
    /// When no client could send this.
    pub(crate) fn authorization(self, value: impl AsRef<[u8]>) -> Self {
        self.header(header::AUTHORIZATION, value)
    }

    /// Adds a header; one that is there stays.
    pub(crate) fn header(mut self, name: HeaderName, value: impl AsRef<[u8]>) -> Self {
        self.0.headers.append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.0.body = body.into();
        self
    }

    /// The address that the gateway saw.
    pub(crate) fn from(mut self, source: Option<&str>) -> Self {
        self.0.gateway.source = source.map(|address| address.parse().unwrap());
        self
    }

    /// The id that the request has in the gateway's log.
    pub(crate) fn gateway_request(mut self, id: &str) -> Self {
        id.clone_into(&mut self.0.gateway.request_id);
        self
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.0.method = method;
        self
    }

    /// The gateway does not say how it calls the relay.
    pub(crate) fn at_nowhere(mut self) -> Self {
        self.0.gateway.base_urls.clear();
        self
    }

    pub(crate) fn within(mut self, time: Duration) -> Self {
        self.0.deadline = Instant::now() + time;
        self
    }

    pub(crate) fn into_incoming(self) -> Incoming {
        self.0
    }

    pub(crate) async fn to(self, service: &Service<Probe>) -> Answer {
        let route = route(&self.0.path);
        let asked = serde_json::from_slice(&self.0.body).unwrap_or(Value::Null);
        let answer = self.unchecked(service).await;
        if let Some(route) = route {
            assert_valid(route, &answer.json, &asked_about(&asked));
        }
        answer
    }

    /// The same without the check, which takes its time when there are thousands.
    pub(crate) fn unchecked(self, service: &Service<Probe>) -> BoxFuture<'_, Answer> {
        service.answer(self.0).map(Answer::of).boxed()
    }
}

fn route(path: &str) -> Option<Route> {
    Some(match path {
        "/observe/observables" => Route::Observe,
        "/deliberate/observables" => Route::Deliberate,
        "/refer/observables" => Route::Refer,
        "/respond/observables" => Route::Respond,
        "/respond/trigger" => Route::Trigger,
        "/health" => Route::Health,
        "/version" => Route::Version,
        _ => return None,
    })
}

fn asked_about(body: &Value) -> Expectation {
    if body.is_array() { Expectation::about(body) } else { Expectation::default() }
}

/// What the service answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) json: Value,
    metrics: String,
}

impl Answer {
    fn of(outgoing: Outgoing) -> Self {
        let text = outgoing.json();
        let Outgoing { status, metrics, .. } = outgoing;
        Self { status, json: serde_json::from_str(&text).unwrap(), text, metrics }
    }

    pub(crate) fn errors(&self) -> &[Value] {
        self.json["errors"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The codes of all errors.
    pub(crate) fn codes(&self) -> Vec<&str> {
        self.errors().iter().map(|error| error["code"].as_str().unwrap()).collect()
    }

    /// The first error's sentence; empty without an error.
    pub(crate) fn message(&self) -> &str {
        self.json["errors"][0]["message"].as_str().unwrap_or_default()
    }

    /// The entities of a collection.
    pub(crate) fn docs(&self, collection: &str) -> &[Value] {
        self.json["data"][collection]["docs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// A number of the metrics line.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics: Value = serde_json::from_str(&self.metrics).unwrap();
        metrics[name].as_u64().unwrap()
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.status == 200 && self.errors().is_empty()
    }

    /// Whether nothing was said but that the caller may not ask.
    pub(crate) fn is_refusal(&self) -> bool {
        self.status == 200
            && self.json.get("data").is_none()
            && self.codes() == ["authorization error"]
            && self.json["errors"][0]["type"] == "fatal"
    }
}
