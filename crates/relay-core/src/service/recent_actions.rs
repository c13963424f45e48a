//! The actions of the last minute: none is done twice for two clicks.

use crate::{
    cache::{CacheKey, TtlCache},
    ctim::Time,
    error::{Error, ErrorKind, Result},
};

/// The time in which an action is not repeated.
const SECONDS: i64 = 60;
/// The most actions that are remembered; no analyst requests more in a minute.
const MAX_ACTIONS: usize = 10_000;
/// The code of the error for a repeated action.
pub(super) const CODE: &str = "already requested";

/// Remembers what each caller had done, and what is being done now.
pub(super) struct RecentActions(TtlCache<CacheKey, ()>);

impl Default for RecentActions {
    fn default() -> Self {
        Self(TtlCache::new(MAX_ACTIONS))
    }
}

impl RecentActions {
    /// Begins an action, which is under a digest of caller, action and target.
    ///
    /// Errors: it was begun less than a minute ago, and was done or may have been.
    pub(super) fn begin(&self, action: CacheKey, now: Time) -> Result<()> {
        if self.0.insert_new(action, (), now, now.plus_seconds(SECONDS)) {
            return Ok(());
        }
        let text = "This action was already requested for the same target within the last minute, so it was not sent again; look at its result, or try again in a minute.";
        Err(Error::new(ErrorKind::InvalidInput, text).with_code(CODE))
    }

    /// Forgets an action that was not done, so that it can be tried again at once.
    pub(super) fn forget(&self, action: &CacheKey) {
        self.0.remove(action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time::from_unix_seconds(second).unwrap()
    }

    #[test]
    fn a01_an_action_is_begun_once_a_minute() {
        let recent = RecentActions::default();
        let [one, other] = ["one", "other"].map(|name| CacheKey::of(&[name]));
        assert!(recent.begin(one, at(100)).is_ok());
        let error = recent.begin(one, at(159)).unwrap_err();
        assert_eq!(error.code(), "already requested");
        assert!(recent.begin(other, at(100)).is_ok());
        assert!(recent.begin(one, at(160)).is_ok());
        recent.forget(&one);
        assert!(recent.begin(one, at(161)).is_ok());
    }
}
