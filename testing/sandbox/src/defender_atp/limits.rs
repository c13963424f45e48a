//! The published call limits, kept as token buckets for each tenant, application and API.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::problem::Problem;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The APIs that are counted apart from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Quota {
    Alerts,
    Files,
    Ips,
    Domains,
    Machines,
    MachineActions,
    Investigations,
    Indicators,
    Hunting,
}

impl Quota {
    /// How many calls fit into which time; each page's section "Limitations".
    const fn rates(self) -> &'static [Rate] {
        const COMMON: &[Rate] = &[
            Rate { calls: 100, period: MINUTE, name: "100 calls per minute" },
            Rate { calls: 1500, period: HOUR, name: "1,500 calls per hour" },
        ];
        const HUNTING: &[Rate] = &[
            Rate { calls: 45, period: MINUTE, name: "45 hunting calls per minute" },
            Rate { calls: 1500, period: HOUR, name: "1,500 hunting calls per hour" },
        ];
        const INVESTIGATIONS: &[Rate] =
            &[Rate { calls: 50, period: HOUR, name: "50 investigations per hour" }];
        match self {
            Self::Hunting => HUNTING,
            Self::Investigations => INVESTIGATIONS,
            _ => COMMON,
        }
    }
}

#[derive(Debug)]
struct Rate {
    calls: u32,
    period: Duration,
    name: &'static str,
}

/// All buckets of one sandbox.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<HashMap<(Owner, Quota), Vec<Bucket>>>);

/// Tenant and application.
type Owner = (&'static str, &'static str);

impl Limits {
    /// Counts one call of this caller, or refuses it with the longest wait.
    pub(super) fn take(&self, caller: Owner, quota: Quota, now: Instant) -> Result<(), Problem> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let buckets = all
            .entry((caller, quota))
            .or_insert_with(|| quota.rates().iter().map(|rate| Bucket::full(rate, now)).collect());
        let slowest = buckets.iter_mut().map(|bucket| bucket.wait(now)).max_by_key(|wait| wait.0);
        match slowest {
            Some((wait, rate)) if !wait.is_zero() => Err(Problem::too_many(
                format!("The quota of {rate} is used up. Read Retry-After and call again later."),
                wait,
            )),
            _ => {
                buckets.iter_mut().for_each(|bucket| bucket.level -= 1.0);
                Ok(())
            }
        }
    }
}

/// Holds up to `rate.calls` tokens and refills evenly.
#[derive(Debug)]
struct Bucket {
    rate: &'static Rate,
    level: f64,
    filled: Instant,
}

impl Bucket {
    fn full(rate: &'static Rate, now: Instant) -> Self {
        Self { rate, level: f64::from(rate.calls), filled: now }
    }

    /// Refills, then says how long the next token takes; zero when one is there.
    fn wait(&mut self, now: Instant) -> (Duration, &'static str) {
        let per_second = f64::from(self.rate.calls) / self.rate.period.as_secs_f64();
        let gained = now.duration_since(self.filled).as_secs_f64() * per_second;
        self.level = (self.level + gained).min(f64::from(self.rate.calls));
        self.filled = now;
        let lacking = (1.0 - self.level).max(0.0);
        (Duration::from_secs_f64(lacking / per_second), self.rate.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(limits: &Limits, quota: Quota, now: Instant) -> usize {
        (0..2000).take_while(|_| limits.take(("tenant", "app"), quota, now).is_ok()).count()
    }

    #[test]
    fn each_api_has_its_published_burst() {
        let now = Instant::now();
        for (quota, burst) in [
            (Quota::Alerts, 100),
            (Quota::MachineActions, 100),
            (Quota::Investigations, 50),
            (Quota::Hunting, 45),
        ] {
            assert_eq!(accepted(&Limits::default(), quota, now), burst, "{quota:?}");
        }
    }

    #[test]
    fn tokens_come_back_with_time_and_never_more_than_fit() {
        let (limits, start) = (Limits::default(), Instant::now());
        assert_eq!(accepted(&limits, Quota::Hunting, start), 45);
        assert_eq!(accepted(&limits, Quota::Hunting, start + Duration::from_secs(20)), 15);
        assert_eq!(accepted(&limits, Quota::Hunting, start + Duration::from_secs(500)), 45);
    }

    #[test]
    fn the_hour_ends_what_the_minute_would_allow() {
        let (limits, start) = (Limits::default(), Instant::now());
        let calls: usize =
            (0..40).map(|minute| accepted(&limits, Quota::Files, start + MINUTE * minute)).sum();
        assert!((2470..=2475).contains(&calls), "{calls}");
    }

    #[test]
    fn callers_do_not_share_a_bucket() {
        let (limits, now) = (Limits::default(), Instant::now());
        accepted(&limits, Quota::Alerts, now);
        assert!(limits.take(("tenant", "another"), Quota::Alerts, now).is_ok());
        assert!(limits.take(("tenant", "app"), Quota::Ips, now).is_ok());
    }
}
