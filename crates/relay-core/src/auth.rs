//! Verifies the token of the `Authorization` header.
//!
//! Settings decide which schemes are accepted: HS256 where a secret is set, RS256 by the list of
//! key hosts. The token's `alg` only has to agree with a scheme's key; it never chooses a weaker
//! one. The caller learns in general terms what is wrong with a token, the log in detail.

mod audience;
mod claims;
mod hs256;
mod jwks;
mod organisation;
mod requester;
mod rsa;
mod secrets_manager;
mod sources;
mod strength;
mod unverified;

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, header};
use tokio::time::Instant;

use claims::Claims;
pub(crate) use claims::is_entity_limit;
pub use hs256::{
    MAX_AGE_SECONDS as SECRET_MAX_AGE_SECONDS, REFRESH_SECONDS as SECRET_REFRESH_SECONDS,
};
pub(crate) use jwks::OnFetch;
pub use jwks::REGIONS;
pub(crate) use requester::RequestedFrom;
pub use rsa::usable_keys;
pub use secrets_manager::SecretsManager;
pub use unverified::{Algorithm, UnverifiedToken};

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    invocation::InvocationContext,
    outbound::{Http, one_line},
    settings::{BadSetting, Environment},
    url::Address,
};
use claims::Rules;
use organisation::Organisation;
use sources::Sources;

/// What the gateway states about itself and the caller; headers of the caller have no influence.
#[derive(Debug, Clone, Default)]
pub struct Gateway {
    /// The relay's public addresses: `https://<domain>`, plus `/<stage>` where it is part of the URL.
    pub base_urls: Vec<String>,
    /// The address that the request came from.
    pub source: Option<IpAddr>,
    /// The id of the request in the gateway's log; empty where it has none.
    pub request_id: String,
}

/// The facts about a relay on which its callers' tokens depend.
pub(crate) struct TokenFacts {
    /// The name that a token's claim `relay` must have.
    pub(crate) slug: &'static str,
    /// The claims that a module's form fills in.
    pub(crate) form_claims: Vec<&'static str>,
}

/// Returns whether a call comes from an address of `ALLOWED_SOURCES`; not if that cannot be read.
pub(crate) fn is_allowed_source(environment: &Environment, gateway: &Gateway) -> bool {
    Sources::new(environment).is_ok_and(|sources| sources.admit(gateway.source).is_ok())
}

/// Checks the source address and the token of calls.
pub(crate) struct Auth {
    sources: Sources,
    hs256: Option<hs256::Keys>,
    rs256: Option<jwks::KeyHosts>,
    organisation: Organisation,
    rules: Rules,
}

/// What is known of a caller whose token was accepted.
pub(crate) struct VerifiedToken {
    pub(crate) claims: Claims,
    /// What the log calls the token; no secret.
    pub(crate) id: String,
    /// Whether the operator knows whose token it is: the relay's secret signed it, or it has the
    /// claims of `TOKEN_CLAIMS`.
    pub(crate) is_of_operator: bool,
}

impl Auth {
    /// Reads `ALLOWED_SOURCES`, `SECRET_KEY` or `SECRET_ARN`, `JWKS_HOSTS`, `TOKEN_CLAIMS`,
    /// `RELAY_BASE_URL` and `REQUIRE_TOKEN_EXPIRY`; fetches the secret.
    pub(crate) async fn new(
        environment: &Environment,
        http: &Http,
        clock: &Clock,
        facts: &TokenFacts,
    ) -> Result<Self, BadSetting> {
        let has_secret = hs256::is_configured(environment);
        let auth = Self {
            sources: Sources::new(environment)?,
            rules: Rules::new(environment, facts.slug, clock.clone())?,
            rs256: jwks::KeyHosts::new(environment, has_secret, http, clock)?,
            organisation: Organisation::new(environment, &facts.form_claims)?,
            hs256: hs256::Keys::new(environment, http, Arc::new(clock.clone())).await?,
        };
        auth.check_together(environment)?;
        Ok(auth)
    }

    /// Checks settings that are usable alone, but not beside each other.
    fn check_together(&self, environment: &Environment) -> Result<(), BadSetting> {
        let bad = |name: &str, reason: &str| Err(BadSetting::new(name, reason));
        if self.hs256.is_none() && self.rs256.is_none() {
            return bad(
                "SECRET_ARN",
                "or SECRET_KEY must be set, because JWKS_HOSTS accepts no other tokens",
            );
        }
        if self.rs256.is_none() && !self.organisation.is_anybody() {
            return bad(
                organisation::SETTING,
                "is about configuration tokens, which are not accepted; list their key hosts in JWKS_HOSTS",
            );
        }
        // Else any tenant of XDR could have this relay call hosts inside the operator's network.
        if self.accepts_anybody() && environment.flag("ALLOW_PRIVATE_HOSTS", false)? {
            return bad(
                "ALLOW_PRIVATE_HOSTS",
                "must be false while configuration tokens of every organisation are accepted; set TOKEN_CLAIMS, or JWKS_HOSTS=none",
            );
        }
        Ok(())
    }

    fn accepts_anybody(&self) -> bool {
        self.rs256.is_some() && self.organisation.is_anybody()
    }

    /// Logs who is accepted, as far as an operator may be surprised by it.
    pub(crate) fn log_policy(&self) {
        if self.accepts_anybody() {
            tracing::warn!(
                "configuration tokens of every organisation are accepted, without the relay's own API_URL and keys; TOKEN_CLAIMS limits them to yours"
            );
        }
        if self.hs256.is_none() {
            tracing::warn!(
                "this relay has no secret, so tokens that relayctl makes are refused; SECRET_ARN or SECRET_KEY sets one"
            );
        }
        if self.rs256.is_none() {
            tracing::info!(
                "configuration tokens are not accepted; JWKS_HOSTS and TOKEN_CLAIMS say which ones are"
            );
        }
    }

    /// Checks the address that a call comes from.
    ///
    /// Errors: `Unauthorized`.
    pub(crate) fn admit(&self, gateway: &Gateway) -> Result<()> {
        self.sources.admit(gateway.source)
    }

    /// Returns the addresses of the key sets that configuration tokens are checked with.
    pub(crate) fn key_addresses(&self) -> Vec<Address> {
        self.rs256.iter().flat_map(jwks::KeyHosts::addresses).collect()
    }

    /// Checks a call's token. `on_fetch` is called when a key set has to be fetched first.
    ///
    /// Errors: `Unauthorized`; `Misconfigured` while the relay's secret cannot be read.
    pub(crate) async fn verify(
        &self,
        headers: &HeaderMap,
        gateway: &Gateway,
        deadline: Instant,
        context: &InvocationContext,
        on_fetch: &OnFetch<'_>,
    ) -> Result<VerifiedToken> {
        let token = UnverifiedToken::parse(bearer(headers)?)?;
        context.caller.note_token(one_line(&token.id()));
        let is_of_operator = match token.algorithm() {
            Algorithm::Hs256 => {
                let keys = self.hs256.as_ref().ok_or_else(no_secret)?;
                if !keys.verify(&token).await? {
                    return Err(not_signed_by_us());
                }
                self.rules.check(&token.claims, gateway, false)?;
                true
            }
            Algorithm::Rs256 => {
                let keys = self.rs256.as_ref().ok_or_else(no_configuration_tokens)?;
                // Before any key is fetched: a token for another relay costs no call.
                self.rules.check(&token.claims, gateway, true)?;
                keys.verify(&token, deadline, context, on_fetch).await?;
                self.organisation.check(&token.claims)?;
                !self.organisation.is_anybody()
            }
        };
        Ok(VerifiedToken { id: token.id(), claims: token.claims, is_of_operator })
    }
}

fn no_secret() -> Error {
    refused(
        "this relay has no secret to check the token with; its operator can set SECRET_ARN or SECRET_KEY",
    )
}

fn no_configuration_tokens() -> Error {
    refused(
        "this relay does not accept configuration tokens; its operator can set JWKS_HOSTS and TOKEN_CLAIMS",
    )
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
    // Blanks around a header's value are not part of it (RFC 9110 §5.5), and any number of them
    // precedes the token (RFC 6750 §2.1).
    let value = value.to_str().map_err(|_| wrong())?.trim_matches([' ', '\t']);
    let (scheme, token) = value.split_once(' ').ok_or_else(wrong)?;
    let token = token.trim_start_matches(' ');
    let plain = !token.is_empty() && !token.contains(|c: char| c.is_whitespace());
    if scheme.eq_ignore_ascii_case("bearer") && plain { Ok(token) } else { Err(wrong()) }
}
