//! The call limits of both Microsoft APIs: token buckets on tokio's clock.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use super::Grant;
use crate::lock::locked;

/// Calls that are counted together, and how many fit into which time.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) rates: &'static [Rate],
    /// Whether each app of a tenant has a bucket of its own.
    pub(crate) is_per_app: bool,
}

#[derive(Debug)]
pub(crate) struct Rate {
    pub(crate) calls: u32,
    pub(crate) period: Duration,
    /// For error texts, such as `100 calls per minute`.
    pub(crate) name: &'static str,
}

/// Why a call is refused, and when the next one is allowed.
#[derive(Debug)]
pub(crate) struct LimitReached {
    pub(crate) rate: &'static str,
    /// At least one.
    pub(crate) wait_seconds: u64,
}

/// The limit, the tenant and the app.
type Key = (&'static str, &'static str, &'static str);

/// All buckets of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct CallLimits(Mutex<HashMap<Key, Vec<Bucket>>>);

impl CallLimits {
    /// Counts one call, or refuses it with the longest wait.
    pub(crate) fn count(&self, limit: &'static Limit, grant: &Grant) -> Result<(), LimitReached> {
        self.count_at(limit, grant, Instant::now()).map_err(|(wait, rate)| LimitReached {
            rate,
            wait_seconds: wait.as_secs_f64().ceil().max(1.0) as u64,
        })
    }

    fn count_at(
        &self,
        limit: &'static Limit,
        grant: &Grant,
        now: Instant,
    ) -> Result<(), (Duration, &'static str)> {
        if !grant.tenant.is_limited() {
            return Ok(());
        }
        let app = if limit.is_per_app { grant.app.id } else { "" };
        let mut all = locked(&self.0);
        let buckets = all
            .entry((limit.name, grant.tenant.id, app))
            .or_insert_with(|| limit.rates.iter().map(|rate| Bucket::full(rate, now)).collect());
        let waits = buckets.iter_mut().map(|bucket| (bucket.wait(now), bucket.rate.name));
        match waits.max_by_key(|(wait, _)| *wait) {
            Some(longest) if !longest.0.is_zero() => Err(longest),
            _ => {
                buckets.iter_mut().for_each(|bucket| bucket.level -= 1.0);
                Ok(())
            }
        }
    }
}

/// Holds up to `rate.calls` calls and refills evenly.
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

    /// Refills, then returns how long the next call has to wait.
    fn wait(&mut self, now: Instant) -> Duration {
        let per_second = f64::from(self.rate.calls) / self.rate.period.as_secs_f64();
        let gained = now.duration_since(self.filled).as_secs_f64() * per_second;
        self.level = (self.level + gained).min(f64::from(self.rate.calls));
        self.filled = now;
        Duration::from_secs_f64((1.0 - self.level).max(0.0) / per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        defender_atp, graph_security,
        identity::{Resource, app, tenant},
    };

    const GRANT: Grant =
        Grant { tenant: &tenant::CONTOSO, app: &app::GRAPH, resource: Resource::Graph };

    /// How many of 3000 calls are allowed, so many seconds after the start.
    fn allowed(limits: &CallLimits, limit: &'static Limit, grant: &Grant, at: Instant) -> usize {
        (0..3000).take_while(|_| limits.count_at(limit, grant, at).is_ok()).count()
    }

    #[test]
    fn each_limit_has_its_published_burst_and_owner() {
        let other_app = Grant { app: &app::DEFENDER, ..GRANT };
        let other_tenant = Grant { tenant: &tenant::FABRIKAM, ..GRANT };
        let unlimited = Grant { tenant: &tenant::WOODGROVE, ..GRANT };
        for (limit, burst, of_other_app) in [
            (&graph_security::ALERTS_LIMIT, 150, 150),
            (&graph_security::HUNTING_LIMIT, 45, 0),
            (&defender_atp::limits::ALERTS, 100, 100),
            (&defender_atp::limits::INVESTIGATIONS, 50, 50),
            (&defender_atp::limits::HUNTING, 45, 45),
        ] {
            let (limits, now) = (CallLimits::default(), Instant::now());
            for (grant, expected) in [
                (&GRANT, burst),
                (&GRANT, 0),
                (&other_app, of_other_app),
                (&other_tenant, burst),
                (&unlimited, 3000),
            ] {
                assert_eq!(allowed(&limits, limit, grant, now), expected, "{limit:?} {grant:?}");
            }
        }
    }

    #[test]
    fn apis_do_not_share_a_bucket() {
        let (limits, now) = (CallLimits::default(), Instant::now());
        allowed(&limits, &defender_atp::limits::ALERTS, &GRANT, now);
        assert!(limits.count_at(&defender_atp::limits::IPS, &GRANT, now).is_ok());
    }

    #[test]
    fn a_bucket_fills_with_time_but_not_beyond_its_size() {
        let (limits, start) = (CallLimits::default(), Instant::now());
        let limit = &graph_security::ALERTS_LIMIT;
        allowed(&limits, limit, &GRANT, start);
        let (wait, _) = limits.count_at(limit, &GRANT, start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(400));
        for (seconds, expected) in [(10, 25), (3600, 150)] {
            let later = start + Duration::from_secs(seconds);
            assert_eq!(allowed(&limits, limit, &GRANT, later), expected);
        }
    }

    #[test]
    fn the_hour_ends_what_the_minute_would_allow() {
        let (limits, start) = (CallLimits::default(), Instant::now());
        let minutes = (0..40).map(|minute| start + Duration::from_secs(60 * minute));
        let files = &defender_atp::limits::FILES;
        let calls: usize = minutes.map(|now| allowed(&limits, files, &GRANT, now)).sum();
        assert!((2470..=2475).contains(&calls), "{calls}");
    }
}
