//! Limits how often one caller hunts, so that a busy minute costs the events of some calls instead
//! of hunting for everybody in the tenant.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use relay_core::{Time, cache::CacheKey};

/// Microsoft allows a tenant 45 queries a minute (page "Advanced hunting API", quotas).
const MAX_QUERIES_PER_MINUTE: usize = 44;
const MINUTE_SECONDS: i64 = 60;
/// Above so many callers, those who have not hunted for a minute are forgotten.
const MAX_CALLERS: usize = 1000;

/// The times of the callers' hunting queries within the last minute.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(Mutex<HashMap<CacheKey, VecDeque<Time>>>);

impl RateLimiter {
    /// Counts one query, or returns how long to wait for the next one.
    pub(super) fn try_acquire(&self, caller: CacheKey, now: Time) -> Result<(), Duration> {
        let is_over = |query: &Time| query.plus_seconds(MINUTE_SECONDS) <= now;
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= MAX_CALLERS {
            callers.retain(|_, queries| queries.back().is_some_and(|last| !is_over(last)));
        }
        let queries = callers.entry(caller).or_default();
        while queries.front().is_some_and(is_over) {
            queries.pop_front();
        }
        match queries.front() {
            Some(first) if queries.len() >= MAX_QUERIES_PER_MINUTE => {
                let end = first.plus_seconds(MINUTE_SECONDS).as_unix_milliseconds();
                let left = u64::try_from(end - now.as_unix_milliseconds()).unwrap_or(0);
                Err(Duration::from_secs((left / 1000).max(1)))
            }
            _ => {
                queries.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix_seconds(1_793_437_200 + seconds).unwrap()
    }

    #[test]
    fn hunting_stays_below_forty_five_queries_in_any_minute() {
        let limiter = RateLimiter::default();
        let caller = CacheKey::of(&["busy"]);
        let sent: Vec<i64> =
            (0..600).filter(|second| limiter.try_acquire(caller, at(*second)).is_ok()).collect();
        for start in 0..540 {
            let minute = start..start + MINUTE_SECONDS;
            let count = sent.iter().filter(|second| minute.contains(second)).count();
            assert!(count < 45, "{count} queries from second {start}");
        }
        assert!(sent.len() >= 430, "{}", sent.len());
    }

    #[test]
    fn each_caller_has_a_limit_of_its_own() {
        let limiter = RateLimiter::default();
        let [a, b] = ["a", "b"].map(|name| CacheKey::of(&[name]));
        let count = |caller| (0..50).filter(|_| limiter.try_acquire(caller, at(0)).is_ok()).count();
        assert_eq!((count(a), count(b)), (MAX_QUERIES_PER_MINUTE, MAX_QUERIES_PER_MINUTE));
        assert_eq!(limiter.try_acquire(a, at(20)), Err(Duration::from_secs(40)));
        assert_eq!(limiter.try_acquire(a, at(60)), Ok(()));
    }
}
