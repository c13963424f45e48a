//! Sends URLs to urlscan.io, docs/relays/misp.md#scans.

use std::time::Duration;

use http::HeaderName;
use relay_core::{Call, Error, ErrorKind, Request, Response, Result, one_line, try_again};
use serde::{Deserialize, Serialize};

use crate::{
    client::doubtful_if_server_failed,
    config::{Credentials, UrlscanConfig, Visibility},
};

const SERVICE: &str = "urlscan.io";
/// Finds the scans again; no more than that, since others may see them.
const TAG: &str = "cisco-xdr";
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends the requests of one call to urlscan.io.
pub(crate) struct Urlscan<'a> {
    config: &'a UrlscanConfig,
    call: &'a Call<'a, Credentials>,
}

#[derive(Serialize)]
struct NewScan<'a> {
    url: &'a str,
    visibility: Visibility,
    tags: [&'static str; 1],
}

#[derive(Deserialize)]
struct AddedScan {
    /// The scan's id; a response without it is no success.
    #[serde(rename = "uuid")]
    _id: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
    description: Option<String>,
}

impl<'a> Urlscan<'a> {
    pub(crate) fn new(config: &'a UrlscanConfig, call: &'a Call<'a, Credentials>) -> Self {
        Self { config, call }
    }

    /// `POST /scan/`; `Ok` only when the response holds the new scan.
    pub(crate) async fn scan(&self, url: &str) -> Result<()> {
        let key = self.config.api_key_for(self.call);
        let key = key.ok_or_else(|| self.call.explain_missing(missing_key_error()))?;
        self.call.keep_secret(key.clone());
        let scan = NewScan { url, visibility: self.config.visibility, tags: [TAG] };
        let request = Request::post(self.config.base_url.path("/scan/"))
            .header(HeaderName::from_static("api-key"), key.header("")?)
            .json(&scan)?
            .within(REQUEST_TIMEOUT);
        let response = self.call.send_to(SERVICE, request).await.map_err(unreachable)?;
        if response.status() != 200 {
            return Err(doubtful_if_server_failed(error_from(&response)));
        }
        match response.json::<AddedScan>() {
            Ok(_) => Ok(()),
            Err(unreadable) => Err(unreadable.outcome_unknown()),
        }
    }
}

fn missing_key_error() -> Error {
    let message = "urlscan.io wants a valid API key; set URLSCAN_API_KEY in the token or the relay's settings.";
    Error::new(ErrorKind::Forbidden, message)
}

fn unreachable(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unreachable | ErrorKind::Interrupted => error.with_code("service unavailable"),
        _ => error,
    }
}

/// Returns the error that a status other than 200 means, docs/relays/misp.md#errors.
fn error_from(response: &Response) -> Error {
    let text = text_of(response);
    let (kind, message) = match response.status() {
        400 => (ErrorKind::InvalidInput, format!("urlscan.io rejected the scan: {text}")),
        401 => return missing_key_error(),
        403 => {
            (ErrorKind::Forbidden, format!("urlscan.io does not allow this to the API key: {text}"))
        }
        404 => (
            ErrorKind::NotFound,
            "urlscan.io does not know the address; check URLSCAN_API_URL.".to_owned(),
        ),
        429 => return quota_error(response),
        500 => (ErrorKind::Internal, "urlscan.io failed; try again later.".to_owned()),
        502..=504 => (
            ErrorKind::Unavailable,
            "urlscan.io is temporarily unavailable; try again later.".to_owned(),
        ),
        _ => (ErrorKind::Malformed, format!("urlscan.io sent an unexpected response: {text}")),
    };
    let error = Error::new(kind, message).with_context("product.status", response.status());
    if kind == ErrorKind::InvalidInput { error.with_code("bad request") } else { error }
}

/// urlscan.io's own words, else the beginning of the body.
fn text_of(response: &Response) -> String {
    let body: Option<ErrorBody> = response.json().ok();
    let texts = body.into_iter().flat_map(|body| [body.message, body.description]).flatten();
    let text = texts.collect::<Vec<_>>().join(" ");
    if text.is_empty() { response.quote() } else { one_line(&text) }
}

fn quota_error(response: &Response) -> Error {
    let after = response.retry_after();
    let message = format!("The quota of urlscan.io is used up; {}.", try_again(after));
    Error::new(ErrorKind::RateLimited { after }, message)
}
