//! A request to a product.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;

use super::HostKind;
use crate::{
    error::{Error, ErrorKind, Result},
    url::Address,
};

/// The largest response that is read, in bytes after decompression, unless a request says less.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// The longest that one request takes, whatever the deadline.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// A request: address, content, time and size limits, and whether it may be retried. Printed
/// without query, headers and body, which hold secrets.
#[derive(Clone)]
pub struct Request {
    method: Method,
    pub(super) address: Address,
    headers: HeaderMap,
    body: Option<Bytes>,
    pub(super) timeout: Duration,
    pub(super) max_bytes: usize,
    pub(super) repeatable: bool,
    /// How many observables the response is about.
    pub(super) about: usize,
    throttled_by: Option<u16>,
    host_kind: HostKind,
}

impl Request {
    /// Creates a request that reads; it may be retried.
    #[must_use]
    pub fn get(address: Address) -> Self {
        Self { repeatable: true, ..Self::new(Method::GET, address) }
    }

    /// Creates a request that changes or searches; never retried unless it is said to be
    /// [`repeatable`](Self::repeatable).
    #[must_use]
    pub fn post(address: Address) -> Self {
        Self::new(Method::POST, address)
    }

    /// Creates a request that changes a part; never retried.
    #[must_use]
    pub fn patch(address: Address) -> Self {
        Self::new(Method::PATCH, address)
    }

    /// Creates a request that removes; never retried.
    #[must_use]
    pub fn delete(address: Address) -> Self {
        Self::new(Method::DELETE, address)
    }

    fn new(method: Method, address: Address) -> Self {
        let headers =
            HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        Self {
            method,
            address,
            headers,
            body: None,
            timeout: REQUEST_TIMEOUT,
            max_bytes: MAX_BODY_BYTES,
            repeatable: false,
            about: usize::MAX,
            throttled_by: None,
            host_kind: HostKind::Other,
        }
    }

    /// Adds a query parameter; the value is escaped whole, the name goes as it is.
    pub fn query(mut self, name: &'static str, value: &str) -> Self {
        self.address.add_query(name, value);
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    ///
    /// `Unexpected` for a value that has no JSON form, such as a map whose keys are no texts.
    pub fn json(self, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::Unexpected, "The relay could not write its request.")
                .with_source(error)
        })?;
        Ok(self.content("application/json", body))
    }

    /// Sets a form body, properly encoded.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.content("application/x-www-form-urlencoded", body.into_bytes())
    }

    fn content(mut self, kind: &'static str, body: Vec<u8>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        self.body = Some(body.into());
        self
    }

    /// Allows a retry, because sending it twice does no harm: a search by POST.
    pub fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// Forbids the retry of a request that reads.
    pub fn only_once(self) -> Self {
        Self { repeatable: false, ..self }
    }

    /// Takes this status for an exceeded quota, as 429 is.
    pub fn throttled_by(self, status: u16) -> Self {
        Self { throttled_by: Some(status), ..self }
    }

    /// Limits the time; the deadline may limit it further.
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Limits the bytes of the response, counted after decompression.
    pub fn at_most(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// Says how many of the call's observables the response is about: its records have so many parts
    /// of the memory for all records. Otherwise it is taken to be about all.
    #[must_use]
    pub fn about(self, observables: usize) -> Self {
        Self { about: observables, ..self }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Accepts certificates of the operator's own issuers too, as only the product may have.
    pub(crate) fn for_product(self) -> Self {
        Self { host_kind: HostKind::Product, ..self }
    }

    pub(super) fn host_kind(&self) -> HostKind {
        self.host_kind
    }

    pub(super) fn is_throttled(&self, status: u16) -> bool {
        status == 429 || self.throttled_by == Some(status)
    }

    /// Returns whether it may have changed something, should no response come.
    pub(super) fn is_change(&self) -> bool {
        !self.repeatable && self.method != Method::GET
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn build(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.address.url().clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.clone().map(Into::into);
        request
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.address.url();
        write!(f, "Request({} {}{})", self.method, url.origin().ascii_serialization(), url.path())
    }
}
