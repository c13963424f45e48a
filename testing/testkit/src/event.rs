//! The events by which AWS brings an HTTP request to a function.
//!
//! Shapes: "Create AWS Lambda proxy integrations for HTTP APIs", "Lambda proxy integrations in
//! API Gateway" and "Invoking Lambda function URLs" in AWS' documentation.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

mod shape;

/// What stands between the caller and the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// An HTTP API of API Gateway; payload format 2.0.
    HttpApi,
    /// A REST API of API Gateway; payload format 1.0.
    RestApi,
    /// The function's own URL; payload format 2.0.
    FunctionUrl,
}

impl Gateway {
    /// Every gateway, for tests that must hold behind each.
    pub const ALL: [Self; 3] = [Self::HttpApi, Self::RestApi, Self::FunctionUrl];

    /// A POST request to this path, the way every route of a relay but one is called.
    pub fn post(self, path: &str) -> Event {
        self.request("POST", path)
    }

    /// A GET request to this path.
    pub fn get(self, path: &str) -> Event {
        self.request("GET", path)
    }

    /// Any request. The path is the function's own: without stage, without base path.
    pub fn request(self, method: &str, path: &str) -> Event {
        Event {
            gateway: self,
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: None,
            stage: None,
            domain: None,
            source_ip: "203.0.113.7".to_owned(),
        }
    }
}

/// A gateway event under construction; the JSON comes out of [`to_json`](Self::to_json).
///
/// ```
/// use testkit::event::Gateway;
/// use serde_json::json;
///
/// let event = Gateway::HttpApi
///     .post("/observe/observables")
///     .bearer("a.b.c")
///     .json(&json!([{"type": "domain", "value": "bad.example"}]))
///     .to_json();
/// assert_eq!(event["rawPath"], "/observe/observables");
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    gateway: Gateway,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Option<Body>,
    stage: Option<String>,
    domain: Option<CustomDomain>,
    source_ip: String,
}

#[derive(Clone, Debug)]
struct Body {
    text: String,
    is_base64: bool,
}

#[derive(Clone, Debug)]
struct CustomDomain {
    name: String,
    /// The base path mapping, without slashes; empty where the domain's root is mapped.
    base_path: String,
}

impl Event {
    /// Adds a header; a second one of the same name stays beside the first.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `Authorization: Bearer <token>`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sends a JSON body and says so in `Content-Type`.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").text(&body.to_string())
    }

    /// Sends a body of text.
    pub fn text(mut self, body: &str) -> Self {
        self.body = Some(Body { text: body.to_owned(), is_base64: false });
        self
    }

    /// Sends a body that the gateway encodes, as it does with media types it takes for binary.
    pub fn binary(mut self, body: &[u8]) -> Self {
        self.body = Some(Body { text: STANDARD.encode(body), is_base64: true });
        self
    }

    /// Sends this text as an encoded body although it may be no base64.
    pub fn broken_binary(mut self, body: &str) -> Self {
        self.body = Some(Body { text: body.to_owned(), is_base64: true });
        self
    }

    /// Sets the query, percent-encoded, without the question mark.
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// Deploys the API to a named stage, which is a part of its URL; function URLs have none.
    pub fn stage(mut self, stage: &str) -> Self {
        self.stage = Some(stage.to_owned());
        self
    }

    /// Calls the API under its own domain name, where `base_path` leads to this API; may be empty.
    pub fn custom_domain(mut self, name: &str, base_path: &str) -> Self {
        self.domain = Some(CustomDomain {
            name: name.to_owned(),
            base_path: base_path.trim_matches('/').to_owned(),
        });
        self
    }

    /// Says where the request comes from.
    pub fn source_ip(mut self, address: &str) -> Self {
        address.clone_into(&mut self.source_ip);
        self
    }

    /// The event as the function receives it.
    pub fn to_json(&self) -> Value {
        match self.gateway {
            Gateway::RestApi => shape::format_1(self),
            Gateway::HttpApi | Gateway::FunctionUrl => shape::format_2(self),
        }
    }
}
