//! A question as it came over the wire.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt};

use super::Stream;

/// One request with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedRequest {
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl ReceivedRequest {
    /// None when the caller hangs up instead.
    pub(super) async fn read(stream: &mut Stream) -> Option<Self> {
        let first = line(stream).await?;
        let (method, target) = first.split_once(' ')?;
        let target = target.split(' ').next()?;
        let mut headers = HeaderMap::new();
        while let Some((name, value)) = line(stream).await?.split_once(": ") {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let length = headers.get("content-length").map_or("0", |it| it.to_str().unwrap());
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers, body })
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A header's text; empty when it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The token behind `Bearer`.
    pub(crate) fn bearer(&self) -> &str {
        self.header("authorization").strip_prefix("Bearer ").unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The query's fields, decoded.
    pub(crate) fn query(&self) -> HashMap<String, String> {
        fields(self.target.split_once('?').map_or("", |(_, query)| query).as_bytes())
    }

    /// The body's fields, decoded.
    pub(crate) fn form(&self) -> HashMap<String, String> {
        fields(&self.body)
    }
}

fn fields(text: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

async fn line(stream: &mut Stream) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.strip_suffix("\r\n").map(str::to_owned)
}
