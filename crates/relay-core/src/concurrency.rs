//! Runs requests side by side: bounded, in order, and stopped when further ones would fail alike.

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{StreamExt, stream};

use crate::error::{Error, ErrorKind, Result};

/// By how much less is asked for where a response is too large.
const FEWER: usize = 8;

/// Runs the futures side by side, at most `max_concurrent` at a time, and returns their outputs in
/// order. One that takes long delays no others.
pub async fn join_bounded<F: Future>(
    futures: impl IntoIterator<Item = F>,
    max_concurrent: usize,
) -> Vec<F::Output> {
    // A named function, because a closure over futures that borrow is not `Send` enough for callers.
    let numbered: Vec<_> = futures.into_iter().enumerate().map(with_number).collect();
    let running = stream::iter(numbered).buffer_unordered(max_concurrent.max(1));
    let mut outputs: Vec<_> = running.collect().await;
    outputs.sort_unstable_by_key(|(number, _)| *number);
    outputs.into_iter().map(|(_, output)| output).collect()
}

async fn with_number<F: Future>((number, future): (usize, F)) -> (usize, F::Output) {
    (number, future.await)
}

/// Returns how many records to ask for after a response with so many was too large; `None` after any
/// other outcome, and where one record alone is too large.
pub fn fewer_after<T>(outcome: &Result<T>, records: usize) -> Option<usize> {
    let is_too_large = |error: &Error| error.kind() == ErrorKind::TooLarge;
    let can_shrink = records > 1 && outcome.as_ref().err().is_some_and(is_too_large);
    can_shrink.then(|| (records / FEWER).max(1))
}

/// Stops the requests of one call that would fail like one before them. The relay says which
/// observables were not asked about for that reason.
///
/// Refused credentials and an exceeded quota open it for all. A missing permission and a connection
/// that cannot be made do so only as long as no request succeeded: where one did, the others may
/// succeed too. A request that is slow or breaks off stops no other.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    is_open: AtomicBool,
    has_failed: AtomicBool,
    has_succeeded: AtomicBool,
}

impl CircuitBreaker {
    /// Opens it: no further request is begun.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    /// Runs the request unless the circuit is open; then returns `None`. An error that [concerns all
    /// requests](ErrorKind::concerns_all_calls) stops those that are not begun yet.
    pub async fn guard<T>(&self, request: impl Future<Output = Result<T>>) -> Option<Result<T>> {
        if self.is_open() {
            return None;
        }
        let outcome = request.await;
        match &outcome {
            Ok(_) => self.has_succeeded.store(true, Ordering::Relaxed),
            Err(error) => self.record(error.kind()),
        }
        Some(outcome)
    }

    fn is_open(&self) -> bool {
        let [is_open, has_failed, has_succeeded] =
            [&self.is_open, &self.has_failed, &self.has_succeeded]
                .map(|flag| flag.load(Ordering::Relaxed));
        is_open || (has_failed && !has_succeeded)
    }

    fn record(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::Unauthorized | ErrorKind::RateLimited { .. } => self.open(),
            kind if kind.concerns_all_calls() => self.has_failed.store(true, Ordering::Relaxed),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_future_that_takes_long_does_not_delay_the_others() {
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
    fn only_an_error_that_concerns_all_requests_stops_the_next() {
        let outcomes = |kind| {
            let breaker = CircuitBreaker::default();
            let works =
                (0..3).map(|_| breaker.guard(async move { Err::<(), _>(Error::new(kind, "")) }));
            join_bounded(works, 1).now_or_never().unwrap().into_iter().flatten().count()
        };
        assert_eq!(outcomes(ErrorKind::Malformed), 3);
        assert_eq!(outcomes(ErrorKind::Interrupted), 3);
        assert_eq!(outcomes(ErrorKind::Unauthorized), 1);
        assert_eq!(outcomes(ErrorKind::Unreachable), 1);
        assert_eq!(outcomes(ErrorKind::RateLimited { after: None }), 1);
    }

    #[test]
    fn l08_what_is_too_large_is_asked_for_in_ever_smaller_parts() {
        let failed = |kind| Err::<(), _>(Error::new(kind, ""));
        let mut asked = vec![1000];
        while let Some(fewer) = fewer_after(&failed(ErrorKind::TooLarge), asked[asked.len() - 1]) {
            asked.push(fewer);
        }
        assert_eq!(asked, [1000, 125, 15, 1]);
        assert_eq!(fewer_after(&failed(ErrorKind::Malformed), 1000), None);
        assert_eq!(fewer_after(&Ok(()), 1000), None);
    }

    #[test]
    fn n11_where_a_request_succeeded_a_lost_connection_stops_nothing() {
        let is_closed_after = |kinds: &[Option<ErrorKind>]| {
            let breaker = CircuitBreaker::default();
            for kind in kinds {
                let outcome = kind.map_or(Ok(()), |kind| Err(Error::new(kind, "")));
                let _ = breaker.guard(async { outcome }).now_or_never();
            }
            breaker.guard(async { Ok(()) }).now_or_never().flatten().is_some()
        };
        let (lost, quota) = (ErrorKind::Unreachable, ErrorKind::RateLimited { after: None });
        assert!(!is_closed_after(&[Some(lost)]));
        assert!(is_closed_after(&[None, Some(lost)]));
        assert!(is_closed_after(&[None, Some(ErrorKind::Forbidden)]));
        assert!(!is_closed_after(&[None, Some(ErrorKind::Unauthorized)]));
        assert!(!is_closed_after(&[None, Some(quota)]));
    }
}
