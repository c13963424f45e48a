//! Many requests at the same point at the same time.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Waker},
};

use futures::future::join_all;
use tokio::task::coop::unconstrained;

/// Futures that have come as far as they can without their server.
pub(crate) struct Waiting<'a, T>(Vec<Pin<Box<dyn Future<Output = T> + 'a>>>);

/// Begins them all; each must wait for something.
pub(crate) fn all_waiting<'a, F>(futures: impl Iterator<Item = F>) -> Waiting<'a, F::Output>
where
    F: Future + 'a,
{
    let begun = futures.map(|future| {
        let mut future: Pin<Box<dyn Future<Output = F::Output>>> = Box::pin(unconstrained(future));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending(), "it waits for nothing");
        future
    });
    Waiting(begun.collect())
}

impl<T> Waiting<'_, T> {
    /// Lets them go on to their ends.
    pub(crate) async fn finish(self) -> Vec<T> {
        join_all(self.0).await
    }
}
