//! The meaning of MISP's responses that are no success, docs/relays/misp.md#errors.

use std::time::Duration;

use relay_core::{BaseUrl, Error, ErrorKind, Response, lenient::Text, one_line, try_again};
use serde::Deserialize;
use url::Url;

/// How MISP's message about a missing or wrong API key begins; other 403s are missing rights.
const KEY_REJECTED: &str = "Authentication failed";
const LOGIN_PAGE: &str = "/users/login";
/// Seconds until the quota of the key's role is full again.
const QUOTA_RESET: &str = "x-rate-limit-reset";

/// MISP's error body. Which member holds the text depends on the version and the failure.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    message: Text,
    name: Text,
    errors: Text,
}

/// Returns the error that a status other than 200 means.
pub(crate) fn error_from(response: &Response, base_url: &BaseUrl) -> Error {
    let text = text_of(response);
    match response.status() {
        403 if text.starts_with(KEY_REJECTED) => {
            Error::new(ErrorKind::Unauthorized, format!("Authorization failed: {text}"))
        }
        401 | 403 | 405 => {
            let message = format!("MISP does not allow this to the key in the token: {text}");
            Error::new(ErrorKind::Forbidden, message)
        }
        404 => {
            let message = format!("MISP does not know the address; check HOST: {text}");
            Error::new(ErrorKind::NotFound, message)
        }
        300..=399 => redirect_error(response, base_url),
        429 => quota_error(response),
        500 | 501 => {
            Error::new(ErrorKind::Internal, format!("MISP failed: {text}")).with_code("unknown")
        }
        _ => response.refusal(Some(&text)),
    }
}

/// MISP's own words, else the beginning of the body.
fn text_of(response: &Response) -> String {
    let body: Option<ErrorBody> = response.json().ok();
    let text = body.and_then(|body| {
        body.message.into_inner().or(body.name.into_inner()).or(body.errors.into_inner())
    });
    text.map_or_else(|| response.quote(), |text| one_line(&text))
}

/// Redirects are not followed, because the API key would go with them; usually HOST is http. During
/// maintenance MISP sends everybody to its login page, under the name in its own settings.
fn redirect_error(response: &Response, base_url: &BaseUrl) -> Error {
    let base = Url::parse(base_url.as_str()).ok();
    let location = response.header("location");
    let target = location.zip(base.as_ref()).and_then(|(text, base)| base.join(text).ok());
    let host = target.as_ref().and_then(|target| target.host_str());
    let is_own_host = host.is_none() || host == base.as_ref().and_then(|base| base.host_str());
    let shown_host = host.unwrap_or("another page");
    if location.is_some_and(|location| path_of(location).ends_with(LOGIN_PAGE)) {
        let message = if is_own_host {
            "MISP is under maintenance: it sends every request to its login page; try again later."
                .to_owned()
        } else {
            format!(
                "MISP sends every request to the login page of {shown_host}: it is under maintenance, or HOST is not its address; try again later or check HOST."
            )
        };
        return Error::new(ErrorKind::Unavailable, message);
    }
    let message = format!("MISP redirects to {shown_host}; check scheme and host of HOST.");
    Error::new(ErrorKind::Malformed, message)
}

/// Returns a location without its query: it is no valid URL where MISP does not know its own name.
fn path_of(location: &str) -> &str {
    location.find(['?', '#']).map_or(location, |end| &location[..end])
}

/// Returns whether the key, or its role, may not do what it was used for.
pub(crate) fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden)
}

fn quota_error(response: &Response) -> Error {
    let error = response.rate_limited();
    if response.retry_after().is_some() {
        return error;
    }
    let reset = response.header(QUOTA_RESET).and_then(|text| text.parse().ok());
    match reset.map(Duration::from_secs) {
        Some(wait) => error.with_message(format!(
            "The rate limit of MISP for the key's role is exceeded; {}.",
            try_again(Some(wait))
        )),
        None => error,
    }
}
