//! How far a tenant's service filters by each type of observables, remembered for a day.

use relay_core::{
    ObservableType, Time,
    cache::{CacheKey, TtlCache},
};

use super::filter::Breadth;

const TIME_TO_LIVE_SECONDS: i64 = 86_400;
const MAX_ENTRIES: usize = 10_000;

/// How types cannot be filtered by, under the digest of the whole credential set, so that no caller
/// depends on what another one was answered. An entry that is dropped costs one more request.
#[derive(Debug)]
pub(crate) struct FilterSupportCache {
    limits: TtlCache<(CacheKey, ObservableType), FilterSupport>,
}

/// How far a tenant's service filters by a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterSupport {
    /// By as much evidence.
    Filters(Breadth),
    /// It refuses or ignores the filter.
    Unsupported,
}

impl Default for FilterSupportCache {
    fn default() -> Self {
        Self { limits: TtlCache::new(MAX_ENTRIES) }
    }
}

impl FilterSupportCache {
    /// What was found out about this type for these credentials within the last day; the whole
    /// filter where nothing was.
    pub(super) fn get(&self, account: CacheKey, kind: ObservableType, now: Time) -> FilterSupport {
        self.limits.get(&(account, kind), now).unwrap_or(FilterSupport::Filters(Breadth::Whole))
    }

    /// Remembers it for a day.
    pub(super) fn keep(
        &self,
        account: CacheKey,
        kind: ObservableType,
        support: FilterSupport,
        now: Time,
    ) {
        self.limits.insert((account, kind), support, now.plus_seconds(TIME_TO_LIVE_SECONDS));
    }
}

#[cfg(test)]
mod tests {
    use super::{FilterSupport::Unsupported, *};

    #[test]
    fn an_entry_lives_a_day_for_each_account_and_type() {
        let [one, other] = ["one", "other"].map(|name| CacheKey::of(&[name]));
        let time = |seconds: i64| Time::from_unix_seconds(1_800_000_000 + seconds).unwrap();
        let cache = FilterSupportCache::default();
        let is_unsupported = |account, kind, now| cache.get(account, kind, now) == Unsupported;
        cache.keep(one, ObservableType::Ip, Unsupported, time(0));
        assert!(is_unsupported(one, ObservableType::Ip, time(0)));
        assert!(is_unsupported(one, ObservableType::Ip, time(86_399)));
        assert!(!is_unsupported(one, ObservableType::Ip, time(86_400)));
        assert!(!is_unsupported(one, ObservableType::Url, time(0)));
        assert!(!is_unsupported(other, ObservableType::Ip, time(0)));
    }

    #[test]
    fn s07_the_cache_is_bounded_and_drops_the_oldest_entries() {
        let account = |number: usize| CacheKey::of(&[&number.to_string()]);
        let now = Time::from_unix_seconds(1_800_000_000).unwrap();
        let cache = FilterSupportCache::default();
        for number in 0..MAX_ENTRIES + 10 {
            cache.keep(account(number), ObservableType::Ip, Unsupported, now);
        }
        let kept = (0..MAX_ENTRIES + 10)
            .filter(|number| cache.get(account(*number), ObservableType::Ip, now) == Unsupported);
        assert!(kept.eq(10..MAX_ENTRIES + 10));
    }
}
