//! Verifies tokens that are signed with the secret that relay and module share.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::DecodingKey;
use tokio::time::timeout;

use super::{
    secrets_manager::{SecretsManager, check_strength},
    unverified::UnverifiedToken,
};
use crate::{
    clock::Clock,
    outbound::Http,
    settings::{BadSetting, Environment},
};

/// A secret in Secrets Manager is read again after this many seconds.
pub const REFRESH_SECONDS: i64 = 300;
/// A signature that does not verify has it read earlier, but not more often than this.
const MIN_REFRESH_SECONDS: i64 = 30;
/// The time for reading before the first call: Lambda gives the start ten seconds.
const START_TIMEOUT: Duration = Duration::from_secs(8);
/// The time for reading while a caller waits who may be served with the keys that are loaded.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(3);

/// The keys that verify: the one that is set, or the current and the previous version of a secret.
pub(super) struct Keys {
    /// Shared, so that a check copies no keys.
    loaded: RwLock<Arc<LoadedKeys>>,
    source: Option<SecretsManager>,
    refreshing: tokio::sync::Mutex<()>,
    clock: Arc<Clock>,
}

#[derive(Clone)]
struct LoadedKeys {
    keys: Vec<DecodingKey>,
    read_at: i64,
    tried_at: i64,
}

impl Keys {
    /// Loads the keys; `None` when neither `SECRET_KEY` nor `SECRET_ARN` is set: then HS256 is off.
    pub(super) async fn new(
        environment: &Environment,
        http: &Http,
        clock: Arc<Clock>,
    ) -> Result<Option<Self>, BadSetting> {
        let (secrets, source) = if let Some(key) = environment.text("SECRET_KEY") {
            (vec![check_strength("SECRET_KEY", key.to_owned())?], None)
        } else if let Some(arn) = environment.text("SECRET_ARN") {
            let source = SecretsManager::new(environment, arn, http)?;
            (read(&source, START_TIMEOUT).await?, Some(source))
        } else if environment.has("SECRET_KEY") {
            return Err(BadSetting::new(
                "SECRET_KEY",
                "must not be empty; use 64 random characters",
            ));
        } else {
            return Ok(None);
        };
        let loaded = RwLock::new(Arc::new(LoadedKeys::new(&secrets, clock.seconds())));
        Ok(Some(Self { loaded, source, refreshing: tokio::sync::Mutex::default(), clock }))
    }

    pub(super) async fn verify(&self, token: &UnverifiedToken<'_>) -> bool {
        self.refresh_if_older_than(REFRESH_SECONDS).await;
        if self.loaded_keys_verify(token) {
            return true;
        }
        // The secret may have been rotated since it was read.
        self.refresh_if_older_than(MIN_REFRESH_SECONDS).await && self.loaded_keys_verify(token)
    }

    fn loaded_keys_verify(&self, token: &UnverifiedToken<'_>) -> bool {
        self.loaded().keys.iter().any(|key| token.is_signed_by(key))
    }

    /// Reads the secret again if it is old enough; the loaded keys stay when that fails.
    async fn refresh_if_older_than(&self, seconds: i64) -> bool {
        let Some(source) = &self.source else { return false };
        if !self.is_due(seconds) {
            return false;
        }
        let _one_at_a_time = self.refreshing.lock().await;
        if !self.is_due(seconds) {
            return true;
        }
        let outcome = read(source, REFRESH_TIMEOUT).await;
        let now = self.clock.seconds();
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(secrets) => *loaded = Arc::new(LoadedKeys::new(&secrets, now)),
            Err(failure) => {
                tracing::warn!(%failure, "the secret could not be read again; the known one stays");
                Arc::make_mut(&mut loaded).tried_at = now;
            }
        }
        true
    }

    /// Returns whether the keys are that old, and were not tried to be read just now.
    fn is_due(&self, seconds: i64) -> bool {
        let (loaded, now) = (self.loaded(), self.clock.seconds());
        now - loaded.read_at >= seconds && now - loaded.tried_at >= MIN_REFRESH_SECONDS
    }

    fn loaded(&self) -> Arc<LoadedKeys> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LoadedKeys {
    fn new(secrets: &[String], read_at: i64) -> Self {
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
