//! The queries of docs/operate.md ask for fields that the lines of a function, or the access log, really have.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{
    event::{Event, Gateway},
    token::{SECRET, seconds_from_now},
};

use super::{function_of, post, printed};
use crate::{
    fixture::{Fixture, account, hs256},
    wire::ScriptedResponse,
};

const PAGE: &str = include_str!("../../../../../docs/operate.md");
const TEMPLATE: &str = include_str!("../../../../../relay.yaml");
/// What belongs to the language, and to every line of CloudWatch.
const LANGUAGE: [&str; 24] = [
    "filter",
    "fields",
    "stats",
    "sort",
    "by",
    "as",
    "or",
    "and",
    "asc",
    "desc",
    "count",
    "sum",
    "max",
    "pct",
    "bin",
    "1h",
    "50",
    "95",
    "@timestamp",
    "@log",
    "ID",
    "in",
    "like",
    "not",
];

/// The text without what stands between quotation marks.
fn unquoted(query: &str) -> String {
    query.split('"').step_by(2).collect()
}

/// The fields that a query reads; what it names itself, after `as`, is none.
fn fields(query: &str) -> BTreeSet<String> {
    let query = unquoted(query);
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_@".contains(letter);
    let words: Vec<_> =
        query.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()).collect();
    let named: BTreeSet<_> =
        words.windows(2).filter(|pair| pair[0] == "as").map(|pair| pair[1]).collect();
    let read = words.iter().filter(|word| !LANGUAGE.contains(word) && !named.contains(*word));
    read.map(|word| (*word).to_owned()).collect()
}

/// The queries of the page.
fn queries() -> Vec<&'static str> {
    let section = PAGE.split("\n## Questions to the logs\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```text\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

/// The names in the access log's lines.
fn access_log() -> BTreeSet<String> {
    let format = TEMPLATE.split("Format: >-\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let format: String = format.lines().map(str::trim).collect();
    let line: Value = serde_json::from_str(&format).unwrap();
    line.as_object().unwrap().keys().cloned().collect()
}

/// One event for each kind of line.
fn events() -> Vec<Event> {
    let trigger = json!({
        "action-id": "isolate", "observable_type": "domain", "observable_value": "a.test",
        "indicator_id": "7",
    });
    let ended = account().claim("exp", seconds_from_now(-600)).hs256(SECRET.as_bytes());
    vec![
        post("/observe/observables", &hs256())
            .json(&json!([{"type": "domain", "value": "a.test"}])),
        post("/respond/trigger", &hs256()).json(&trigger),
        post("/health", &hs256()),
        post("/health", &ended),
        Gateway::HttpApi.post("/health"),
    ]
}

/// The names in all lines that a function writes, when it serves and when its settings are wrong.
async fn function_log() -> BTreeSet<String> {
    let fixture = Fixture::new().await;
    fixture.product.always("/me", ScriptedResponse::body(403, "no"));
    let mut names = BTreeSet::new();
    for setting in ["", "wrong"] {
        let launch = function_of(&fixture).env("REQUIRE_TOKEN_EXPIRY", setting);
        let function = launch.start().await.unwrap();
        for event in events() {
            function.invoke(&event).await.reply();
        }
        for line in printed(&function.stop().await.lines) {
            names.extend(line.as_object().unwrap().keys().cloned());
        }
    }
    names
}

#[tokio::test]
async fn queries_read_fields_that_the_lines_have() {
    let (function, access) = (function_log().await, access_log());
    let queries = queries();
    assert!(queries.len() >= 6, "{queries:?}");
    for query in queries {
        let missing: Vec<_> = fields(query)
            .into_iter()
            .filter(|field| !function.contains(field) && !access.contains(field))
            .collect();
        assert!(missing.is_empty(), "{missing:?} in {query}");
    }
    // The ids that join the two logs have the same names in both.
    for id in ["request_id", "gateway_request_id", "source"] {
        assert!(function.contains(id) && access.contains(id), "{id}");
    }
}

#[tokio::test]
async fn every_line_about_a_request_names_it() {
    let fixture = Fixture::new().await;
    for setting in ["", "wrong"] {
        let launch = function_of(&fixture).env("REQUIRE_TOKEN_EXPIRY", setting);
        let function = launch.start().await.unwrap();
        let started = function.invoke(&events()[4]).await.reply().status;
        assert_eq!(started, 200);
        for event in events().into_iter().chain([Gateway::HttpApi.post("/nowhere")]) {
            function.invoke(&event).await.reply();
        }
        for line in printed(&function.stop().await.lines) {
            let is_of_start = line["message"].as_str().is_some_and(|message| {
                message.contains("configuration tokens") || message == "the relay cannot serve"
            });
            let is_named = ["request_id", "gateway_request_id"]
                .iter()
                .all(|name| line[*name].as_str().is_some_and(|id| !id.is_empty()));
            assert!(is_of_start || is_named || line.get("_aws").is_some(), "{line}");
            assert!(line.get("_aws").is_none() || line["RequestId"].is_string(), "{line}");
        }
    }
}
