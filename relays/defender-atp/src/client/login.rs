//! The login for the product's own API, and what its refusals mean (spec §3.2, §9).

use relay_core::{
    BaseUrl, Call, Error, ErrorKind, Response, Result,
    oauth::{CacheKey, ClientCredentials, Token, TokenSource, login_refusal},
};

use crate::Credentials;

/// How the caller's application logs in for `scope`.
pub(crate) fn login<'a>(
    credentials: &'a Credentials,
    platform: &BaseUrl,
    scope: &'a str,
) -> Result<ClientCredentials<'a>> {
    Ok(ClientCredentials { refusal: refused, ..credentials.account().login(platform, scope)? })
}

fn refused(response: &Response, said: &str) -> Error {
    match response.status() {
        403 => login_refusal(response, said).with_code("unknown"),
        404 => {
            let text = "The login does not know the tenant in the token; check tenant_id.";
            Error::new(ErrorKind::Forbidden, text).with("product.status", 404)
        }
        400 | 401 | 429 => login_refusal(response, said),
        _ => Error::new(ErrorKind::Unexpected, login_refusal(response, said).message())
            .with("product.status", response.status()),
    }
}

/// A login whose answer without a token has the code the product's callers know.
pub(super) struct Checked<'a, 'b>(pub(super) &'b ClientCredentials<'a>);

impl TokenSource for Checked<'_, '_> {
    fn key(&self) -> CacheKey {
        self.0.key()
    }

    async fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> Result<Token> {
        self.0.fetch(call).await.map_err(|error| match error.kind() {
            ErrorKind::Malformed => {
                let text = "The login's answer holds no access token; try again later.";
                error.with_message(text).with_code("invalid request")
            }
            _ => error,
        })
    }
}
