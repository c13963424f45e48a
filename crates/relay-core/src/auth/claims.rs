//! The claims of a token: times, audience and relay, the product's credentials, the entity limit.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Gateway, audience, refused};
use crate::{
    cache::CacheKey,
    clock::Clock,
    error::{Error, Result},
    settings::{BadSetting, Environment},
};

/// How much clocks may differ.
const LEEWAY_SECONDS: f64 = 60.0;
/// How far in the future a token may have been issued.
const ISSUED_AHEAD_SECONDS: f64 = 300.0;
/// The last second of the year 9999.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// The entity limit when neither claim nor setting names one.
const DEFAULT_ENTITY_LIMIT: usize = 100;
/// Claims that differ between the tokens of one caller.
const PER_TOKEN: [&str; 4] = ["exp", "nbf", "iat", "jti"];
/// The highest entity limit.
const MAX_ENTITY_LIMIT: usize = 1000;

/// The verified claims of one caller.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// Reads the product's credentials, without the blanks that are copied along with them; only
    /// the claims that `is_verbatim` names, such as passwords, may begin or end with one.
    ///
    /// # Errors
    ///
    /// `Unauthorized` when one is missing, empty or of the wrong type.
    pub(crate) fn credentials<C: DeserializeOwned>(
        &self,
        is_verbatim: impl Fn(&str) -> bool,
    ) -> Result<C> {
        let mut claims = self.0.clone();
        for (_, value) in claims.iter_mut().filter(|(name, _)| !is_verbatim(name)) {
            if let Value::String(text) = value {
                *text = text.trim().to_owned();
            }
        }
        serde_json::from_value(Value::Object(claims)).map_err(|_| {
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
        let limit = limit.or_else(|| setting.filter(|text| is_entity_limit(text)).and_then(digits));
        limit.map_or(DEFAULT_ENTITY_LIMIT, |limit| {
            usize::try_from(limit).unwrap_or(MAX_ENTITY_LIMIT).min(MAX_ENTITY_LIMIT)
        })
    }

    /// Returns the digest of all that makes this caller another than others: every claim but those
    /// that differ between its tokens.
    pub(crate) fn caller(&self) -> CacheKey {
        let own = self.0.iter().filter(|(name, _)| !PER_TOKEN.contains(&name.as_str()));
        own.fold(CacheKey::of(&[]), |key, (name, value)| key.and(&[name, &value.to_string()]))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns whether a claim is one of these texts, or a list that holds one of them.
    pub(super) fn is_one_of(&self, name: &str, texts: &[String]) -> bool {
        let is_one = |value: &Value| match value {
            Value::String(text) => texts.contains(text),
            Value::Number(_) | Value::Bool(_) => texts.contains(&value.to_string()),
            _ => false,
        };
        match self.0.get(name) {
            Some(Value::Array(all)) => all.iter().any(is_one),
            Some(value) => is_one(value),
            None => false,
        }
    }

    fn seconds(&self, name: &str) -> Result<Option<f64>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| (0.0..=LAST_SECOND).contains(seconds));
        seconds.map(Some).ok_or_else(|| untimely(name))
    }

    /// Returns the audiences; none when `aud` is missing or no text.
    fn audiences(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// Returns whether the setting `CTR_ENTITIES_LIMIT` is one that is used.
pub(crate) fn is_entity_limit(setting: &str) -> bool {
    digits(setting).is_some_and(|limit| limit > 0)
}

/// Reads digits only: no sign, no space, no fraction. A number that is too large is the largest.
fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
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
    slug: &'static str,
    base_urls: Vec<String>,
    expiry_required: bool,
    clock: Clock,
}

impl Rules {
    pub(super) fn new(
        environment: &Environment,
        slug: &'static str,
        clock: Clock,
    ) -> Result<Self, BadSetting> {
        Ok(Self {
            slug,
            base_urls: audience::of_setting(environment)?,
            expiry_required: environment.flag("REQUIRE_TOKEN_EXPIRY", false)?,
            clock,
        })
    }

    /// Checks times, the name of the relay, and the audience: of configuration tokens always, of
    /// others if they name one.
    pub(super) fn check(
        &self,
        claims: &Claims,
        gateway: &Gateway,
        audience_required: bool,
    ) -> Result<()> {
        self.check_times(claims)?;
        self.check_relay(claims)?;
        if audience_required || claims.0.contains_key("aud") {
            let set = Some(&self.base_urls).filter(|urls| !urls.is_empty());
            audience::check(&claims.audiences(), set.unwrap_or(&gateway.base_urls))?;
        }
        Ok(())
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

    /// Refuses the token of another relay, which carries the credentials of another product.
    fn check_relay(&self, claims: &Claims) -> Result<()> {
        match claims.0.get("relay") {
            None => Ok(()),
            Some(Value::String(name)) if name == self.slug => Ok(()),
            Some(_) => Err(refused(&format!(
                "the token was made for another relay than {}; make one for this relay",
                self.slug
            ))
            .with_context("token.claim", "relay")),
        }
    }
}
