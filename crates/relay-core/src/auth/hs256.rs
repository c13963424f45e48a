//! Tokens signed with the secret that the relay shares with the module.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::DecodingKey;
use tokio::time::timeout;

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
pub const FRESH_SECONDS: i64 = 300;
/// A signature that does not verify may make us read it early, but not more often than this.
const EARLY_SECONDS: i64 = 30;
/// What reading may take before the first request: Lambda gives a start ten seconds.
const START: Duration = Duration::from_secs(8);
/// What reading may take while a caller waits who may be served with what is known.
const REFRESH: Duration = Duration::from_secs(3);

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
    tried_at: i64,
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
            (read(&source, START).await?, Some(source))
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
        if !self.is_due(seconds) {
            return false;
        }
        let _one_at_a_time = self.refreshing.lock().await;
        if !self.is_due(seconds) {
            return true;
        }
        let outcome = read(source, REFRESH).await;
        let now = self.clock.seconds();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(secrets) => *known = Known::of(&secrets, now),
            Err(failure) => {
                tracing::warn!(%failure, "the secret could not be read again; the known one stays");
                known.tried_at = now;
            }
        }
        true
    }

    /// Whether what is known is that old, and the last try is not just over.
    fn is_due(&self, seconds: i64) -> bool {
        let (known, now) = (self.known(), self.clock.seconds());
        now - known.read_at >= seconds && now - known.tried_at >= EARLY_SECONDS
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Known {
    fn of(secrets: &[String], read_at: i64) -> Self {
        let keys = secrets.iter().map(|secret| DecodingKey::from_secret(secret.as_bytes()));
        Self { keys: keys.collect(), read_at, tried_at: read_at }
    }
}

async fn read(source: &SecretsManager, within: Duration) -> Result<Vec<String>, BadSetting> {
    let late = || {
        BadSetting::new("SECRET_ARN", "cannot be read just now: Secrets Manager does not answer")
    };
    timeout(within, source.read()).await.unwrap_or_else(|_| Err(late()))
}
