//! The login for the API, and what its responses mean: docs/relays/defender-atp.md#login.

use relay_core::{
    BaseUrl, Call, Error, ErrorKind, Response, Result,
    cache::CacheKey,
    oauth::{AccessToken, ClientCredentials, TokenSource, login_refusal},
};

use crate::Account;

/// The login of the caller's application for `scope`.
pub(super) fn login<'a>(
    account: Account<'a>,
    platform: &BaseUrl,
    scope: &'a str,
) -> Result<ClientCredentials<'a>> {
    Ok(ClientCredentials { refusal: login_error, ..account.login(platform, scope)? })
}

fn login_error(response: &Response, message: &str) -> Error {
    match response.status() {
        403 => login_refusal(response, message).with_code("unknown"),
        404 => {
            let text = "The login does not know the tenant in the token; check tenant_id.";
            Error::new(ErrorKind::Forbidden, text).with_context("product.status", 404)
        }
        400 | 401 | 429 => login_refusal(response, message),
        _ => login_refusal(response, message).with_kind(ErrorKind::Unexpected),
    }
}

/// The same login, with the code that callers know for a response without an access token.
pub(super) struct CodedLogin<'a, 'b>(pub(super) &'b ClientCredentials<'a>);

impl TokenSource for CodedLogin<'_, '_> {
    fn key(&self) -> CacheKey {
        self.0.key()
    }

    async fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> Result<AccessToken> {
        self.0.fetch(call).await.map_err(|error| match error.kind() {
            ErrorKind::Malformed => {
                let text = "The login's response holds no access token; try again later.";
                error.with_message(text).with_code("invalid request")
            }
            // That the login's host is not found says nothing of the API's.
            ErrorKind::Unreachable => {
                let source = error.clone();
                error.with_source(source)
            }
            _ => error,
        })
    }
}
