//! The MISP server and urlscan.io.

mod access;
mod rows;
mod search;
mod sighting;
mod urlscan;

use sandbox::{Product, Sandbox, misp};
use serde_json::Value;

use crate::client::{self, Response};

const SEARCH: &str = "/attributes/restSearch";

async fn start() -> Sandbox {
    Sandbox::start(Product::Misp).await.expect("a free port")
}

async fn post(sandbox: &Sandbox, path: &str, key: &str, body: &Value) -> Response {
    client::post(&format!("{}{path}", sandbox.url()), &[("authorization", key)], body).await
}

/// The rows that a search finds.
async fn search(sandbox: &Sandbox, body: Value) -> Vec<Value> {
    let response = post(sandbox, SEARCH, misp::API_KEY, &body).await;
    assert_eq!(response.status, 200, "{body}");
    let rows = response.json()["response"]["Attribute"].as_array().expect("a list of rows").clone();
    assert_eq!(response.header("x-result-count"), Some(rows.len().to_string().as_str()));
    rows
}

/// The values that a search finds, in the server's order.
async fn values(sandbox: &Sandbox, body: Value) -> Vec<String> {
    let rows = search(sandbox, body).await;
    rows.iter().map(|row| row["value"].as_str().expect("a text value").to_owned()).collect()
}
