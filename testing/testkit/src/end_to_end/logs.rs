//! What a function prints, which CloudWatch keeps.

use relay_core::{Relay, url::escaped};
use sandbox::{Fault, Times};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::{
    EndToEnd, SECRET_KEY, events,
    host::{observe, token},
};
use crate::{Observables, event::Gateway, runtime_api::Stream};

const OBSERVE: &str = "/observe/observables";
const HEALTH: &str = "/health";

/// The metrics of every metrics line.
const METRICS: [&str; 13] = [
    "CallersRefused",
    "ColdStart",
    "Duration",
    "Errors",
    "Found",
    "Observables",
    "ProductCalls",
    "ProductFailures",
    "ProductRefused",
    "ProductRetries",
    "ProductThrottled",
    "TokensRefused",
    "Warnings",
];

impl<R: Relay> EndToEnd<R> {
    /// Every line on standard output is JSON, nothing is on standard error, and each invocation has
    /// one log line and one metrics line.
    pub(super) async fn p02_every_log_line_is_json(&self) {
        let relay = self.deploy_with(&[("LOG_LEVEL", "debug")]).await;
        let events = events::of_repository(R::ABOUT.slug).into_iter().map(|(_, event)| event);
        let events: Vec<_> = events.chain([self.with_line_breaks()]).collect();
        for event in &events {
            relay.invoke(event).await;
        }
        relay.sandbox.fault("", Fault::status(400), Times::Always);
        relay.invoke(&self.with_line_breaks()).await;
        let lines = relay.end().await;
        assert!(lines.iter().all(|line| line.stream == Stream::Out), "{lines:?}");
        assert!(!lines.iter().any(|line| line.text.contains(char::is_control)), "{lines:?}");
        let parse = |text| serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"));
        let lines: Vec<Value> = lines.iter().map(|line| parse(&line.text)).collect();
        let logs: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
        let metrics: Vec<_> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
        let invocations = events.len() + 1;
        assert_eq!((logs.len(), metrics.len()), (invocations, invocations));
        for (log, metrics) in logs.iter().zip(&metrics) {
            assert_eq!(log["request_id"], metrics["RequestId"]);
            let slug = json!(R::ABOUT.slug);
            assert_eq!((&metrics["Relay"], &log["relay"]), (&slug, &slug));
            assert_embedded_metrics(metrics);
        }
        assert_eq!(metrics.iter().filter(|line| line["ColdStart"] == 1).count(), 1);
    }

    /// A request about values of every type that would forge log lines.
    fn with_line_breaks(&self) -> Value {
        let kinds = R::ABOUT.observables.iter().map(|(kind, _)| kind.as_str());
        let values =
            ["a.example\n{\"message\":\"answered\"}", "a\r\nb", "\u{1b}[31ma\u{2028}b\u{85}c\0"];
        let observables: Observables =
            kinds.flat_map(|kind| values.map(|value| (kind, value))).collect();
        observe(self.fixture.claims(), observables).header("X-Forged", "a\tb").to_json()
    }

    /// Whatever the product repeats, and however much is logged, no secret is printed.
    pub(super) async fn p01_n17_no_secret_is_logged(&self) {
        let relay = self.deploy_with(&[("LOG_LEVEL", "debug")]).await;
        let (claims, bearer) = (self.fixture.claims(), token(self.fixture.claims()));
        let own = self.fixture.secrets.iter().filter_map(|name| claims[*name].as_str());
        let own: Vec<_> = own.map(str::to_owned).collect();
        let mut secrets = own.clone();
        for (code, path) in
            [(200, OBSERVE), (400, OBSERVE), (401, OBSERVE), (403, HEALTH), (500, HEALTH)]
        {
            relay.sandbox.forget_calls();
            relay.observe(claims.clone(), self.fixture.known).await;
            let calls = relay.sandbox.calls();
            let sent = calls.iter().filter_map(|call| call.authorization().map(str::to_owned));
            let used: Vec<_> = own.iter().cloned().chain(sent).collect();
            relay.sandbox.fault("", with_message(code, &used.join(" ")), Times::Always);
            secrets.extend(used);
            let body = Observables::first(self.fixture).json();
            relay.ask(&Gateway::RestApi.post(path).bearer(&bearer).json(&body)).await;
            relay.sandbox.clear_faults();
        }
        relay.ask(&Gateway::HttpApi.post(HEALTH).bearer(&format!("{bearer}x"))).await;
        secrets.extend([SECRET_KEY.to_owned(), bearer]);
        let printed: String = relay.end().await.into_iter().map(|line| line.text + "\n").collect();
        for secret in secrets {
            let form: String = byte_serialize(secret.as_bytes()).collect();
            for spelling in [escaped(&secret), form, secret] {
                assert!(!printed.contains(&spelling), "{spelling} is in {printed}");
            }
        }
    }
}

/// CloudWatch's embedded metric format: every metric that is declared is there, as a number.
#[track_caller]
fn assert_embedded_metrics(line: &Value) {
    assert!(line["_aws"]["Timestamp"].as_u64() > Some(1_600_000_000_000), "{line}");
    assert!(METRICS.iter().all(|name| line[*name].is_number()), "{line}");
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().expect("directives") {
        assert_eq!(directive["Namespace"], "ThreatRelays");
        let metrics = directive["Metrics"].as_array().expect("metrics");
        for name in metrics.iter().map(|metric| metric["Name"].as_str().expect("a name")) {
            assert!(METRICS.contains(&name), "{name}");
        }
        for dimension in directive["Dimensions"].as_array().into_iter().flatten() {
            let names = dimension.as_array().expect("names");
            assert!(names.iter().all(|name| line[name.as_str().unwrap_or("")].is_string()));
        }
    }
}

/// An error with this message wherever products have one.
fn with_message(code: u16, message: &str) -> Fault {
    let error = json!({"code": message, "message": message});
    Fault::json(code, &json!({"message": message, "error": error}))
}
