//! Tokens signed with the secret that the relay shares with the module.

use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::DecodingKey;

use super::{
    secret::{SecretsManager, check_strength},
    token::Token,
};
use crate::{
    clock::Clock,
    http::Http,
    settings::{BadSetting, Environment},
};

/// A secret out of Secrets Manager is read again after this many seconds.
const FRESH_SECONDS: i64 = 300;
/// A signature that does not verify may make us read it early, but not more often than this.
const EARLY_SECONDS: i64 = 30;

/// The keys that verify: one that is set, or the current and the previous version of a secret.
pub(super) struct Keys {
    known: RwLock<Known>,
    source: Option<SecretsManager>,
    refreshing: tokio::sync::Mutex<()>,
    clock: Arc<Clock>,
}

#[derive(Clone)]
struct Known {
    keys: Vec<DecodingKey>,
    read_at: i64,
}

impl Keys {
    /// None when neither `SECRET_KEY` nor `SECRET_ARN` is set: then HS256 is off.
    pub(super) async fn new(
        environment: &Environment,
        http: &Http,
        clock: Arc<Clock>,
    ) -> Result<Option<Self>, BadSetting> {
        let (secrets, source) = if let Some(key) = environment.text("SECRET_KEY") {
            (vec![check_strength("SECRET_KEY", key.to_owned())?], None)
        } else if let Some(arn) = environment.text("SECRET_ARN") {
            let source = SecretsManager::new(environment, arn, http)?;
            (source.read().await?, Some(source))
        } else if environment.has("SECRET_KEY") {
            return Err(BadSetting::new(
                "SECRET_KEY",
                "must not be empty; use 64 random characters",
            ));
        } else {
            return Ok(None);
        };
        let known = RwLock::new(Known::of(&secrets, clock.seconds()));
        Ok(Some(Self { known, source, refreshing: tokio::sync::Mutex::default(), clock }))
    }

    pub(super) async fn verify(&self, token: &Token<'_>) -> bool {
        self.refresh_if_older_than(FRESH_SECONDS).await;
        if self.known_keys_verify(token) {
            return true;
        }
        // The secret may have been rotated since it was read.
        self.refresh_if_older_than(EARLY_SECONDS).await && self.known_keys_verify(token)
    }

    fn known_keys_verify(&self, token: &Token<'_>) -> bool {
        self.known().keys.iter().any(|key| token.is_signed_by(key))
    }

    /// Reads the secret again if it is old enough; what is known stays when that fails.
    async fn refresh_if_older_than(&self, seconds: i64) -> bool {
        let Some(source) = &self.source else { return false };
        let is_old = || self.clock.seconds() - self.known().read_at >= seconds;
        if !is_old() {
            return false;
        }
        let _one_at_a_time = self.refreshing.lock().await;
        if !is_old() {
            return true;
        }
        let read = source.read().await;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(secrets) => *known = Known::of(&secrets, self.clock.seconds()),
            Err(failure) => {
                tracing::warn!(%failure, "the secret could not be read again; the known one stays");
                // Not again at once: the next try is due after the early interval.
                known.read_at = self.clock.seconds() - FRESH_SECONDS + EARLY_SECONDS;
            }
        }
        true
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Known {
    fn of(secrets: &[String], read_at: i64) -> Self {
        let keys = secrets.iter().map(|secret| DecodingKey::from_secret(secret.as_bytes()));
        Self { keys: keys.collect(), read_at }
    }
}
