//! How many large responses one call may hold at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A response up to this size may be held beside any others.
const SMALL_BODY_BYTES: usize = 256 * 1024;
/// Responses beyond that size that a call holds at the same time; further ones wait until one is
/// dropped. With them the largest call fits the smallest function.
const LARGE_BODIES: usize = 2;

/// The memory for the responses of one call.
#[derive(Debug)]
pub(crate) struct BodyBudget(Arc<Semaphore>);

/// The part of the budget that one response holds until it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<Semaphore>,
    /// None while the response is small.
    large: Option<OwnedSemaphorePermit>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_BODIES)))
    }
}

impl BodyBudget {
    /// Opens a reservation for one response.
    pub(crate) fn reserve(&self) -> Reservation {
        Reservation { budget: self.0.clone(), large: None }
    }
}

impl Reservation {
    /// Waits until there is memory for a response that has grown to so many bytes.
    pub(crate) async fn grow_to(&mut self, bytes: usize) {
        if bytes > SMALL_BODY_BYTES && self.large.is_none() {
            // The semaphore is never closed, so there is always a permit in the end.
            self.large = self.budget.clone().acquire_owned().await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn grows(reservation: &mut Reservation, bytes: usize) -> bool {
        reservation.grow_to(bytes).now_or_never().is_some()
    }

    #[test]
    fn large_responses_wait_for_each_other_and_small_ones_for_none() {
        let budget = BodyBudget::default();
        let mut large = [budget.reserve(), budget.reserve(), budget.reserve()];
        assert!(grows(&mut large[0], SMALL_BODY_BYTES + 1));
        assert!(grows(&mut large[1], SMALL_BODY_BYTES + 1));
        assert!(grows(&mut large[0], usize::MAX));
        assert!(grows(&mut large[2], SMALL_BODY_BYTES));
        assert!(!grows(&mut large[2], SMALL_BODY_BYTES + 1));
        let [first, _second, mut third] = large;
        drop(first);
        assert!(grows(&mut third, SMALL_BODY_BYTES + 1));
    }

    #[test]
    fn calls_do_not_share_a_budget() {
        let budgets = [BodyBudget::default(), BodyBudget::default()];
        let mut large: Vec<_> =
            budgets.iter().flat_map(|budget| [budget.reserve(), budget.reserve()]).collect();
        assert!(large.iter_mut().all(|one| grows(one, SMALL_BODY_BYTES + 1)));
    }
}
