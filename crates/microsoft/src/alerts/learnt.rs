//! For which types a tenant's service cannot filter; remembered for a day.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use relay_core::{ObservableType, Time, oauth::CacheKey};

const DAY_MILLISECONDS: i64 = 86_400_000;
/// More is not remembered: learning again costs one call.
const MOST: usize = 10_000;

/// What was learnt, by the whole credential set: nobody learns from another's answers.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    /// When each was learnt, in milliseconds since 1970.
    unfiltered: Mutex<HashMap<(CacheKey, ObservableType), i64>>,
}

impl Learnt {
    /// Whether filtering this type failed for these credentials within the last day.
    pub(super) fn must_hunt(&self, account: CacheKey, kind: ObservableType, now: Time) -> bool {
        let learnt = self.lock().get(&(account, kind)).copied();
        learnt.is_some_and(|learnt| is_fresh(learnt, now))
    }

    /// Remembers that filtering this type failed.
    pub(super) fn hunt_from(&self, account: CacheKey, kind: ObservableType, now: Time) {
        let mut unfiltered = self.lock();
        if unfiltered.len() >= MOST {
            unfiltered.retain(|_, learnt| is_fresh(*learnt, now));
        }
        if unfiltered.len() < MOST {
            unfiltered.insert((account, kind), now.as_unix_milliseconds());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(CacheKey, ObservableType), i64>> {
        self.unfiltered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_fresh(learnt: i64, now: Time) -> bool {
    now.as_unix_milliseconds() - learnt < DAY_MILLISECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_for_each_account_and_type() {
        let [one, other] = ["one", "other"].map(|name| CacheKey::of(&[name]));
        let time = |seconds: i64| Time::from_unix_seconds(1_800_000_000 + seconds).unwrap();
        let learnt = Learnt::default();
        learnt.hunt_from(one, ObservableType::Ip, time(0));
        assert!(learnt.must_hunt(one, ObservableType::Ip, time(0)));
        assert!(learnt.must_hunt(one, ObservableType::Ip, time(86_399)));
        assert!(!learnt.must_hunt(one, ObservableType::Ip, time(86_400)));
        assert!(!learnt.must_hunt(one, ObservableType::Url, time(0)));
        assert!(!learnt.must_hunt(other, ObservableType::Ip, time(0)));
    }

    #[test]
    fn s07_the_memory_is_bounded_and_forgets_what_is_old() {
        let account = |number: usize| CacheKey::of(&[&number.to_string()]);
        let now = Time::from_unix_seconds(1_800_000_000).unwrap();
        let learnt = Learnt::default();
        for number in 0..MOST + 10 {
            learnt.hunt_from(account(number), ObservableType::Ip, now);
        }
        assert!(!learnt.must_hunt(account(MOST), ObservableType::Ip, now));
        let later = now.plus_seconds(86_400);
        learnt.hunt_from(account(MOST), ObservableType::Ip, later);
        assert!(learnt.must_hunt(account(MOST), ObservableType::Ip, later));
    }
}
