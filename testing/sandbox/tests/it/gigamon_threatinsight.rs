//! Gigamon ThreatINSIGHT: access, detections, event search, device look-up.

mod access;
mod detections;
mod devices;
mod events;

use sandbox::{Product, Sandbox, gigamon_threatinsight as gigamon};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::client::{self, Response};

/// The time of the simulator, which is not that of the built-in data.
const NOW: &str = "2027-06-01T12:00:00Z";

async fn start() -> Sandbox {
    let now = NOW.parse().expect("a time");
    Sandbox::start_at(Product::GigamonThreatinsight, now).await.expect("a free port")
}

/// A call of the detections family with the usual key.
async fn get(sandbox: &Sandbox, path: &str, parameters: &[(&str, &str)]) -> Response {
    get_with(gigamon::KEY, sandbox, path, parameters).await
}

async fn get_with(
    key: &str,
    sandbox: &Sandbox,
    path: &str,
    parameters: &[(&str, &str)],
) -> Response {
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    let url = format!("{}{}{path}?{query}", sandbox.url(), gigamon::DETECTIONS_BASE);
    client::get(&url, &[("authorization", &format!("IBToken {key}"))]).await
}

/// The active detections of a value, with indicators and rules.
async fn detections(key: &str, sandbox: &Sandbox, value: &str) -> Value {
    let parameters = [
        ("indicator_value", value),
        ("status", "active"),
        ("include", "indicators"),
        ("include", "rules"),
    ];
    let response = get_with(key, sandbox, "/detections", &parameters).await;
    assert_eq!(response.status, 200, "{value}: {:?}", response.body);
    response.json()
}

/// An event search.
async fn query(key: &str, sandbox: &Sandbox, body: &Value) -> Response {
    let url = format!("{}{}/query", sandbox.url(), gigamon::EVENTS_BASE);
    post(key, &url, body).await
}

/// A look-up of devices.
async fn devices(key: &str, sandbox: &Sandbox, entities: Value) -> Response {
    let path = "/entity/tracking/bulk/get/ip";
    let url = format!("{}{}{path}", sandbox.url(), gigamon::ENTITY_BASE);
    post(key, &url, &json!({"entities": entities})).await
}

async fn post(key: &str, url: &str, body: &Value) -> Response {
    let token = format!("IBToken {key}");
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    client::post(url, &headers, body).await
}

/// The code of a refusal.
fn code(response: &Response) -> String {
    let body = response.json();
    assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    body["error"]["code"].as_str().expect("a code").to_owned()
}
