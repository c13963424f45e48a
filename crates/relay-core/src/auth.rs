//! Verifies the token of the `Authorization` header.
//!
//! Settings decide which schemes are accepted: HS256 where a secret is set, RS256 by the list of
//! key hosts. The token's `alg` only has to agree with a scheme's key; it never chooses a weaker
//! one. The caller learns in general terms what is wrong with a token, the log in detail.

mod claims;
mod hs256;
mod jwks;
mod rsa;
mod secrets_manager;
mod sources;
mod unverified;

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, header};
use tokio::time::Instant;

use claims::Claims;
pub use hs256::REFRESH_SECONDS as SECRET_REFRESH_SECONDS;
pub use jwks::REGIONS;
pub use rsa::usable_keys;
pub use secrets_manager::SecretsManager;
pub use unverified::{Algorithm, UnverifiedToken};

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    invocation::InvocationContext,
    outbound::Http,
    settings::{BadSetting, Environment},
};
use claims::Rules;
use sources::Sources;

/// What the gateway states about itself and the caller; headers of the caller have no influence.
#[derive(Debug, Clone, Default)]
pub struct Gateway {
    /// The relay's public addresses: `https://<domain>`, plus `/<stage>` where it is part of the URL.
    pub base_urls: Vec<String>,
    /// The address that the request came from.
    pub source: Option<IpAddr>,
}

/// Checks the source address and the token of calls.
pub(crate) struct Auth {
    sources: Sources,
    hs256: Option<hs256::Keys>,
    rs256: jwks::KeyHosts,
    rules: Rules,
}

impl Auth {
    /// Reads `ALLOWED_SOURCES`, `SECRET_KEY` or `SECRET_ARN`, `JWKS_HOSTS`, `RELAY_BASE_URL` and
    /// `REQUIRE_TOKEN_EXPIRY`; fetches the secret.
    pub(crate) async fn new(
        environment: &Environment,
        http: &Http,
        clock: &Clock,
    ) -> Result<Self, BadSetting> {
        Ok(Self {
            sources: Sources::new(environment)?,
            rules: Rules::new(environment, clock.clone())?,
            rs256: jwks::KeyHosts::new(environment, http.clone(), clock.clone())?,
            hs256: hs256::Keys::new(environment, http, Arc::new(clock.clone())).await?,
        })
    }

    /// Checks the address that a call comes from.
    ///
    /// Errors: `Unauthorized`.
    pub(crate) fn admit(&self, gateway: &Gateway) -> Result<()> {
        self.sources.admit(gateway.source)
    }

    /// Returns the claims of a call's token.
    ///
    /// Errors: `Unauthorized`, always.
    pub(crate) async fn verify(
        &self,
        headers: &HeaderMap,
        gateway: &Gateway,
        deadline: Instant,
        context: &InvocationContext,
    ) -> Result<Claims> {
        let token = UnverifiedToken::parse(bearer(headers)?)?;
        match token.algorithm() {
            Algorithm::Hs256 => {
                let is_signed = match &self.hs256 {
                    Some(keys) => keys.verify(&token).await,
                    None => false,
                };
                if !is_signed {
                    return Err(
                        not_signed_by_us().with_context("hs256.configured", self.hs256.is_some())
                    );
                }
                self.rules.check_shared_secret(&token.claims)?;
            }
            Algorithm::Rs256 => {
                let audience = self.rules.audience(gateway);
                // Before any key is fetched: a token for another relay costs no call.
                self.rules.check_configuration_token(&token.claims, &audience)?;
                self.rs256.verify(&token, deadline, context).await?;
            }
        }
        Ok(token.claims)
    }
}

fn not_signed_by_us() -> Error {
    refused("the token's signature does not verify; make the token again for this relay")
}

/// Returns the error for a token that is not accepted.
fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::Unauthorized, format!("Authorization failed: {reason}."))
}

/// Returns the token of `Authorization: Bearer <token>`, the scheme in any case.
///
/// # Errors
///
/// `Unauthorized` unless there is one such header with one token in it.
pub fn bearer(headers: &HeaderMap) -> Result<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| {
        refused("the Authorization header is missing; set the module to send the relay's token")
    })?;
    let wrong = || refused("the Authorization header must be the word Bearer and one token");
    if values.next().is_some() {
        return Err(wrong());
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(wrong)?;
    let plain = !token.is_empty() && !token.contains(|c: char| c.is_whitespace());
    if scheme.eq_ignore_ascii_case("bearer") && plain { Ok(token) } else { Err(wrong()) }
}
