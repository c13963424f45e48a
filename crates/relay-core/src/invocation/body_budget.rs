//! How many bytes of responses one call may hold at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that every response may have, however large the others are.
const PER_BODY_BYTES: usize = 512 * 1024;
/// The bytes that all responses of one call may have together beyond that: with them the largest
/// call fits the smallest function.
const SHARED_BYTES: usize = 24 * 1024 * 1024;

/// The memory for the responses of one call.
#[derive(Debug)]
pub(crate) struct BodyBudget(Arc<Semaphore>);

/// The part of the budget that one response holds until it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<Semaphore>,
    /// None while the response needs no more than every response may have.
    shared: Option<OwnedSemaphorePermit>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(SHARED_BYTES)))
    }
}

impl BodyBudget {
    /// Opens a reservation for one response.
    pub(crate) fn reserve(&self) -> Reservation {
        Reservation { budget: self.0.clone(), shared: None }
    }
}

impl Reservation {
    /// Reserves memory for a response that has grown to so many bytes; false when none is left.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let held = self.shared.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.saturating_sub(PER_BODY_BYTES).saturating_sub(held);
        if missing == 0 {
            return true;
        }
        let Ok(missing) = u32::try_from(missing) else { return false };
        let Ok(permit) = self.budget.clone().try_acquire_many_owned(missing) else { return false };
        match &mut self.shared {
            Some(shared) => shared.merge(permit),
            None => self.shared = Some(permit),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_responses_share_a_budget_and_small_ones_need_none() {
        let budget = BodyBudget::default();
        let (mut large, mut other, mut small) =
            (budget.reserve(), budget.reserve(), budget.reserve());
        assert!(large.grow_to(PER_BODY_BYTES + SHARED_BYTES - 1));
        assert!(other.grow_to(PER_BODY_BYTES + 1));
        assert!(!large.grow_to(PER_BODY_BYTES + SHARED_BYTES));
        assert!(!other.grow_to(PER_BODY_BYTES + 2));
        assert!(small.grow_to(PER_BODY_BYTES) && !small.grow_to(PER_BODY_BYTES + 1));
    }

    #[test]
    fn the_budget_comes_back_with_the_end_of_a_response() {
        let budget = BodyBudget::default();
        let mut first = budget.reserve();
        assert!(first.grow_to(PER_BODY_BYTES + SHARED_BYTES));
        assert!(!budget.reserve().grow_to(PER_BODY_BYTES + 1));
        drop(first);
        assert!(budget.reserve().grow_to(PER_BODY_BYTES + SHARED_BYTES));
    }

    #[test]
    fn calls_do_not_share_a_budget() {
        let mut one = BodyBudget::default().reserve();
        let mut other = BodyBudget::default().reserve();
        assert!(one.grow_to(PER_BODY_BYTES + SHARED_BYTES));
        assert!(other.grow_to(PER_BODY_BYTES + SHARED_BYTES));
    }
}
