//! Requests that were sent to a real MISP 2.5.1, and what it answered: the simulator answers the same.
//!
//! `recorded/content.json` is what that server held, each other file one topic. Kept of an answer are its
//! status, telling headers, and the whole body or the ids of its rows. Sightings get their ids and dates
//! anew. Left out are requests that no relay sends and the simulator does not know: searches for objects
//! and whole events, other formats than JSON, new events and tags, and a browser that has logged in.

use std::{collections::HashMap, fs, path::Path};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use sandbox::{
    Sandbox,
    misp::{self, Front, Installation},
};
use serde_json::{Map, Value};

use crate::client::{self, Response};

/// When the recordings were made.
const NOW: i64 = 1_795_963_815;
/// What is left out of comparisons: a sighting's number, date and uuid.
const NEW_IN_SIGHTINGS: [&str; 3] = ["id", "date_sighting", "uuid"];
/// Decay scores differ by the second of the request.
const TOLERANCE: f64 = 0.001;

#[tokio::test]
async fn every_recorded_request_is_answered_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/misp/recorded");
    let content = read(&folder.join("content.json"));
    let files = fs::read_dir(&folder).expect("a folder of recordings");
    let mut topics: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    topics.sort();
    topics.retain(|path| !path.ends_with("content.json"));
    assert_eq!(topics.len(), 36);
    let (mut replayed, mut failures) = (0, Vec::new());
    for path in &topics {
        let topic = read(path);
        let mut content = content.clone();
        content["sightings"] =
            topic.get("sightings").cloned().unwrap_or_else(|| Vec::<Value>::new().into());
        let mut servers = Servers { content, started: HashMap::new() };
        for exchange in topic["exchanges"].as_array().expect("exchanges") {
            replayed += 1;
            let differences = servers.replay(exchange).await;
            let label = exchange["label"].as_str().unwrap_or_default();
            let file = path.file_stem().unwrap_or_default().to_string_lossy();
            failures
                .extend(differences.into_iter().map(|what| format!("{file} | {label}: {what}")));
        }
    }
    assert!(replayed > 590, "{replayed}");
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a recording");
    serde_json::from_str(&text).expect("JSON")
}

/// One server for each way in which the recorded one was set up.
struct Servers {
    content: Value,
    started: HashMap<String, Sandbox>,
}

impl Servers {
    async fn replay(&mut self, exchange: &Value) -> Vec<String> {
        let setup = format!("{} {}", exchange["setup"], exchange["front"]);
        if !self.started.contains_key(&setup) {
            let installation = installation(&self.content.to_string(), exchange);
            let now = Timestamp::from_second(NOW).expect("a time");
            let sandbox = Sandbox::start_misp(installation, now).await.expect("a free port");
            self.started.insert(setup.clone(), sandbox);
        }
        let response = send(&self.started[&setup], &exchange["request"]).await;
        differences(exchange, &response)
    }
}

fn installation(content: &str, exchange: &Value) -> Installation {
    let installation = Installation::holding(content).expect("recorded content");
    let installation = match exchange["setup"].as_str() {
        Some("maintenance") => installation.in_maintenance(),
        Some("plain numbers") => installation.with_plain_numbers(),
        Some("four-byte connection") => installation.with_four_byte_connection(),
        other => {
            assert_eq!(other, None, "a setup that is not known");
            installation
        }
    };
    let apache = exchange["front"] == "apache";
    installation.behind(if apache { Front::Apache } else { Front::Nginx })
}

/// Sends the recorded request with the keys of the simulator.
async fn send(sandbox: &Sandbox, request: &Value) -> Response {
    let mut headers = HashMap::from([("accept".to_owned(), "application/json".to_owned())]);
    let body = request.get("body").map(Value::to_string);
    let body = body.or_else(|| request.get("raw")?.as_str().map(str::to_owned));
    if body.is_some() {
        headers.insert("content-type".to_owned(), "application/json".to_owned());
    }
    for (name, value) in request["headers"].as_object().unwrap_or(&Map::new()) {
        match value.as_str() {
            Some(value) => headers.insert(name.to_lowercase(), with_key(value)),
            None => headers.remove(&name.to_lowercase()),
        };
    }
    let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let method: Method = request["method"].as_str().expect("a method").parse().expect("a method");
    let url = format!("{}{}", sandbox.url(), request["path"].as_str().expect("a path"));
    client::send(method, &url, &headers, body.unwrap_or_default()).await
}

/// The header with the simulator's key in place of a recorded one's name.
fn with_key(header: &str) -> String {
    let key = match header.trim().trim_start_matches("Bearer ") {
        "KEY-ADMIN" => misp::ADMIN_KEY,
        "KEY-USER" | "KEY-MUST-CHANGE-PASSWORD" => misp::API_KEY,
        "KEY-PARTNER" => misp::PARTNER_KEY,
        "KEY-READER" | "KEY-BUILTIN-READ-ONLY-ROLE" => misp::PARTNER_READER_KEY,
        "KEY-READ-ONLY" => misp::READ_ONLY_KEY,
        "KEY-QUOTA-ROLE" => misp::QUOTA_KEY,
        "KEY-NO-SEARCH" => misp::NO_SEARCH_KEY,
        "KEY-DISABLED" => misp::DISABLED_KEY,
        "KEY-EXPIRED" => misp::EXPIRED_KEY,
        "KEY-BOUND-TO-ANOTHER-ADDRESS" => misp::OTHER_ADDRESS_KEY,
        _ => return header.to_owned(),
    };
    header.replace(header.trim().trim_start_matches("Bearer "), key)
}

fn differences(exchange: &Value, response: &Response) -> Vec<String> {
    let mut found = Vec::new();
    if exchange["status"] != response.status.as_u16() {
        found.push(format!("status {} is {}", exchange["status"], response.status));
    }
    for (name, expected) in exchange["headers"].as_object().expect("headers") {
        let expected = expected.as_str().expect("a header's text");
        let actual = header(&response.headers, name);
        if without_host(expected) != without_host(&actual) {
            found.push(format!("{name} {expected:?} is {actual:?}"));
        }
    }
    let body = || serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    if let Some(expected) = exchange.get("body") {
        compare("", expected, &body(), &mut found);
    }
    if let Some(expected) = exchange.get("ids") {
        compare("ids", expected, &ids(&body()), &mut found);
    }
    if let Some(expected) = exchange.get("first ids").and_then(Value::as_array) {
        let actual = ids(&body());
        let first: Vec<_> =
            actual.as_array().into_iter().flatten().take(expected.len()).cloned().collect();
        compare("first ids", &expected.clone().into(), &first.into(), &mut found);
    }
    if let Some(expected) = exchange.get("attribute").and_then(Value::as_object) {
        let actual = &body()["Attribute"];
        let part = expected.keys().map(|name| (name.clone(), actual[name].clone()));
        compare("attribute", &expected.clone().into(), &Value::from_iter(part), &mut found);
    }
    if let Some(expected) = exchange.get("events") {
        compare("events", expected, &events(&body()), &mut found);
    }
    found
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("(none)").to_owned()
}

/// A URL's path; any other text as it is.
fn without_host(text: &str) -> &str {
    text.split_once("://").map_or(text, |(_, rest)| &rest[rest.find('/').unwrap_or(rest.len())..])
}

fn ids(body: &Value) -> Value {
    let rows = body["response"]["Attribute"].as_array().into_iter().flatten();
    rows.map(|row| row["id"].clone()).collect()
}

fn events(body: &Value) -> Value {
    let part = |event: &Value| {
        let names = ["id", "uuid", "info"];
        Value::from_iter(names.map(|name| (name.to_owned(), event[name].clone())))
    };
    body.as_array().into_iter().flatten().map(part).collect()
}

/// Notes each place where two values differ.
fn compare(at: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(one), Value::Object(other)) => {
            let known = other.keys().filter(|name| !one.contains_key(*name));
            found.extend(known.map(|name| format!("{at}.{name} is too much")));
            for (name, value) in one {
                let new =
                    NEW_IN_SIGHTINGS.contains(&name.as_str()) && one.contains_key("date_sighting");
                match other.get(name) {
                    Some(_) if new => {}
                    Some(given) => compare(&format!("{at}.{name}"), value, given, found),
                    None => found.push(format!("{at}.{name} is missing")),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{at}[{index}]"), one, other, found);
            }
        }
        (Value::Number(one), Value::Number(other))
            if one
                .as_f64()
                .zip(other.as_f64())
                .is_some_and(|(one, other)| (one - other).abs() < TOLERANCE) => {}
        _ if expected == actual => {}
        _ => found.push(format!("{at} {expected} is {actual}")),
    }
}
