//! A call as the gateway delivers it.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{AUTHORIZATION, InvalidHeaderValue},
};
use tokio::time::Instant;

use crate::auth::Gateway;

/// A call as any transport delivers it. Printed without headers and body, which hold secrets.
pub struct Incoming {
    /// The method.
    pub method: Method,
    /// The path, with whatever stage or prefix the gateway left in it.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded.
    pub body: Bytes,
    /// The relay's public address and the caller's.
    pub gateway: Gateway,
    /// Names the call in the log, and in the answer when the relay itself fails.
    pub request_id: String,
    /// When requests to the product must have ended.
    pub deadline: Instant,
    /// The header `X-Amzn-Trace-Id` of the invocation, where it has one.
    pub trace: Option<String>,
}

impl Incoming {
    /// Creates a call with a token, as a gateway that states nothing about itself delivers it; it
    /// has 27 seconds. For tools and examples.
    ///
    /// # Errors
    ///
    /// The token holds characters that no header can hold.
    pub fn post(
        path: &str,
        token: &str,
        body: impl Into<Bytes>,
    ) -> Result<Self, InvalidHeaderValue> {
        let authorization = HeaderValue::try_from(format!("Bearer {token}"))?;
        Ok(Self {
            method: Method::POST,
            path: path.to_owned(),
            headers: HeaderMap::from_iter([(AUTHORIZATION, authorization)]),
            body: body.into(),
            gateway: Gateway::default(),
            request_id: "local".to_owned(),
            deadline: Instant::now() + Duration::from_secs(27),
            trace: None,
        })
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, request_id, .. } = self;
        write!(f, "Incoming({request_id}: {method} {path})")
    }
}
