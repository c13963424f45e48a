//! A product's response: status, headers and the whole body, within a size limit.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Request, body::Body, destination::Destination, message, retry, shared_text::SharedText,
};
use crate::{
    error::{Error, ErrorKind, Result},
    invocation::{InvocationContext, RecordBudget, Reservation},
    lenient::{self, InnerLimits, ReadLimits, ReadOutcome},
    text,
};

/// The most characters of a product's own text that a message quotes.
const MAX_QUOTE_CHARS: usize = 200;

/// A product's response, of whatever status. Printed without headers and body, which may hold
/// secrets.
pub struct Response {
    service: Arc<str>,
    status: u16,
    headers: HeaderMap,
    body: SharedText,
    /// Held until the response and all those inside it are dropped.
    reservation: Arc<Reservation>,
    records: RecordBudget,
    /// How many observables the response is about.
    about: usize,
    /// The memory of the records that were read from it, in bytes.
    used: AtomicUsize,
    is_cut: AtomicBool,
}

impl Response {
    pub(super) async fn read(
        mut response: reqwest::Response,
        destination: &Destination,
        request: &Request,
        context: &InvocationContext,
    ) -> Result<Self> {
        let mut reservation = context.body_budget.reserve();
        let mut body = Body::default();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| destination.incomplete(error))?
        {
            if body.len() + chunk.len() > request.max_bytes {
                return Err(destination.too_large(request.max_bytes));
            }
            reservation.grow_to(body.len() + chunk.len()).await;
            body.push(&chunk);
        }
        // One byte that is no UTF-8 would otherwise cost the whole body.
        let body = text::with_invalid_replaced(body.into_bytes());
        let status = response.status().as_u16();
        Ok(Self {
            service: destination.service.clone(),
            status,
            headers: std::mem::take(response.headers_mut()),
            body: body.into(),
            reservation: Arc::new(reservation),
            records: context.record_budget.clone(),
            about: request.about,
            used: AtomicUsize::new(0),
            is_cut: AtomicBool::new(false),
        })
    }

    /// Returns the name of the service that answered, for messages.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns a header's text, if it is there and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body's bytes. They are UTF-8: a question mark stands for each byte that was not.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.text().as_bytes()
    }

    fn text(&self) -> &str {
        text::text_without_byte_order_mark(self.body.as_str())
    }

    /// Returns how long the product asks to wait, if it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry::retry_after(&self.headers)
    }

    /// Returns a response about so many observables that was sent inside this one, as those of a
    /// batch are. `body` is a part of this response's body, which stays in memory as long.
    #[must_use]
    pub fn inside(&self, status: u16, headers: HeaderMap, body: &str, about: usize) -> Self {
        Self {
            service: self.service.clone(),
            status,
            headers,
            body: self.body.part(body),
            reservation: self.reservation.clone(),
            records: self.records.clone(),
            about,
            used: AtomicUsize::new(0),
            is_cut: AtomicBool::new(false),
        }
    }

    /// Reads the body as JSON of a known shape.
    ///
    /// # Errors
    ///
    /// `Malformed`.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        self.json_of(usize::MAX)
    }

    /// Reads the body as JSON of a known shape, of each of its lists no more than so many items. What
    /// the memory of the call has no place for is left out, and [`is_cut`](Self::is_cut) tells.
    ///
    /// # Errors
    ///
    /// `Malformed`.
    pub fn json_of<'a, T: Deserialize<'a>>(&'a self, items: usize) -> Result<T> {
        self.parsed(self.text(), items).map_err(|error| self.malformed_at(&error))
    }

    /// Reads the body as JSON of a known shape with so many documents inside, each an
    /// [`Inner`](crate::lenient::Inner) about one observable, of each of whose lists no more than so
    /// many items are kept.
    ///
    /// # Errors
    ///
    /// `Malformed`.
    pub fn json_of_many<'a, T: Deserialize<'a>>(
        &'a self,
        documents: usize,
        items: usize,
    ) -> Result<T> {
        let limits = ReadLimits { items: documents, bytes: self.records.left() };
        let inner = InnerLimits { items, share: self.records.share(1) };
        let outcome = lenient::read(self.text(), limits, Some(inner));
        outcome.map(|outcome| self.noted(outcome)).map_err(|error| self.malformed_at(&error))
    }

    /// Reads a part of the body that was looked at before, such as one item; `None` where it has not
    /// the known shape.
    pub fn part<'a, T: Deserialize<'a>>(&self, json: &'a RawValue) -> Option<T> {
        self.parsed(json.get(), usize::MAX).ok()
    }

    fn parsed<'a, T: Deserialize<'a>>(&self, json: &'a str, items: usize) -> serde_json::Result<T> {
        let limits = ReadLimits { items, bytes: self.records.allowance(self.about) };
        lenient::read(json, limits, None).map(|outcome| self.noted(outcome))
    }

    fn noted<T>(&self, ReadOutcome { value, bytes, is_cut }: ReadOutcome<T>) -> T {
        self.records.note(bytes, is_cut);
        self.used.fetch_add(bytes, Ordering::Relaxed);
        self.is_cut.fetch_or(is_cut, Ordering::Relaxed);
        value
    }

    /// The library's text may quote the body; place and class do not.
    fn malformed_at(&self, error: &serde_json::Error) -> Error {
        self.malformed()
            .with_context("json.class", format!("{:?}", error.classify()))
            .with_context("json.place", format!("{}:{}", error.line(), error.column()))
    }

    /// Returns whether records were left out that were read from this response.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    /// Says that the records that were read from this response are dropped, so that their memory can
    /// be used for others.
    pub fn forget_records(&self) {
        self.records.give_back(self.used.swap(0, Ordering::Relaxed));
    }

    /// Returns the error for a response that is not what the product's documentation says.
    pub fn malformed(&self) -> Error {
        let (service, quote) = (&self.service, self.quote());
        let text = format!("{service} sent an unexpected response: {quote}");
        Error::new(ErrorKind::Malformed, text).with_context("product.status", self.status)
    }

    /// Returns the error that the status means for every product, with the product's own words where
    /// they help. Relays change the code or the message where their product differs.
    pub fn refusal(&self, words: Option<&str>) -> Error {
        let service = &self.service;
        let quote = words.map(str::to_owned).unwrap_or_else(|| self.quote());
        let with_quote = |what: &str| format!("{service} {what}: {quote}");
        let (kind, text) = match self.status {
            400 | 422 => (ErrorKind::InvalidInput, with_quote("rejected the request")),
            401 => (ErrorKind::Unauthorized, format!("Authorization failed: {quote}")),
            403 => (
                ErrorKind::Forbidden,
                with_quote("does not allow this to the account in the token"),
            ),
            404 | 410 => {
                (ErrorKind::NotFound, with_quote("does not know the address; check the URL"))
            }
            429 => return self.rate_limited(),
            502..=504 => (
                ErrorKind::Unavailable,
                format!(
                    "{service} is temporarily unavailable (status {}); try again later.",
                    self.status
                ),
            ),
            500.. => (ErrorKind::Internal, with_quote("failed")),
            300..=399 => (
                ErrorKind::Malformed,
                format!("{service} redirects elsewhere; check the scheme and host of the URL."),
            ),
            _ => (ErrorKind::Malformed, with_quote("sent an unexpected response")),
        };
        Error::new(kind, text).with_context("product.status", self.status)
    }

    /// Returns the error for an exceeded quota, with the wait where the product names one.
    pub fn rate_limited(&self) -> Error {
        let service = &self.service;
        let after = self.retry_after();
        let text = format!("The rate limit of {service} is exceeded; {}.", try_again(after));
        Error::new(ErrorKind::RateLimited { after }, text)
            .with_context("product.status", self.status)
    }

    /// Returns the beginning of the body as one line of plain text; of JSON its message. A web page
    /// and JSON without a message are only named.
    #[must_use]
    pub fn quote(&self) -> String {
        let text = self.text().trim();
        let status = self.status;
        match text.bytes().next() {
            None => format!("an empty response with status {status}"),
            Some(b'<') => format!("a web page with status {status}"),
            Some(b'{' | b'[') => message::in_json(text)
                .map(|message| one_line(&message))
                .unwrap_or_else(|| format!("JSON without a message, with status {status}")),
            Some(_) => one_line(text),
        }
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, status, body, .. } = self;
        write!(f, "Response({service}: status {status}, {} bytes)", body.as_str().len())
    }
}

/// Returns what to do about an exceeded quota, for the end of a sentence: whole seconds, rounded
/// up, at least one.
#[must_use]
pub fn try_again(after: Option<Duration>) -> String {
    match after.map(|wait| wait.as_millis().div_ceil(1000)) {
        Some(0 | 1) => "try again in 1 second".to_owned(),
        Some(seconds) => format!("try again in {seconds} seconds"),
        None => "try again later".to_owned(),
    }
}

/// Makes a product's text fit for a message: no control characters, at most 200 characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(MAX_QUOTE_CHARS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_given_in_whole_seconds() {
        let advice = |milliseconds| try_again(Some(Duration::from_millis(milliseconds)));
        assert_eq!([advice(0), advice(249), advice(1000)], ["try again in 1 second"; 3]);
        assert_eq!(advice(1900), "try again in 2 seconds");
        assert_eq!(advice(60_000), "try again in 60 seconds");
        assert_eq!(try_again(None), "try again later");
    }
}
