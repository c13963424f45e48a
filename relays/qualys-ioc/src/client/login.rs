//! The login: user and password become an access token.
//! Specification: docs/relays/qualys-ioc.md#login.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use relay_core::{
    Call, CircuitBreaker, Error, ErrorKind, Relay, Request, Result, Secret,
    cache::CacheKey,
    lenient,
    oauth::{AccessToken, TokenSource},
    url::Address,
};
use serde::Deserialize;

use super::{CONCURRENCY_EXCEEDED, error::error_from};
use crate::{Credentials, QualysIoc};

/// How long an access token is documented to live, in seconds; for one that does not say.
const TOKEN_LIFETIME_SECONDS: i64 = 4 * 60 * 60;
const LOGIN_TIMEOUT: Duration = Duration::from_secs(8);
/// The largest response of the login that is read; access tokens are a few hundred bytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The login of one caller: a form with user and password, answered by the bare access token.
/// Specification: docs/relays/qualys-ioc.md#login.
pub(super) struct Login<'a> {
    pub(super) endpoint: &'a Address,
    pub(super) credentials: &'a Credentials,
    /// Opened when the login fails, because every search needs it.
    pub(super) breaker: &'a CircuitBreaker,
}

impl TokenSource for Login<'_> {
    fn key(&self) -> CacheKey {
        let Credentials { user, password, .. } = self.credentials;
        let slug = QualysIoc::ABOUT.slug;
        CacheKey::of(&[slug, self.endpoint.url().as_str(), user, password.expose()])
    }

    async fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> Result<AccessToken> {
        let outcome = self.log_in(call).await;
        if outcome.is_err() {
            self.breaker.open();
        }
        outcome
    }
}

impl Login<'_> {
    async fn log_in<C: Sync>(&self, call: &Call<'_, C>) -> Result<AccessToken> {
        let Credentials { user, password, .. } = self.credentials;
        let form =
            [("username", user.as_str()), ("password", password.expose()), ("token", "true")];
        // A login changes nothing, so it may be sent again after a failed connection.
        let request = Request::post(self.endpoint.clone())
            .form(&form)
            .repeatable()
            .throttled_by(CONCURRENCY_EXCEEDED)
            .within(LOGIN_TIMEOUT)
            .at_most(MAX_TOKEN_BYTES);
        let response = call.send(request).await?;
        if !response.is_success() {
            return Err(error_from(&response));
        }
        let text = bare_token(response.body()).ok_or_else(missing_token)?;
        let now = call.now.as_unix_milliseconds() / 1000;
        let lifetime = expiry(text).map_or(TOKEN_LIFETIME_SECONDS, |end| end.saturating_sub(now));
        let secret = Secret::new(text).ok_or_else(missing_token)?;
        Ok(AccessToken::lasting(secret, Some(lifetime), now))
    }
}

/// Returns the body if it is one word of printable ASCII.
fn bare_token(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_word.then_some(text)
}

// The body is not quoted, because it may hold a token.
fn missing_token() -> Error {
    let text = "Qualys IOC answered the login with something that is no token; check API_URL.";
    Error::new(ErrorKind::Malformed, text)
}

/// Returns `exp` of a JWT, in seconds since 1970. The signature is not checked: the relay only
/// passes the token on, and `exp` only says when to log in again.
fn expiry(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Payload {
        exp: lenient::Number,
    }
    let payload = token.split('.').nth(1)?.trim_end_matches('=');
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    // The cast truncates fractions and saturates at the bounds.
    serde_json::from_slice::<Payload>(&payload).ok()?.exp.into_inner().map(|seconds| seconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(bare_token(b" e.y.J \r\n"), Some("e.y.J"));
        for body in ["", "  ", "two words", "<html> </html>", "e.y.J\u{e9}"] {
            assert_eq!(bare_token(body.as_bytes()), None, "{body}");
        }
        assert_eq!(bare_token(&[0xff]), None);
    }

    #[test]
    fn s04_the_expiry_is_read_from_the_payload_or_not_known() {
        let token = |payload: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
        let check = |payload: &str, expected: Option<i64>| {
            assert_eq!(expiry(&token(payload)), expected, "{payload}");
        };
        check(r#"{"sub":"relay_api","exp":1763672000}"#, Some(1_763_672_000));
        check(r#"{"exp":"1763672000"}"#, Some(1_763_672_000));
        check(r#"{"exp":1763672000.9}"#, Some(1_763_672_000));
        check(r#"{"exp":1e300}"#, Some(i64::MAX));
        check(r#"{"exp":-1}"#, Some(-1));
        for payload in ["{}", r#"{"exp":null}"#, r#"{"exp":"soon"}"#, "[]", "", "nonsense"] {
            check(payload, None);
        }
        for token in ["opaque", "a.b", "..", "a.!.c"] {
            assert_eq!(expiry(token), None, "{token}");
        }
        let specified = "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJyZWxheV9hcGkiLCJleHAiOjE3NjM2NzIwMDB9.c2lnbmF0dXJl";
        assert_eq!(expiry(specified), Some(1_763_672_000));
    }
}
