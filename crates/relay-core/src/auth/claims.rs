//! The claims of a token: times and audience, the product's credentials, the entity limit.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Gateway, refused};
use crate::{
    clock::Clock,
    error::{Error, Result},
    settings::{BadSetting, Environment},
    url::BaseUrl,
};

/// How much clocks may differ.
const LEEWAY_SECONDS: f64 = 60.0;
/// How far in the future a token may have been issued.
const ISSUED_AHEAD_SECONDS: f64 = 300.0;
/// The last second of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// The entity limit when neither claim nor setting names one.
const DEFAULT_ENTITY_LIMIT: usize = 100;
/// The highest entity limit.
const MAX_ENTITY_LIMIT: usize = 1000;

/// The verified claims of one caller.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Reads the product's credentials.
    ///
    /// # Errors
    ///
    /// `Unauthorized` when one is missing, empty or of the wrong type.
    pub(crate) fn credentials<C: DeserializeOwned>(&self) -> Result<C> {
        serde_json::from_value(Value::Object(self.0.clone())).map_err(|_| {
            refused("the token lacks a credential of this product; make it again with all of them")
        })
    }

    /// Returns the entity limit: the claim, else the setting, else 100; above 1,000 counts as 1,000.
    pub(crate) fn entity_limit(&self, setting: Option<&str>) -> usize {
        let claim = self.0.get("CTR_ENTITIES_LIMIT");
        let limit = match claim {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => digits(text),
            _ => None,
        };
        let limit = limit.filter(|limit| *limit > 0);
        let limit = limit.or_else(|| setting.and_then(digits).filter(|limit| *limit > 0));
        limit.map_or(DEFAULT_ENTITY_LIMIT, |limit| {
            usize::try_from(limit).unwrap_or(MAX_ENTITY_LIMIT).min(MAX_ENTITY_LIMIT)
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn seconds(&self, name: &str) -> Result<Option<f64>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| (0.0..=LAST_SECOND).contains(seconds));
        seconds.map(Some).ok_or_else(|| untimely(name))
    }

    /// Returns the audiences, each without one trailing slash; none when `aud` is missing or no text.
    fn audiences(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Value::String(one)) => vec![without_slash(one)],
            Some(Value::Array(all)) => {
                all.iter().filter_map(Value::as_str).map(without_slash).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Reads digits only: no sign, no space, no fraction. A number that is too large is the largest.
fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn without_slash(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

/// Returns the error for a time that the token lacks or that is no time.
fn untimely(claim: &str) -> Error {
    refused("the token has expired or is not valid yet; make it again")
        .with_context("token.claim", claim)
}

/// The same with the token's time and the clock's for the log.
fn outdated(claim: &str, stated: f64, clock: i64) -> Error {
    // It was read as a second between 1970 and the year 9999.
    let time = |second| Timestamp::from_second(second).unwrap_or_default();
    let hint = "if the token is right, the clock of this function is wrong, or its maker's was";
    untimely(claim)
        .with_context("token.says", time(stated as i64))
        .with_context("clock", time(clock))
        .with_context("hint", hint)
}

/// The rules that claims must fulfil.
pub(super) struct Rules {
    base_urls: Vec<String>,
    expiry_required: bool,
    clock: Clock,
}

impl Rules {
    pub(super) fn new(environment: &Environment, clock: Clock) -> Result<Self, BadSetting> {
        let base_urls = environment.list("RELAY_BASE_URL");
        if !base_urls.iter().all(|url| BaseUrl::from_environment(url).is_some()) {
            let reason = "must list https URLs, such as https://relay.example/prod";
            return Err(BadSetting::new("RELAY_BASE_URL", reason));
        }
        Ok(Self {
            base_urls: base_urls.into_iter().map(|url| without_slash(url).to_owned()).collect(),
            expiry_required: environment.flag("REQUIRE_TOKEN_EXPIRY", false)?,
            clock,
        })
    }

    /// Returns the URLs that a token may be made for: those of the setting, else the gateway's.
    pub(super) fn audience(&self, gateway: &Gateway) -> Vec<String> {
        if self.base_urls.is_empty() { gateway.base_urls.clone() } else { self.base_urls.clone() }
    }

    /// Checks a token signed with the shared secret: times, and the audience if both sides name one.
    pub(super) fn check_shared_secret(&self, claims: &Claims) -> Result<()> {
        self.check_times(claims)?;
        if claims.0.contains_key("aud") && !self.base_urls.is_empty() {
            check_audience(claims, &self.base_urls)?;
        }
        Ok(())
    }

    /// Checks a configuration token: times, and an audience that is this relay.
    pub(super) fn check_configuration_token(
        &self,
        claims: &Claims,
        audience: &[String],
    ) -> Result<()> {
        self.check_times(claims)?;
        check_audience(claims, audience)
    }

    fn check_times(&self, claims: &Claims) -> Result<()> {
        let clock = self.clock.seconds();
        let now = clock as f64;
        let times = [
            ("exp", now - LEEWAY_SECONDS..=LAST_SECOND),
            ("nbf", 0.0..=now + LEEWAY_SECONDS),
            ("iat", 0.0..=now + ISSUED_AHEAD_SECONDS),
        ];
        for (claim, valid) in times {
            match claims.seconds(claim)? {
                Some(stated) if !valid.contains(&stated) => {
                    return Err(outdated(claim, stated, clock));
                }
                None if claim == "exp" && self.expiry_required => return Err(untimely(claim)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn check_audience(claims: &Claims, accepted: &[String]) -> Result<()> {
    let named = claims.audiences();
    if accepted.iter().any(|url| named.contains(&without_slash(url))) {
        return Ok(());
    }
    Err(refused("the token was made for another relay's URL; check the module's URL and make the token again")
        .with_context("audience.wanted", accepted.join(",")))
}
