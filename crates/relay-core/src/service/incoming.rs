//! A call as the gateway delivers it.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
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
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, request_id, .. } = self;
        write!(f, "Incoming({request_id}: {method} {path})")
    }
}
