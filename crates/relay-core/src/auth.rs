//! From the `Authorization` header to verified claims.
//!
//! Which schemes are accepted is configuration: HS256 where a secret is set, RS256 by the list of
//! key hosts. The token's `alg` only has to agree with a scheme's key; it never chooses a weaker
//! one. What is wrong with a token is said in general terms to the caller, exactly to the log.

mod claims;
mod hs256;
mod jwks;
mod rsa;
mod secret;
mod sources;
mod token;

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, header};
use tokio::time::Instant;

pub use claims::Claims;
pub use hs256::FRESH_SECONDS as SECRET_FRESH_SECONDS;
pub use jwks::REGIONS;
pub use rsa::usable_keys;
pub use secret::SecretsManager;
pub use token::{Algorithm, Token};

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    http::Http,
    settings::{BadSetting, Environment},
    telemetry::Tally,
};
use claims::Rules;
use sources::Sources;

/// What the gateway states about itself and the caller; no header of the caller has a say.
#[derive(Debug, Clone, Default)]
pub struct Gateway {
    /// The relay's public addresses: `https://<domain>`, plus `/<stage>` where it is part of the URL.
    pub base_urls: Vec<String>,
    /// The address that the request came from.
    pub source: Option<IpAddr>,
}

/// Checks where requests come from, and their tokens.
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

    /// Whether a request may be looked at, by where it comes from.
    ///
    /// Errors: `Unauthorized`.
    pub(crate) fn admit(&self, gateway: &Gateway) -> Result<()> {
        self.sources.admit(gateway.source)
    }

    /// The claims of a request's token.
    ///
    /// Errors: `Unauthorized`, always.
    pub(crate) async fn verify(
        &self,
        headers: &HeaderMap,
        gateway: &Gateway,
        deadline: Instant,
        tally: &Tally,
    ) -> Result<Claims> {
        let token = Token::parse(bearer(headers)?)?;
        match token.algorithm() {
            Algorithm::Hs256 => {
                let good = match &self.hs256 {
                    Some(keys) => keys.verify(&token).await,
                    None => false,
                };
                if !good {
                    return Err(not_signed_by_us().with("hs256.configured", self.hs256.is_some()));
                }
                self.rules.check_shared_secret(&token.claims)?;
            }
            Algorithm::Rs256 => {
                let audience = self.rules.audience(gateway);
                // Before any key is fetched: a token for another relay costs no call.
                self.rules.check_configuration_token(&token.claims, &audience)?;
                self.rs256.verify(&token, deadline, tally).await?;
            }
        }
        Ok(token.claims)
    }
}

fn not_signed_by_us() -> Error {
    refused("the token's signature does not verify; make the token again for this relay")
}

/// The one form of every refusal.
fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::Unauthorized, format!("Authorization failed: {reason}."))
}

/// The token out of `Authorization: Bearer <token>`, the scheme in any case.
///
/// Errors: `Unauthorized` unless there is one such header with one token in it.
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
