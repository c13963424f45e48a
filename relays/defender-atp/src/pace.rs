//! How often one caller hunts: below the product's quota, so that busy minutes cost events of
//! some requests instead of hunting for everybody in the tenant.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use relay_core::{Time, oauth::CacheKey};

/// Microsoft allows a tenant 45 queries a minute (page "Advanced hunting API", quotas).
const MOST: usize = 44;
const MINUTE: i64 = 60;
/// Above so many callers, those who have not hunted for a minute are forgotten.
const CALLERS: usize = 1000;

/// The turns that callers took during the last minute.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<HashMap<CacheKey, VecDeque<Time>>>);

impl Pace {
    /// Takes a turn; when the minute is used up, says for how many seconds.
    pub(crate) fn take_turn(&self, who: CacheKey, now: Time) -> Result<(), u64> {
        let is_over = |turn: &Time| turn.plus_seconds(MINUTE) <= now;
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS {
            callers.retain(|_, turns| turns.back().is_some_and(|last| !is_over(last)));
        }
        let turns = callers.entry(who).or_default();
        while turns.front().is_some_and(is_over) {
            turns.pop_front();
        }
        match turns.front() {
            Some(first) if turns.len() >= MOST => {
                let ends = first.plus_seconds(MINUTE).as_unix_milliseconds();
                let left = ends - now.as_unix_milliseconds();
                Err(u64::try_from(left / 1000).unwrap_or(0).max(1))
            }
            _ => {
                turns.push_back(now);
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
    fn hunting_stays_below_forty_five_calls_in_any_minute() {
        let pace = Pace::default();
        let who = CacheKey::of(&["busy"]);
        let taken: Vec<i64> =
            (0..600).filter(|second| pace.take_turn(who, at(*second)).is_ok()).collect();
        for start in 0..540 {
            let minute = start..start + MINUTE;
            let calls = taken.iter().filter(|second| minute.contains(second)).count();
            assert!(calls < 45, "{calls} calls from second {start}");
        }
        assert!(taken.len() >= 430, "{}", taken.len());
    }

    #[test]
    fn each_caller_has_a_pace_of_its_own() {
        let pace = Pace::default();
        let turns = |who: &str| {
            (0..50).filter(|_| pace.take_turn(CacheKey::of(&[who]), at(0)).is_ok()).count()
        };
        assert_eq!((turns("a"), turns("b")), (MOST, MOST));
        assert_eq!(pace.take_turn(CacheKey::of(&["a"]), at(20)), Err(40));
        assert_eq!(pace.take_turn(CacheKey::of(&["a"]), at(60)), Ok(()));
    }
}
