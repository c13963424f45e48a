//! The observable types that a tenant's service cannot filter by, remembered for a day.

use relay_core::{
    ObservableType, Time,
    cache::{CacheKey, TtlCache},
};

const TIME_TO_LIVE_SECONDS: i64 = 86_400;
const MAX_ENTRIES: usize = 10_000;

/// Unsupported types under the digest of the whole credential set, so that no caller depends on
/// what another one was answered. An entry that is dropped costs one more request.
#[derive(Debug)]
pub(crate) struct FilterSupportCache {
    unsupported: TtlCache<(CacheKey, ObservableType), ()>,
}

impl Default for FilterSupportCache {
    fn default() -> Self {
        Self { unsupported: TtlCache::new(MAX_ENTRIES) }
    }
}

impl FilterSupportCache {
    /// Whether filtering by this type failed for these credentials within the last day.
    pub(super) fn is_unsupported(
        &self,
        account: CacheKey,
        kind: ObservableType,
        now: Time,
    ) -> bool {
        self.unsupported.contains(&(account, kind), now)
    }

    /// Remembers that filtering by this type failed.
    pub(super) fn mark_unsupported(&self, account: CacheKey, kind: ObservableType, now: Time) {
        self.unsupported.insert((account, kind), (), now.plus_seconds(TIME_TO_LIVE_SECONDS));
    }
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
    fn s07_the_cache_is_bounded_and_drops_the_oldest_entries() {
        let account = |number: usize| CacheKey::of(&[&number.to_string()]);
        let now = Time::from_unix_seconds(1_800_000_000).unwrap();
        let cache = FilterSupportCache::default();
        for number in 0..MAX_ENTRIES + 10 {
            cache.mark_unsupported(account(number), ObservableType::Ip, now);
        }
        let kept = (0..MAX_ENTRIES + 10)
            .filter(|number| cache.is_unsupported(account(*number), ObservableType::Ip, now));
        assert!(kept.eq(10..MAX_ENTRIES + 10));
    }
}
