//! Calls side by side: bounded, in order, and ended early when they would fail alike.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{StreamExt, stream};

use crate::error::{ErrorKind, Result};

/// Runs the futures side by side, at most `at_once` at a time, and keeps their order. One that
/// takes long keeps its own place only: the others go on.
pub async fn join_bounded<F: Future>(
    futures: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    // A named function, because a closure over futures that borrow is not `Send` enough for callers.
    let placed: Vec<_> = futures.into_iter().enumerate().map(with_place).collect();
    let running = stream::iter(placed).buffer_unordered(at_once.max(1));
    let mut outputs: Vec<_> = running.collect().await;
    outputs.sort_unstable_by_key(|(place, _)| *place);
    outputs.into_iter().map(|(_, output)| output).collect()
}

async fn with_place<F: Future>((place, future): (usize, F)) -> (usize, F::Output) {
    (place, future.await)
}

/// Remembers, for one request, that further calls to the product would fail like one before them.
///
/// A refused caller and a used-up quota end it for all. A connection that failed does only as long
/// as no call is answered: where one is, the others are worth asking, too.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    is_set: AtomicBool,
    has_failed: AtomicBool,
    was_answered: AtomicBool,
}

impl CircuitBreaker {
    /// From now on nothing more is begun.
    pub fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// Does the work, unless it is already known to be in vain; then there is nothing. A failure
    /// that [concerns all calls](ErrorKind::concerns_all_calls) halts the ones not yet begun.
    pub async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        if self.is_in_vain() {
            return None;
        }
        let outcome = work.await;
        match &outcome {
            Ok(_) => self.was_answered.store(true, Ordering::Relaxed),
            Err(error) => self.learn(error.kind()),
        }
        Some(outcome)
    }

    fn is_in_vain(&self) -> bool {
        let [is_set, has_failed, was_answered] =
            [&self.is_set, &self.has_failed, &self.was_answered]
                .map(|flag| flag.load(Ordering::Relaxed));
        is_set || (has_failed && !was_answered)
    }

    fn learn(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Unauthorized | ErrorKind::RateLimited { .. } => self.set(),
            kind if kind.concerns_all_calls() => self.has_failed.store(true, Ordering::Relaxed),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::error::Error;

    #[test]
    fn a_future_that_takes_long_does_not_keep_the_others_waiting() {
        let (ended, is_ended) = tokio::sync::watch::channel(0);
        let work = |number: usize| {
            let (ended, mut is_ended) = (ended.clone(), is_ended.clone());
            async move {
                if number == 0 {
                    // The first goes on when all others are done.
                    let _ = is_ended.wait_for(|count| *count == 9).await;
                }
                ended.send_modify(|count| *count += 1);
                number
            }
        };
        let outputs = join_bounded((0..10).map(work), 2).now_or_never();
        assert_eq!(outputs, Some((0..10).collect()));
    }

    #[test]
    fn only_a_failure_that_concerns_all_calls_halts_the_next() {
        let outcomes = |kind| {
            let halt = CircuitBreaker::default();
            let works =
                (0..3).map(|_| halt.guard(async move { Err::<(), _>(Error::new(kind, "")) }));
            join_bounded(works, 1).now_or_never().unwrap().into_iter().flatten().count()
        };
        assert_eq!(outcomes(ErrorKind::Malformed), 3);
        assert_eq!(outcomes(ErrorKind::Unauthorized), 1);
        assert_eq!(outcomes(ErrorKind::Unreachable), 1);
        assert_eq!(outcomes(ErrorKind::RateLimited { after: None }), 1);
    }

    #[test]
    fn n11_where_a_call_was_answered_a_lost_connection_halts_nothing() {
        let is_asked_after = |kinds: &[Option<ErrorKind>]| {
            let halt = CircuitBreaker::default();
            for kind in kinds {
                let outcome = kind.map_or(Ok(()), |kind| Err(Error::new(kind, "")));
                let _ = halt.guard(async { outcome }).now_or_never();
            }
            halt.guard(async { Ok(()) }).now_or_never().flatten().is_some()
        };
        let (lost, quota) = (ErrorKind::Unreachable, ErrorKind::RateLimited { after: None });
        assert!(!is_asked_after(&[Some(lost)]));
        assert!(is_asked_after(&[None, Some(lost)]));
        assert!(is_asked_after(&[None, Some(ErrorKind::Forbidden)]));
        assert!(!is_asked_after(&[None, Some(ErrorKind::Unauthorized)]));
        assert!(!is_asked_after(&[None, Some(quota)]));
    }
}
