//! How many calls are allowed: a token bucket for each pool and caller, on tokio's clock.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::answer::Problem;
use crate::identity::Grant;

const MINUTE: Duration = Duration::from_secs(60);

/// Calls that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pool {
    /// Both generations of alerts: 150 a minute for each app and tenant.
    Alerts,
    /// Advanced hunting: 45 a minute for each tenant.
    Hunting,
}

impl Pool {
    fn per_minute(self) -> f64 {
        match self {
            Self::Alerts => 150.0,
            Self::Hunting => 45.0,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Alerts => "Please retry again later.",
            Self::Hunting => {
                "The tenant has used up its quota of 45 advanced hunting calls per minute."
            }
        }
    }

    /// The tenant, and the app where each has a bucket of its own.
    fn caller(self, grant: &Grant) -> Caller {
        let app = match self {
            Self::Alerts => grant.app.id,
            Self::Hunting => "",
        };
        (self, grant.tenant.id, app)
    }
}

type Caller = (Pool, &'static str, &'static str);

#[derive(Debug)]
struct Bucket {
    left: f64,
    since: Instant,
}

impl Bucket {
    /// Takes one call out, or says how long it takes until there is one.
    fn take(&mut self, per_minute: f64, now: Instant) -> Result<(), Duration> {
        let refilled = per_minute * (now - self.since).as_secs_f64() / MINUTE.as_secs_f64();
        *self = Self { left: per_minute.min(self.left + refilled), since: now };
        if self.left < 1.0 {
            return Err(MINUTE.mul_f64((1.0 - self.left) / per_minute));
        }
        self.left -= 1.0;
        Ok(())
    }
}

/// The buckets of one sandbox.
#[derive(Debug, Default)]
pub(super) struct Quotas(Mutex<HashMap<Caller, Bucket>>);

impl Quotas {
    /// Counts a call, or refuses it with the time until the next one is allowed.
    pub(super) fn count(&self, pool: Pool, grant: &Grant) -> Result<(), Problem> {
        self.count_at(pool, grant, Instant::now()).map_err(|wait| {
            let seconds = wait.as_secs_f64().ceil().max(1.0);
            Problem::too_many_requests(seconds as u64, pool.message())
        })
    }

    fn count_at(&self, pool: Pool, grant: &Grant, now: Instant) -> Result<(), Duration> {
        if !grant.tenant.is_limited() {
            return Ok(());
        }
        let full = pool.per_minute();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(pool.caller(grant)).or_insert(Bucket { left: full, since: now });
        bucket.take(full, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Grant, Pool, Quotas};
    use crate::identity::{Resource, app, tenant};

    const GRANT: Grant =
        Grant { tenant: &tenant::CONTOSO, app: &app::GRAPH, resource: Resource::Graph };
    const OTHER_APP: Grant = Grant { app: &app::DEFENDER, ..GRANT };
    const OTHER_TENANT: Grant = Grant { tenant: &tenant::FABRIKAM, ..GRANT };
    const UNLIMITED: Grant = Grant { tenant: &tenant::WOODGROVE, ..GRANT };

    /// How many calls pass at this moment.
    fn passing(quotas: &Quotas, pool: Pool, grant: &Grant, now: Instant) -> usize {
        (0..1000).take_while(|_| quotas.count_at(pool, grant, now).is_ok()).count()
    }

    #[test]
    fn alerts_are_counted_by_app_and_tenant() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        assert_eq!(passing(&quotas, Pool::Alerts, &GRANT, now), 150);
        assert_eq!(passing(&quotas, Pool::Alerts, &OTHER_APP, now), 150);
        assert_eq!(passing(&quotas, Pool::Alerts, &OTHER_TENANT, now), 150);
        assert_eq!(passing(&quotas, Pool::Alerts, &GRANT, now), 0);
    }

    #[test]
    fn hunting_is_counted_by_tenant() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        assert_eq!(passing(&quotas, Pool::Hunting, &GRANT, now), 45);
        assert_eq!(passing(&quotas, Pool::Hunting, &OTHER_APP, now), 0);
        assert_eq!(passing(&quotas, Pool::Hunting, &OTHER_TENANT, now), 45);
    }

    #[test]
    fn the_tenant_for_load_tests_has_no_limits() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        assert_eq!(passing(&quotas, Pool::Hunting, &UNLIMITED, now), 1000);
    }

    #[test]
    fn the_bucket_fills_with_time_but_not_beyond_its_size() {
        let (quotas, start) = (Quotas::default(), Instant::now());
        passing(&quotas, Pool::Alerts, &GRANT, start);
        let wait = quotas.count_at(Pool::Alerts, &GRANT, start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(400));
        let later = start + Duration::from_secs(10);
        assert_eq!(passing(&quotas, Pool::Alerts, &GRANT, later), 25);
        let much_later = start + Duration::from_secs(3600);
        assert_eq!(passing(&quotas, Pool::Alerts, &GRANT, much_later), 150);
    }
}
