//! A small HTTP client: one connection for each call, no retries, no redirects, nothing unpacked.

use std::{error::Error, io};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use hyper_util::{
    client::legacy::{Client, Error as CallError},
    rt::TokioExecutor,
};
use serde_json::Value;

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Sends a request and returns as soon as the head of the response is there.
pub(crate) async fn head(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Result<http::Response<Body>, CallError> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .retry_canceled_requests(false)
        .build_http::<Body>();
    let request = request.body(body.into()).expect("the request is well formed");
    Ok(client.request(request).await?.map(Body::new))
}

/// Sends a request and reads the whole response.
pub(crate) async fn send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Response {
    let response = head(method, url, headers, body).await.expect("a response");
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
    Response { status: head.status, headers: head.headers, body }
}

pub(crate) async fn get(url: &str, headers: &[(&str, &str)]) -> Response {
    send(Method::GET, url, headers, Body::empty()).await
}

pub(crate) async fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> Response {
    send(Method::POST, url, headers, body.to_string()).await
}

/// Whether a TCP reset stands at the root of this error.
pub(crate) fn is_reset(error: &(dyn Error + 'static)) -> bool {
    let here = error.downcast_ref::<io::Error>();
    here.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
        || error.source().is_some_and(is_reset)
}
