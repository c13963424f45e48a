//! The products' access tokens: cached by the whole credential set, fetched once for all calls that
//! wait for one, renewed once when the product refuses one.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::header;
use serde::Deserialize;

use crate::{
    cache::{CacheKey, TtlCache},
    ctim::Time,
    error::{Error, ErrorKind, Result},
    lenient::Integer,
    outbound::{Request, Response, one_line},
    relay::Call,
    secret::Secret,
    url::Address,
};

/// The most credential sets whose tokens are kept; the one unused for longest is dropped first.
const MAX_ENTRIES: usize = 1000;
/// A token is renewed this long before it ends.
const RENEWAL_SECONDS: i64 = 300;
/// How long a token is kept at least and at most, whatever the product says.
const LIFETIME_SECONDS: std::ops::RangeInclusive<i64> = 30..=86_400;
/// The longest that a login takes.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(8);
/// The largest response to a login that is read.
const MAX_LOGIN_BYTES: usize = 64 * 1024;

/// An access token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    text: Secret,
    /// In seconds since 1970.
    valid_until: i64,
}

impl AccessToken {
    /// Creates a token that is valid for `expires_in` seconds from `now`; where the product names no
    /// time or a senseless one, for a short one.
    #[must_use]
    pub fn lasting(text: Secret, expires_in: Option<i64>, now: i64) -> Self {
        let lifetime = expires_in.unwrap_or(0).saturating_sub(RENEWAL_SECONDS);
        let lifetime = lifetime.clamp(*LIFETIME_SECONDS.start(), *LIFETIME_SECONDS.end());
        Self { text, valid_until: now.saturating_add(lifetime) }
    }
}

/// A product's login.
pub trait TokenSource: Sync {
    /// Returns the digest of login address and credentials: who logs in where.
    fn key(&self) -> CacheKey;

    /// Logs in.
    fn fetch<C: Sync>(
        &self,
        call: &Call<'_, C>,
    ) -> impl Future<Output = Result<AccessToken>> + Send;
}

/// The tokens of one process, at most 1,000; the one unused for longest is dropped first.
#[derive(Debug)]
pub struct TokenCache {
    slots: TtlCache<CacheKey, Arc<Slot>>,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self { slots: TtlCache::new(MAX_ENTRIES) }
    }
}

/// The token of one credential set. Locked while it is fetched, so that it is fetched once.
#[derive(Debug, Default)]
struct Slot {
    state: tokio::sync::Mutex<SlotState>,
    fetches: AtomicU64,
}

#[derive(Debug, Default)]
struct SlotState {
    token: Option<AccessToken>,
    last_error: Option<Error>,
}

impl TokenCache {
    /// Sends `request` with `Authorization: Bearer`. After a 401 it logs in again and sends the request
    /// once more, which is safe for actions too, since the first was refused.
    ///
    /// # Errors
    ///
    /// Those of the login and of [`Call::send`].
    pub async fn send<C: Sync>(
        &self,
        call: &Call<'_, C>,
        source: &impl TokenSource,
        request: Request,
    ) -> Result<Response> {
        let token = self.token(call, source, &request).await?;
        let response = call.send(with_token(&request, &token)?).await?;
        if response.status() != 401 {
            return Ok(response);
        }
        self.forget(call, source, &token).await;
        let token = self.token(call, source, &request).await?;
        call.send(with_token(&request, &token)?).await
    }

    /// Returns the token of these credentials, cached or new. While it is fetched, the connection for
    /// the request that needs it is opened.
    async fn token<C: Sync>(
        &self,
        call: &Call<'_, C>,
        source: &impl TokenSource,
        request: &Request,
    ) -> Result<Secret> {
        let slot = self.slot(call, source);
        let fetches = slot.fetches.load(Ordering::SeqCst);
        let mut state = slot.state.lock().await;
        let now = call.clock.seconds();
        if let Some(token) = state.token.as_ref().filter(|token| token.valid_until > now) {
            call.keep_secret(token.text.clone());
            return Ok(token.text.clone());
        }
        if slot.fetches.load(Ordering::SeqCst) != fetches {
            // Another call logged in meanwhile and was refused; this one would be refused too.
            if let Some(error) = &state.last_error {
                return Err(error.clone());
            }
        }
        call.open_connection(request.address());
        let fetched = source.fetch(call).await.map_err(not_to_be_smaller);
        slot.fetches.fetch_add(1, Ordering::SeqCst);
        state.last_error = fetched.as_ref().err().cloned();
        let token = fetched?;
        call.keep_secret(token.text.clone());
        state.token = Some(token.clone());
        Ok(token.text)
    }

    async fn forget<C: Sync>(
        &self,
        call: &Call<'_, C>,
        source: &impl TokenSource,
        refused: &Secret,
    ) {
        let slot = self.slot(call, source);
        let mut state = slot.state.lock().await;
        // Another request may have renewed it meanwhile.
        if state.token.as_ref().is_some_and(|token| token.text.expose() == refused.expose()) {
            state.token = None;
        }
    }

    fn slot<C>(&self, call: &Call<'_, C>, source: &impl TokenSource) -> Arc<Slot> {
        let now = Time::of_clock(call.clock.now());
        let until = now.plus_seconds(*LIFETIME_SECONDS.end());
        self.slots.get_or_insert_with(source.key(), now, until, Arc::default)
    }
}

fn with_token(request: &Request, token: &Secret) -> Result<Request> {
    Ok(request.clone().header(header::AUTHORIZATION, token.header("Bearer ")?))
}

/// OAuth 2 client credentials (RFC 6749 §4.4), sent as a form.
pub struct ClientCredentials<'a> {
    /// The token endpoint.
    pub endpoint: Address,
    /// The application's id.
    pub client_id: &'a str,
    /// The application's secret.
    pub client_secret: &'a Secret,
    /// What the token is for.
    pub scope: &'a str,
    /// Returns the error for a refused login, given the endpoint's own words; see [`login_refusal`].
    pub refusal: fn(&Response, &str) -> Error,
}

impl TokenSource for ClientCredentials<'_> {
    fn key(&self) -> CacheKey {
        let secret = self.client_secret.expose();
        CacheKey::of(&[self.endpoint.url().as_str(), self.client_id, secret, self.scope])
    }

    async fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> Result<AccessToken> {
        let form = [
            ("client_id", self.client_id),
            ("client_secret", self.client_secret.expose()),
            ("grant_type", "client_credentials"),
            ("scope", self.scope),
        ];
        // A login changes nothing, so it may be retried.
        let request = Request::post(self.endpoint.clone())
            .form(&form)
            .repeatable()
            .within(LOGIN_TIMEOUT)
            .at_most(MAX_LOGIN_BYTES);
        let response = call.send(request).await?;
        if !response.is_success() {
            let text = response.json::<LoginError>().ok().and_then(|body| body.error_description);
            let text = text.map_or_else(|| response.quote(), |text| one_line(&text));
            return Err((self.refusal)(&response, &text));
        }
        let granted: LoginResponse =
            response.json().map_err(|error| unreadable(error, call.product()))?;
        Ok(AccessToken::lasting(
            granted.access_token,
            granted.expires_in.into_inner(),
            call.clock.seconds(),
        ))
    }
}

/// The response to a login may hold a token, so it is not quoted.
fn unreadable(error: Error, product: &str) -> Error {
    error.with_message(format!(
        "The login of {product} sent an unexpected response; check its address and try again."
    ))
}

/// A login's response that is too large is none of a login: asking for fewer records, as after other
/// responses that are too large, would be in vain.
fn not_to_be_smaller(error: Error) -> Error {
    if error.kind() == ErrorKind::TooLarge { error.with_kind(ErrorKind::Malformed) } else { error }
}

/// Returns the error for a refused login: wrong credentials (400, 401, 403), an exceeded quota, or an
/// endpoint that is unavailable.
pub fn login_refusal(response: &Response, text: &str) -> Error {
    match response.status() {
        400 | 401 | 403 => {
            Error::new(ErrorKind::Unauthorized, format!("Authorization failed: {text}"))
                .with_context("product.status", response.status())
        }
        _ => response.refusal(Some(text)),
    }
}

#[derive(Deserialize)]
struct LoginResponse {
    access_token: Secret,
    /// Seconds; some endpoints send it as text.
    #[serde(default)]
    expires_in: Integer,
}

#[derive(Deserialize)]
struct LoginError {
    error_description: Option<String>,
}
