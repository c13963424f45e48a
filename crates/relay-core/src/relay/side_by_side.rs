//! Calls side by side: bounded, in order, and ended early when they would fail alike.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{StreamExt, stream};

use crate::error::Result;

/// Runs the futures side by side, at most `at_once` at a time, and keeps their order. One that
/// takes long keeps its own place only: the others go on.
pub async fn each<F: Future>(
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
#[derive(Debug, Default)]
pub struct Halt(AtomicBool);

impl Halt {
    /// From now on nothing more is begun.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Does the work, unless it is already known to be in vain; then there is nothing. A failure
    /// that [concerns all calls](crate::ErrorKind::concerns_all_calls) halts the ones not yet begun.
    pub async fn guard<T>(&self, work: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        if self.0.load(Ordering::Relaxed) {
            return None;
        }
        let outcome = work.await;
        if outcome.as_ref().is_err_and(|error| error.kind().concerns_all_calls()) {
            self.set();
        }
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::error::{Error, ErrorKind};

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
        let outputs = each((0..10).map(work), 2).now_or_never();
        assert_eq!(outputs, Some((0..10).collect()));
    }

    #[test]
    fn only_a_failure_that_concerns_all_calls_halts_the_next() {
        let outcomes = |kind| {
            let halt = Halt::default();
            let works =
                (0..3).map(|_| halt.guard(async move { Err::<(), _>(Error::new(kind, "")) }));
            each(works, 1).now_or_never().unwrap().into_iter().flatten().count()
        };
        assert_eq!(outcomes(ErrorKind::Malformed), 3);
        assert_eq!(outcomes(ErrorKind::Unauthorized), 1);
        assert_eq!(outcomes(ErrorKind::RateLimited { after: None }), 1);
    }
}
