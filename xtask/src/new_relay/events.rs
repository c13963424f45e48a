//! The gateway events of a new relay, and the settings for a function that gets them locally.

use sandbox::Product;
use serde_json::{Value, json};
use testkit::{
    event::{Event, Gateway},
    token::Token,
};

use super::Names;

/// Signs the tokens of all events in the repository.
const SECRET: &str = "demonstration-key-of-64-letters-never-use-it-for-a-real-relay-00";
/// The port of the first product in the sandbox's example `products`.
const FIRST_PORT: usize = 9101;

/// Returns the files below `events`.
pub(super) fn files(names: &Names) -> Vec<(String, String)> {
    let token = Token::new()
        .claims(json!({"api_key": format!("sandbox-{}-key-1f7c0e5a9b3d", names.slug)}))
        .hs256(SECRET.as_bytes());
    let observables = json!([
        {"type": "domain", "value": "bad.example"},
        {"type": "ip", "value": "203.0.113.77"},
        {"type": "domain", "value": "busy.example"},
        {"type": "domain", "value": "harmless.example"},
    ]);
    let trigger = json!({
        "action-id": "none", "observable_type": "domain", "observable_value": "bad.example",
    });
    let post = |path: &str| Gateway::HttpApi.post(path).bearer(&token);
    let observe =
        |gateway: Gateway| gateway.post("/observe/observables").bearer(&token).json(&observables);
    let text = observables.to_string();
    let events = [
        ("health", post("/health")),
        ("observe", observe(Gateway::HttpApi)),
        ("observe-base64", post("/observe/observables").binary(text.as_bytes())),
        ("observe-function-url", observe(Gateway::FunctionUrl)),
        ("observe-rest", observe(Gateway::RestApi)),
        ("observe-stage", observe(Gateway::HttpApi).stage("staging")),
        ("deliberate", post("/deliberate/observables").json(&observables)),
        ("refer", post("/refer/observables").json(&observables)),
        ("respond", post("/respond/observables").json(&observables)),
        ("trigger", post("/respond/trigger").json(&trigger)),
        ("version", Gateway::HttpApi.post("/version")),
        ("watchdog", Gateway::HttpApi.get("/watchdog").header("health-check", "alive")),
    ];
    let event = |(name, event): (&str, Event)| {
        (format!("events/{}/{name}.json", names.slug), pretty(&event.to_json()))
    };
    let settings = (format!("events/env/{}.json", names.slug), pretty(&settings(names)));
    events.map(event).into_iter().chain([settings]).collect()
}

/// The variables of the function, as `sam local` reads them.
fn settings(names: &Names) -> Value {
    let port = FIRST_PORT + Product::ALL.len();
    let function = format!("{}Function", names.type_name);
    json!({
        "Parameters": {"SECRET_KEY": SECRET, "SECRET_ARN": ""},
        function: {"API_URL": format!("http://127.0.0.1:{port}")},
    })
}

fn pretty(json: &Value) -> String {
    format!("{json:#}\n")
}
