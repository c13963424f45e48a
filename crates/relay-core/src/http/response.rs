//! What a product answered: status, headers and the whole body, within a cap.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderMap;
use serde::de::DeserializeOwned;

use super::{
    Trip,
    body::Body,
    body_budget::{Place, Room},
    retry,
};
use crate::error::{Error, ErrorKind, Result};

/// Longest piece of a product's own text that an error sentence may quote, in characters.
const QUOTE: usize = 200;

/// A product's answer, of whatever status. Printed without headers and body, which may hold
/// secrets.
pub struct Response {
    product: Arc<str>,
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// None where the body is a part of another answer's.
    _place: Option<Place>,
}

impl Response {
    pub(super) async fn read(
        mut answer: reqwest::Response,
        trip: &Trip,
        largest: usize,
        room: &Room,
    ) -> Result<Self> {
        let mut place = room.place();
        let mut body = Body::default();
        while let Some(chunk) = answer.chunk().await.map_err(|error| trip.broke_off(error))? {
            if body.len() + chunk.len() > largest {
                return Err(trip.too_large(largest));
            }
            if !place.grow_to(body.len() + chunk.len()) {
                return Err(trip.too_large_together());
            }
            body.push(&chunk);
        }
        let status = answer.status().as_u16();
        Ok(Self {
            product: trip.product.clone(),
            status,
            headers: std::mem::take(answer.headers_mut()),
            body: body.into_bytes(),
            _place: Some(place),
        })
    }

    /// Returns the name of the service that answered, for messages.
    pub fn service(&self) -> &str {
        &self.product
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's text, if it is there once and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body's bytes.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How long the product wants nobody to ask again, if it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        retry::wait_asked_for(&self.headers)
    }

    /// An answer that travelled inside this one, as those of a batch do.
    pub fn inside(&self, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { product: self.product.clone(), status, headers, body, _place: None }
    }

    /// The body, read as JSON of a known shape.
    ///
    /// Errors: `Malformed`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The library's text may quote the body; place and class do not.
            self.malformed()
                .with("json.class", format!("{:?}", error.classify()))
                .with("json.place", format!("{}:{}", error.line(), error.column()))
        })
    }

    /// The failure for an answer that is not what the product's documentation says.
    pub fn malformed(&self) -> Error {
        let (product, quote) = (&self.product, self.quote());
        let text = format!("{product} sent an unexpected response: {quote}");
        Error::new(ErrorKind::Malformed, text).with("product.status", self.status)
    }

    /// The failure that the status means for every product, with the product's own words where
    /// they help. Relays change the code or the sentence where their product differs.
    pub fn refusal(&self, words: Option<&str>) -> Error {
        let product = &self.product;
        let quote = words.map(str::to_owned).unwrap_or_else(|| self.quote());
        let said = |what: &str| format!("{product} {what}: {quote}");
        let (kind, text) = match self.status {
            400 | 422 => (ErrorKind::InvalidInput, said("rejected the request")),
            401 => (ErrorKind::Unauthorized, format!("Authorization failed: {quote}")),
            403 => (ErrorKind::Forbidden, said("does not allow this to the account in the token")),
            404 | 410 => (ErrorKind::NotFound, said("does not know the address; check the URL")),
            429 => return self.rate_limited(),
            502..=504 => (
                ErrorKind::Unavailable,
                format!(
                    "{product} is temporarily unavailable (status {}); try again later.",
                    self.status
                ),
            ),
            500.. => (ErrorKind::Internal, said("failed")),
            300..=399 => (
                ErrorKind::Malformed,
                format!("{product} redirects elsewhere; check the scheme and host of the URL."),
            ),
            _ => (ErrorKind::Malformed, said("sent an unexpected response")),
        };
        Error::new(kind, text).with("product.status", self.status)
    }

    /// The failure for a used-up quota, with the wait where the product names one.
    pub fn rate_limited(&self) -> Error {
        let product = &self.product;
        let after = self.retry_after();
        let text = format!("The rate limit of {product} is exceeded; {}.", try_again(after));
        Error::new(ErrorKind::RateLimited { after }, text).with("product.status", self.status)
    }

    /// The beginning of the body as one line of plain text; a web page is only named.
    pub fn quote(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        if text.is_empty() {
            return format!("an empty response with status {}", self.status);
        }
        if text.starts_with('<') {
            return format!("a web page with status {}", self.status);
        }
        one_line(text)
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { product, status, body, .. } = self;
        write!(f, "Response({product}: status {status}, {} bytes)", body.len())
    }
}

/// What to do about a used-up quota, for the end of a sentence: whole seconds, at least one.
pub fn try_again(after: Option<Duration>) -> String {
    match after.map(|wait| wait.as_secs()) {
        Some(0 | 1) => "try again in 1 second".to_owned(),
        Some(seconds) => format!("try again in {seconds} seconds"),
        None => "try again later".to_owned(),
    }
}

/// A product's text made fit for a sentence: no control characters, no more than 200 characters.
pub fn one_line(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(QUOTE).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_whole_seconds() {
        let said = |milliseconds| try_again(Some(Duration::from_millis(milliseconds)));
        assert_eq!([said(0), said(1900)], ["try again in 1 second"; 2]);
        assert_eq!(said(60_000), "try again in 60 seconds");
        assert_eq!(try_again(None), "try again later");
    }
}
