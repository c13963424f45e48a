//! How many calls an account may make in a window of time, and how many at once.
//!
//! Source: "API Rate Limits". The window slides; too many calls at once are noticed first; the
//! login is exempt.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::{accounts::Subscription, error::QualysError};
use crate::lock::locked;

/// How long a call of an account with a limit on parallel calls keeps its slot.
const WORK: Duration = Duration::from_millis(250);

/// The use of every account since the start.
#[derive(Clone, Default)]
pub(super) struct Quotas(Arc<Shared>);

#[derive(Default)]
struct Shared {
    usage: Mutex<HashMap<&'static str, Usage>>,
    refused: Notify,
}

#[derive(Default)]
struct Usage {
    /// Milliseconds of the calls in the window, oldest first.
    calls: VecDeque<i64>,
    running: usize,
}

/// The numbers in the headers of every response to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    limit: usize,
    window_seconds: i64,
    remaining: usize,
    wait_seconds: i64,
    parallel: Option<usize>,
}

/// A call that may go on; its slot is free again when this value is dropped.
pub(super) struct Slot {
    quotas: Quotas,
    subscription: &'static Subscription,
}

impl Quotas {
    /// Counts a call and gives it a slot.
    ///
    /// Errors: 409 for too many calls at once, 429 for too many in the window.
    pub(super) fn enter(
        &self,
        subscription: &'static Subscription,
        now: Timestamp,
    ) -> (Allowance, Result<Slot, QualysError>) {
        let mut accounts = locked(&self.0.usage);
        let usage = accounts.entry(subscription.account.username).or_default();
        usage.forget_before(now.as_millisecond() - subscription.window_seconds * 1000);
        let refusal = usage.refusal(subscription);
        if refusal.is_none() {
            usage.calls.push_back(now.as_millisecond());
            usage.running += 1;
        } else {
            self.0.refused.notify_waiters();
        }
        let slot = || Slot { quotas: self.clone(), subscription };
        (usage.allowance(subscription, now), refusal.map_or_else(|| Ok(slot()), Err))
    }
}

impl Usage {
    fn forget_before(&mut self, millisecond: i64) {
        while self.calls.front().is_some_and(|call| *call <= millisecond) {
            self.calls.pop_front();
        }
    }

    fn refusal(&self, subscription: &Subscription) -> Option<QualysError> {
        if subscription.parallel.is_some_and(|most| self.running >= most) {
            let message = "The limit of concurrent calls is reached";
            return Some(QualysError::new(StatusCode::CONFLICT, message));
        }
        let spent = self.calls.len() >= subscription.calls;
        spent.then(|| QualysError::new(StatusCode::TOO_MANY_REQUESTS, "The rate limit is reached"))
    }

    fn allowance(&self, subscription: &Subscription, now: Timestamp) -> Allowance {
        let remaining = subscription.calls.saturating_sub(self.calls.len());
        Allowance {
            limit: subscription.calls,
            window_seconds: subscription.window_seconds,
            remaining,
            wait_seconds: if remaining > 0 { 0 } else { self.wait(subscription, now) },
            parallel: subscription.parallel,
        }
    }

    /// Whole seconds until the oldest call leaves the window.
    fn wait(&self, subscription: &Subscription, now: Timestamp) -> i64 {
        let oldest = self.calls.front().copied().unwrap_or(now.as_millisecond());
        let milliseconds = oldest + subscription.window_seconds * 1000 - now.as_millisecond();
        milliseconds.max(0).unsigned_abs().div_ceil(1000).cast_signed()
    }
}

impl Allowance {
    /// The headers of the gateway.
    pub(super) fn headers(&self) -> HeaderMap {
        let parallel = self.parallel.map(|most| ("x-concurrencylimit-limit", most.into()));
        [
            ("x-ratelimit-limit", HeaderValue::from(self.limit)),
            ("x-ratelimit-window-sec", self.window_seconds.into()),
            ("x-ratelimit-remaining", self.remaining.into()),
            ("x-ratelimit-towait-sec", self.wait_seconds.into()),
        ]
        .into_iter()
        .chain(parallel)
        .map(|(name, value)| (HeaderName::from_static(name), value))
        .collect()
    }
}

impl Slot {
    /// Takes as long as the work on a call of an account with few slots: otherwise calls would never
    /// overlap. Ends early when another call was refused, so that a caller over the limit need not
    /// wait for the rest.
    pub(super) async fn work(&self) {
        if self.subscription.parallel.is_some() {
            tokio::select! {
                () = tokio::time::sleep(WORK) => {}
                () = self.quotas.0.refused.notified() => {}
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(usage) =
            locked(&self.quotas.0.usage).get_mut(self.subscription.account.username)
        {
            usage.running -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, join};

    use super::*;
    use crate::qualys_ioc::accounts::{
        ACCOUNT, Account, ONE_CALL_A_SECOND, SPENT_QUOTA, TWO_CALLS_AT_A_TIME,
    };

    fn enter(quotas: &Quotas, account: Account, ms: i64) -> (Allowance, Result<Slot, QualysError>) {
        let subscription = Subscription::of(account.username).unwrap();
        quotas.enter(subscription, Timestamp::from_millisecond(ms).unwrap())
    }

    #[test]
    fn the_window_slides() {
        let quotas = Quotas::default();
        for (ms, is_admitted, wait_seconds) in
            [(10_000, true, 1), (10_400, false, 1), (10_999, false, 1), (11_000, true, 1)]
        {
            let (allowance, slot) = enter(&quotas, ONE_CALL_A_SECOND, ms);
            assert_eq!((slot.is_ok(), allowance.wait_seconds), (is_admitted, wait_seconds), "{ms}");
        }
        let (allowance, slot) = enter(&quotas, SPENT_QUOTA, 0);
        assert!(slot.is_err());
        assert_eq!((allowance.remaining, allowance.wait_seconds), (0, 3600));
        let (allowance, slot) = enter(&quotas, ACCOUNT, 0);
        assert!(slot.is_ok(), "accounts do not count for each other");
        assert_eq!((allowance.remaining, allowance.wait_seconds), (99_999, 0));
    }

    #[test]
    fn a_third_call_at_once_is_refused_until_a_slot_is_free() {
        let quotas = Quotas::default();
        let (_, first) = enter(&quotas, TWO_CALLS_AT_A_TIME, 0);
        let (_, second) = enter(&quotas, TWO_CALLS_AT_A_TIME, 0);
        assert!(first.is_ok() && second.is_ok());
        assert!(enter(&quotas, TWO_CALLS_AT_A_TIME, 0).1.is_err());
        drop(first);
        assert!(enter(&quotas, TWO_CALLS_AT_A_TIME, 0).1.is_ok());
    }

    #[tokio::test]
    async fn a_refusal_ends_the_work_of_the_others() {
        let quotas = Quotas::default();
        let (_, first) = enter(&quotas, TWO_CALLS_AT_A_TIME, 0);
        let (_, second) = enter(&quotas, TWO_CALLS_AT_A_TIME, 0);
        let (first, second) = (first.unwrap(), second.unwrap());
        let mut works = Box::pin(async { join!(first.work(), second.work()) });
        assert!(works.as_mut().now_or_never().is_none());
        assert!(enter(&quotas, TWO_CALLS_AT_A_TIME, 0).1.is_err());
        assert!(works.now_or_never().is_some());
    }
}
