//! The observable types that a tenant's service cannot filter by, remembered for a day.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use relay_core::{ObservableType, Time, oauth::CacheKey};

const TIME_TO_LIVE_MILLISECONDS: i64 = 86_400_000;
/// Beyond it nothing is added: a type that is not remembered costs one more request.
const MAX_ENTRIES: usize = 10_000;

/// Unsupported types under the digest of the whole credential set, so that no caller depends on
/// what another one was answered.
#[derive(Debug, Default)]
pub(crate) struct FilterSupportCache {
    /// The time of each entry, in milliseconds since 1970.
    unsupported: Mutex<HashMap<(CacheKey, ObservableType), i64>>,
}

impl FilterSupportCache {
    /// Whether filtering by this type failed for these credentials within the last day.
    pub(super) fn is_unsupported(
        &self,
        account: CacheKey,
        kind: ObservableType,
        now: Time,
    ) -> bool {
        let since = self.lock().get(&(account, kind)).copied();
        since.is_some_and(|since| is_fresh(since, now))
    }

    /// Remembers that filtering by this type failed.
    pub(super) fn mark_unsupported(&self, account: CacheKey, kind: ObservableType, now: Time) {
        let mut unsupported = self.lock();
        if unsupported.len() >= MAX_ENTRIES {
            unsupported.retain(|_, since| is_fresh(*since, now));
        }
        if unsupported.len() < MAX_ENTRIES {
            unsupported.insert((account, kind), now.as_unix_milliseconds());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(CacheKey, ObservableType), i64>> {
        self.unsupported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_fresh(since: i64, now: Time) -> bool {
    now.as_unix_milliseconds() - since < TIME_TO_LIVE_MILLISECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_lives_a_day_for_each_account_and_type() {
        let [one, other] = ["one", "other"].map(|name| CacheKey::of(&[name]));
        let time = |seconds: i64| Time::from_unix_seconds(1_800_000_000 + seconds).unwrap();
        let cache = FilterSupportCache::default();
        cache.mark_unsupported(one, ObservableType::Ip, time(0));
        assert!(cache.is_unsupported(one, ObservableType::Ip, time(0)));
        assert!(cache.is_unsupported(one, ObservableType::Ip, time(86_399)));
        assert!(!cache.is_unsupported(one, ObservableType::Ip, time(86_400)));
        assert!(!cache.is_unsupported(one, ObservableType::Url, time(0)));
        assert!(!cache.is_unsupported(other, ObservableType::Ip, time(0)));
    }

    #[test]
    fn s07_the_cache_is_bounded_and_drops_old_entries() {
        let account = |number: usize| CacheKey::of(&[&number.to_string()]);
        let now = Time::from_unix_seconds(1_800_000_000).unwrap();
        let cache = FilterSupportCache::default();
        for number in 0..MAX_ENTRIES + 10 {
            cache.mark_unsupported(account(number), ObservableType::Ip, now);
        }
        assert!(!cache.is_unsupported(account(MAX_ENTRIES), ObservableType::Ip, now));
        let later = now.plus_seconds(86_400);
        cache.mark_unsupported(account(MAX_ENTRIES), ObservableType::Ip, later);
        assert!(cache.is_unsupported(account(MAX_ENTRIES), ObservableType::Ip, later));
    }
}
