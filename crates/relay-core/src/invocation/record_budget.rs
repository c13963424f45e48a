//! How much memory the records of one call may take, and each response's fair part of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::lenient::Share;

/// The memory of all records of a call, in bytes: several times what an answer can carry.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Responses that each observable's records may come in, and some for what is not about one.
const RESPONSES_PER_OBSERVABLE: usize = 4;

/// The memory for the records of one call. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordBudget(Arc<Usage>);

#[derive(Debug, Default)]
struct Usage {
    used: AtomicUsize,
    observables: AtomicUsize,
    is_cut: AtomicBool,
}

impl RecordBudget {
    /// Sets how many observables the call is about.
    pub(crate) fn share_among(&self, observables: usize) {
        self.0.observables.store(observables, Ordering::Relaxed);
    }

    /// Returns the bytes that are left for the records of all responses.
    pub(crate) fn left(&self) -> usize {
        MAX_BYTES.saturating_sub(self.0.used.load(Ordering::Relaxed))
    }

    /// Returns the part of what is left that the records of one response about so many observables
    /// may take, so that the first observables leave something to the last.
    pub(crate) fn share(&self, about: usize) -> Share {
        let total = self.0.observables.load(Ordering::Relaxed) + RESPONSES_PER_OBSERVABLE - 1;
        Share { parts: about.saturating_mul(RESPONSES_PER_OBSERVABLE), total }
    }

    /// Returns the bytes that these are now.
    pub(crate) fn allowance(&self, about: usize) -> usize {
        self.share(about).of(self.left())
    }

    /// Notes that records of so many bytes were built, and whether some were left out.
    pub(crate) fn note(&self, bytes: usize, is_cut: bool) {
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
        self.0.is_cut.fetch_or(is_cut, Ordering::Relaxed);
    }

    /// Notes that records of so many bytes were dropped.
    pub(crate) fn give_back(&self, bytes: usize) {
        let less = |used: usize| Some(used.saturating_sub(bytes));
        // The closure always returns a value.
        let _ = self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Returns whether records were left out for want of memory.
    pub(crate) fn is_cut(&self) -> bool {
        self.0.is_cut.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(observables: usize) -> RecordBudget {
        let budget = RecordBudget::default();
        budget.share_among(observables);
        budget
    }

    #[test]
    fn l08_every_observable_gets_something_before_any_gets_all() {
        for observables in [1, 20, 200, 1000] {
            let budget = budget(observables);
            let mut allowances = Vec::new();
            for _ in 0..observables {
                let allowance = budget.allowance(1);
                budget.note(allowance, false);
                allowances.push(allowance);
            }
            assert!(allowances.iter().sum::<usize>() <= MAX_BYTES);
            let fair = MAX_BYTES / observables;
            assert!(allowances.iter().all(|one| *one > fair / 80), "{observables}");
        }
    }

    #[test]
    fn a_response_about_many_observables_has_all_their_parts() {
        let budget = budget(200);
        assert_eq!(budget.allowance(200), MAX_BYTES / 2);
        assert!(budget.allowance(20) > 19 * budget.allowance(1));
        assert_eq!(budget.allowance(usize::MAX), MAX_BYTES / 2);
    }

    #[test]
    fn what_is_given_back_can_be_used_again() {
        let budget = budget(1);
        let whole = budget.allowance(1);
        budget.note(whole, true);
        assert!(budget.allowance(1) < whole && budget.is_cut());
        budget.give_back(whole);
        assert_eq!(budget.allowance(1), whole);
    }
}
