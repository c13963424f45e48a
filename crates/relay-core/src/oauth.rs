//! The products' access tokens: cached by the whole credential set, fetched once by many at a
//! time, renewed once when the product refuses one.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::header;
use serde::{Deserialize, Deserializer};

pub use crate::cache::CacheKey;
use crate::{
    cache::TtlCache,
    ctim::Time,
    error::{Error, ErrorKind, Result},
    http::{Request, Response, one_line},
    relay::{Call, Secret},
    url::Address,
};

/// How many credential sets are remembered; the one unused for longest goes first.
const MAX_ENTRIES: usize = 1000;
/// A token is renewed this long before it ends.
const MARGIN_SECONDS: i64 = 300;
/// The least and the most that a token is kept, whatever the product says of its life.
const LIFE_SECONDS: std::ops::RangeInclusive<i64> = 30..=86_400;
/// What a login may take.
const LOGIN: Duration = Duration::from_secs(8);
/// The largest answer to a login that is read.
const LARGEST_LOGIN: usize = 64 * 1024;

/// An access token and until when it is good, in seconds since 1970.
#[derive(Debug, Clone)]
pub struct Token {
    text: Secret,
    good_until: i64,
}

impl Token {
    /// A token that the product says lasts `expires_in` seconds from `now`; missing and senseless
    /// lives become short ones.
    pub fn lasting(text: Secret, expires_in: Option<i64>, now: i64) -> Self {
        let life = expires_in.unwrap_or(0).saturating_sub(MARGIN_SECONDS);
        let life = life.clamp(*LIFE_SECONDS.start(), *LIFE_SECONDS.end());
        Self { text, good_until: now.saturating_add(life) }
    }
}

/// Where a product's tokens come from.
pub trait TokenSource: Sync {
    /// Who asks where: all of the credential set.
    fn key(&self) -> CacheKey;

    /// Logs in.
    fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> impl Future<Output = Result<Token>> + Send;
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

/// One credential set's token. The lock is held while it is fetched: that is the single flight.
#[derive(Debug, Default)]
struct Slot {
    held: tokio::sync::Mutex<Held>,
    fetches: AtomicU64,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<Token>,
    refused: Option<Error>,
}

impl TokenCache {
    /// Sends `request` with `Authorization: Bearer`; a 401 to a cached token costs one new login
    /// and one repetition, which is safe for actions too, since the first one was refused.
    pub async fn send<C: Sync>(
        &self,
        call: &Call<'_, C>,
        source: &impl TokenSource,
        request: Request,
    ) -> Result<Response> {
        let (token, cached) = self.token(call, source).await?;
        let response = call.send(bearing(&request, &token)?).await?;
        if response.status() != 401 || !cached {
            return Ok(response);
        }
        self.forget(call, source, &token).await;
        let (token, _) = self.token(call, source).await?;
        call.send(bearing(&request, &token)?).await
    }

    /// The token of these credentials, and whether it was there already.
    async fn token<C: Sync>(
        &self,
        call: &Call<'_, C>,
        source: &impl TokenSource,
    ) -> Result<(Secret, bool)> {
        let slot = self.slot(call, source);
        let fetches = slot.fetches.load(Ordering::SeqCst);
        let mut held = slot.held.lock().await;
        let now = call.clock.seconds();
        if let Some(token) = held.token.as_ref().filter(|token| token.good_until > now) {
            call.keep_secret(token.text.clone());
            return Ok((token.text.clone(), true));
        }
        if slot.fetches.load(Ordering::SeqCst) != fetches {
            // Somebody asked while we waited and was refused; asking again would be refused too.
            if let Some(error) = &held.refused {
                return Err(error.clone());
            }
        }
        let fetched = source.fetch(call).await;
        slot.fetches.fetch_add(1, Ordering::SeqCst);
        held.refused = fetched.as_ref().err().cloned();
        let token = fetched?;
        call.keep_secret(token.text.clone());
        held.token = Some(token.clone());
        Ok((token.text, false))
    }

    async fn forget<C: Sync>(
        &self,
        call: &Call<'_, C>,
        source: &impl TokenSource,
        refused: &Secret,
    ) {
        let slot = self.slot(call, source);
        let mut held = slot.held.lock().await;
        // Another request may have renewed it meanwhile.
        if held.token.as_ref().is_some_and(|token| token.text.expose() == refused.expose()) {
            held.token = None;
        }
    }

    fn slot<C>(&self, call: &Call<'_, C>, source: &impl TokenSource) -> Arc<Slot> {
        let now = Time::of_clock(call.clock.now());
        let until = now.plus_seconds(*LIFE_SECONDS.end());
        self.slots.get_or_insert_with(source.key(), now, until, Arc::default)
    }
}

fn bearing(request: &Request, token: &Secret) -> Result<Request> {
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
    /// What a refused login means, given the endpoint's own words; see [`login_refusal`].
    pub refusal: fn(&Response, &str) -> Error,
}

impl TokenSource for ClientCredentials<'_> {
    fn key(&self) -> CacheKey {
        let secret = self.client_secret.expose();
        CacheKey::of(&[self.endpoint.url().as_str(), self.client_id, secret, self.scope])
    }

    async fn fetch<C: Sync>(&self, call: &Call<'_, C>) -> Result<Token> {
        let form = [
            ("client_id", self.client_id),
            ("client_secret", self.client_secret.expose()),
            ("grant_type", "client_credentials"),
            ("scope", self.scope),
        ];
        // A login changes nothing, so a connection that failed may be tried again.
        let request = Request::post(self.endpoint.clone())
            .form(&form)
            .repeatable()
            .within(LOGIN)
            .at_most(LARGEST_LOGIN);
        let response = call.send(request).await?;
        if !response.is_success() {
            let said = response.json::<Refusal>().ok().and_then(|body| body.error_description);
            let said = said.map_or_else(|| response.quote(), |text| one_line(&text));
            return Err((self.refusal)(&response, &said));
        }
        let granted: Granted =
            response.json().map_err(|error| unreadable(error, call.product()))?;
        Ok(Token::lasting(granted.access_token, granted.expires_in, call.clock.seconds()))
    }
}

/// The answer to a login may hold a token, so it is not quoted.
fn unreadable(error: Error, product: &str) -> Error {
    error.with_message(format!(
        "The login of {product} sent an unexpected response; check its address and try again."
    ))
}

/// What a refused login usually means: wrong credentials (400, 401, 403), a quota, or an endpoint
/// that is out of order.
pub fn login_refusal(response: &Response, said: &str) -> Error {
    match response.status() {
        400 | 401 | 403 => {
            Error::new(ErrorKind::Unauthorized, format!("Authorization failed: {said}"))
                .with("product.status", response.status())
        }
        _ => response.refusal(Some(said)),
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    /// Seconds; some endpoints send it as text.
    #[serde(default, deserialize_with = "lenient_seconds")]
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Refusal {
    error_description: Option<String>,
}

fn lenient_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Whole(i64),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Seconds::deserialize(deserializer)? {
        Seconds::Whole(seconds) => Some(seconds),
        Seconds::Text(text) => text.trim().parse().ok(),
        Seconds::Other(_) => None,
    })
}
