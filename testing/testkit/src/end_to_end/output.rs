//! What a function prints, which CloudWatch keeps.

use relay_core::{Relay, http::escaped};
use sandbox::{Fault, Times};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::{
    SECRET_KEY,
    events::all,
    host::{Host, token},
    life::observe,
};
use crate::{conformance::Subject, event::Gateway, runtime_api::Stream};

const OBSERVE: &str = "/observe/observables";
const HEALTH: &str = "/health";

/// What every metrics line counts.
const COUNTS: [&str; 10] = [
    "ColdStart",
    "Duration",
    "Errors",
    "Found",
    "Observables",
    "ProductCalls",
    "ProductFailures",
    "ProductRetries",
    "ProductThrottled",
    "Warnings",
];

/// Every line on standard output is JSON, nothing is on standard error, and each invocation has
/// one line that tells and one that counts.
pub async fn p02_every_line_is_json_and_one_counts<S: Subject>(host: &Host) {
    let relay = host.deploy_with::<S>(&[("LOG_LEVEL", "debug")]).await;
    let mut events: Vec<_> = all::<S>().into_iter().map(|(_, event)| event).collect();
    events.push(forging::<S>());
    for event in &events {
        relay.invoke(event).await;
    }
    relay.sandbox.fault("", Fault::status(400), Times::Always);
    relay.invoke(&forging::<S>()).await;
    events.push(forging::<S>());
    let lines = relay.end().await;
    let read =
        |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| panic!("{text}"));
    assert!(lines.iter().all(|line| line.stream == Stream::Out), "{lines:?}");
    assert!(!lines.iter().any(|line| line.text.contains(char::is_control)), "{lines:?}");
    let lines: Vec<_> = lines.iter().map(|line| read(&line.text)).collect();
    let told: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    let counted: Vec<_> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    assert_eq!((told.len(), counted.len()), (events.len(), events.len()));
    for (told, counted) in told.iter().zip(&counted) {
        assert_eq!(told["request_id"], counted["RequestId"]);
        assert_eq!(
            (&counted["Relay"], &told["relay"]),
            (&json!(S::Relay::ABOUT.slug), &json!(S::Relay::ABOUT.slug))
        );
        assert_counts(counted);
    }
    let cold = counted.iter().filter(|line| line["ColdStart"] == 1).count();
    assert_eq!(cold, 1);
}

/// Asks about values of every type that would be lines of their own.
fn forging<S: Subject>() -> Value {
    let types = S::Relay::ABOUT.observables.iter().map(|(kind, _)| kind.as_str());
    let values =
        ["a.example\n{\"message\":\"answered\"}", "a\r\nb", "\u{1b}[31ma\u{2028}b\u{85}c\0"];
    let asked: Value =
        types.flat_map(|kind| values.map(|value| json!({"type": kind, "value": value}))).collect();
    let request = Gateway::HttpApi.post(OBSERVE).bearer(&token(S::claims())).json(&asked);
    request.header("X-Forged", "a\tb").to_json()
}

/// CloudWatch's embedded metric format: what is announced is there, as a number.
#[track_caller]
fn assert_counts(line: &Value) {
    assert!(line["_aws"]["Timestamp"].as_u64() > Some(1_600_000_000_000), "{line}");
    assert!(COUNTS.iter().all(|name| line[*name].is_number()), "{line}");
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().expect("directives") {
        assert_eq!(directive["Namespace"], "ThreatRelays");
        let metrics = directive["Metrics"].as_array().expect("metrics");
        for name in metrics.iter().map(|metric| metric["Name"].as_str().expect("a name")) {
            assert!(COUNTS.contains(&name), "{name}");
        }
        for dimension in directive["Dimensions"].as_array().into_iter().flatten() {
            let names = dimension.as_array().expect("names");
            assert!(names.iter().all(|name| line[name.as_str().unwrap_or("")].is_string()));
        }
    }
}

/// Whatever the product repeats, and however much is logged, no secret is printed.
pub async fn p01_n17_no_secret_is_printed<S: Subject>(host: &Host) {
    let relay = host.deploy_with::<S>(&[("LOG_LEVEL", "debug")]).await;
    let (claims, bearer) = (S::claims(), token(S::claims()));
    let own = S::SECRETS.iter().filter_map(|name| claims[*name].as_str().map(str::to_owned));
    let own: Vec<_> = own.collect();
    let mut secrets = own.clone();
    for (code, path) in
        [(200, OBSERVE), (400, OBSERVE), (401, OBSERVE), (403, HEALTH), (500, HEALTH)]
    {
        relay.sandbox.forget_calls();
        observe(&relay, S::claims(), S::KNOWN).await;
        let calls = relay.sandbox.calls();
        let sent = calls.iter().filter_map(|call| call.authorization().map(str::to_owned));
        let used: Vec<_> = own.iter().cloned().chain(sent).collect();
        relay.sandbox.fault("", with_message(code, &used.join(" ")), Times::Always);
        secrets.extend(used);
        let asked = json!([{"type": S::KNOWN[0].0, "value": S::KNOWN[0].1}]);
        relay.ask(&Gateway::RestApi.post(path).bearer(&bearer).json(&asked)).await;
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

/// An error of the product that says this wherever products say something.
fn with_message(code: u16, said: &str) -> Fault {
    Fault::json(code, &json!({"message": said, "error": {"code": said, "message": said}}))
}
