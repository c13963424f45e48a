//! The MISP server and urlscan.io.

mod access;
mod links;
mod recorded;
mod rows;
mod search;
mod sharing;
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
    let [key, accept] = headers(key);
    let headers = [key, accept, ("content-type", "application/json")];
    client::post(&format!("{}{path}", sandbox.url()), &headers, body).await
}

/// The headers of a call with this key that wants JSON.
fn headers(key: &str) -> [(&str, &str); 2] {
    [("authorization", key), ("accept", "application/json")]
}

/// The rows that a search finds.
async fn search(sandbox: &Sandbox, body: Value) -> Vec<Value> {
    let response = post(sandbox, SEARCH, misp::API_KEY, &body).await;
    assert_eq!(response.status, 200, "{body}");
    response.json()["response"]["Attribute"].as_array().expect("a list of rows").clone()
}

/// The values that a search finds, in the server's order.
async fn values(sandbox: &Sandbox, body: Value) -> Vec<String> {
    let rows = search(sandbox, body).await;
    rows.iter().map(|row| row["value"].as_str().expect("a text value").to_owned()).collect()
}
