//! Thousands of requests to one process: what it holds does not grow.

mod growth;
mod largest;
mod measured;
mod shapes;
mod traffic;

use relay_core::Relay;

pub(super) use growth::Growth;
use traffic::Traffic;

use super::EndToEnd;

/// After so many requests, connections, access tokens and the allocator have their usual size.
const WARM_UP_REQUESTS: usize = 1000;
const REQUESTS: usize = 10_000;
/// Enough to repeat each request a few times, few enough for a binary that is not optimised.
const FEW_REQUESTS: usize = 300;

impl<R: Relay> EndToEnd<R> {
    /// Requests of all kinds, from all kinds of callers, leave no file, no socket and no thread
    /// open, and get the same answer every time.
    pub(super) async fn requests_leak_no_descriptors_and_threads(&self) {
        let relay = self.deploy().await;
        let mut growth = Growth::of(&relay);
        let mut traffic = Traffic::of(self.fixture);
        growth.watch(&mut traffic, FEW_REQUESTS).await;
        growth.watch(&mut traffic, FEW_REQUESTS).await;
        traffic.assert_callers_differ();
        growth.assert_nothing_opened(FEW_REQUESTS);
        relay.end().await;
    }

    /// The same ten thousand times, with the same tokens, and in little memory that does not grow.
    pub(super) async fn c12_s02_ten_thousand_requests_leak_nothing(&self) {
        let relay = self.deploy().await;
        let mut growth = Growth::of(&relay);
        let mut traffic = Traffic::of(self.fixture);
        growth.watch(&mut traffic, REQUESTS).await;
        traffic.assert_callers_differ();
        growth.write_down(R::ABOUT.slug, "load", WARM_UP_REQUESTS);
        growth.assert_nothing_opened(WARM_UP_REQUESTS);
        growth.assert_little_memory(WARM_UP_REQUESTS);
        relay.end().await;
    }
}
