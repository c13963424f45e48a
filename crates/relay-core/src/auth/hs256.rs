//! Verifies tokens that are signed with the secret that relay and module share.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::DecodingKey;
use tokio::time::timeout;

use super::{secrets_manager::SecretsManager, strength::Strength, unverified::UnverifiedToken};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    outbound::Http,
    settings::{BadSetting, Environment},
};

/// A secret in Secrets Manager is read again after this many seconds.
pub const REFRESH_SECONDS: i64 = 300;
/// A signature that does not verify has it read earlier, but not more often than this.
const MIN_REFRESH_SECONDS: i64 = 30;
/// From this age on, each failure to read a secret again is an error in the log, which raises an alarm.
const ALARM_SECONDS: i64 = 600;
/// A secret that could not be read again for so long verifies nothing: it may have been taken away.
pub const MAX_AGE_SECONDS: i64 = 3600;
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

/// Returns whether HS256 is on, whatever the secret is.
pub(super) fn is_configured(environment: &Environment) -> bool {
    ["SECRET_KEY", "SECRET_ARN"].iter().any(|name| environment.text(name).is_some())
}

impl Keys {
    /// Loads the keys; `None` when neither `SECRET_KEY` nor `SECRET_ARN` is set: then HS256 is off.
    pub(super) async fn new(
        environment: &Environment,
        http: &Http,
        clock: Arc<Clock>,
    ) -> Result<Option<Self>, BadSetting> {
        let (secrets, source) = if let Some(key) = environment.text("SECRET_KEY") {
            (vec![Strength::new(environment).check("SECRET_KEY", key.to_owned())?], None)
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

    /// Returns whether one of the keys signed the token.
    ///
    /// Errors: `Misconfigured` when the secret could not be read for an hour.
    pub(super) async fn verify(&self, token: &UnverifiedToken<'_>) -> Result<bool> {
        self.refresh_if_older_than(REFRESH_SECONDS).await;
        if self.is_outdated() {
            return Err(unreadable());
        }
        if self.loaded_keys_verify(token) {
            return Ok(true);
        }
        // The secret may have been rotated since it was read.
        Ok(self.refresh_if_older_than(MIN_REFRESH_SECONDS).await && self.loaded_keys_verify(token))
    }

    fn is_outdated(&self) -> bool {
        self.source.is_some() && self.age() > MAX_AGE_SECONDS
    }

    fn age(&self) -> i64 {
        self.clock.seconds() - self.loaded().read_at
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
                log_failure(&failure, now - loaded.read_at);
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

/// Logs that the secret could not be read again; `age` is the known one's, in seconds.
fn log_failure(failure: &BadSetting, age: i64) {
    let refused_in = MAX_AGE_SECONDS - age;
    if age < ALARM_SECONDS {
        tracing::warn!(%failure, "the secret could not be read again; the known one stays");
    } else if refused_in > 0 {
        tracing::error!(
            %failure,
            seconds = refused_in,
            "the secret cannot be read; tokens signed with it will be refused soon"
        );
    } else {
        tracing::error!(%failure, "the secret cannot be read; tokens signed with it are refused");
    }
}

fn unreadable() -> Error {
    let text = "The relay's secret could not be read for an hour, so no token can be checked; its operator finds the reason in the log.";
    Error::new(ErrorKind::Misconfigured, text)
}

async fn read(source: &SecretsManager, within: Duration) -> Result<Vec<String>, BadSetting> {
    let late = || {
        BadSetting::new("SECRET_ARN", "cannot be read just now: Secrets Manager does not answer")
    };
    timeout(within, source.read()).await.unwrap_or_else(|_| Err(late()))
}
