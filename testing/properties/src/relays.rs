//! Relays in front of their simulators, kept from one input to the next.

use std::{cell::RefCell, collections::HashMap, future::IntoFuture, sync::Arc, time::Duration};

use catalog::StartedRelay;
use futures::future::{BoxFuture, FutureExt};
use relay_core::{Incoming, Outgoing};
use sandbox::{Fixture, Product, identity::NOW};
use testkit::{Answer, AnswerRequest, Start, StartService, TestRelay, TestRequest};
use tokio::runtime::{Builder, Runtime};

/// So many inputs reach the same relay; then caches, quotas and changed devices begin anew.
const MAX_INPUTS: u32 = 1000;
/// How far the relay's clock advances between two inputs, so that no quota of a minute is used up.
const PAUSE: Duration = Duration::from_secs(3);
/// How long a caller waits: less than any pause before a retry that is given in seconds.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A relay in one of its modes, seen by the usual caller.
pub(crate) struct KeptRelay {
    // Before the runtime, so that it ends before it.
    pub(crate) relay: TestRelay<()>,
    runtime: Runtime,
    inputs: u32,
}

/// Hands this thread's relay for the product to a test; a relay that fails is not used again. The
/// steering byte chooses the mode.
pub(crate) fn with_relay<T>(
    product: Product,
    steering: u8,
    test: impl FnOnce(&KeptRelay) -> T,
) -> T {
    type Relays = HashMap<(Product, usize), KeptRelay>;
    thread_local!(static RELAYS: RefCell<Relays> = RefCell::default());
    let mode = usize::from(steering) % product.fixture().modes.len();
    let kept = RELAYS.with_borrow_mut(|relays| relays.remove(&(product, mode)));
    let kept = kept.filter(|relay| relay.inputs < MAX_INPUTS);
    let mut relay = kept.unwrap_or_else(|| KeptRelay::start(product.fixture(), mode));
    relay.reset();
    let outcome = test(&relay);
    RELAYS.with_borrow_mut(|relays| relays.insert((product, mode), relay));
    outcome
}

impl KeptRelay {
    fn start(fixture: &'static Fixture, mode: usize) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let start = Start::<()>::of(fixture, service(fixture.product.slug()));
        let relay = runtime.block_on(start.mode(&fixture.modes[mode]).at(NOW).into_future());
        Self { relay: relay.within(TIMEOUT), runtime, inputs: 0 }
    }

    fn reset(&mut self) {
        self.inputs += 1;
        self.relay.clock.advance(PAUSE);
        self.relay.sandbox.clear_faults();
        self.relay.sandbox.forget_calls();
    }

    /// The answer, after it was checked.
    pub(crate) fn send(&self, request: TestRequest) -> Answer {
        let answer = self.runtime.block_on(self.relay.send(request));
        assert_eq!(answer.status, 200);
        answer
    }
}

fn service(slug: &'static str) -> StartService {
    Box::new(move |environment, clock, resolver| {
        let entry = catalog::find(slug).expect("the catalog lists every relay");
        async move {
            let service = entry.start_with(environment, clock, resolver).await?;
            Ok(Arc::new(Cataloged(service)) as Arc<dyn AnswerRequest>)
        }
        .boxed()
    })
}

/// A relay out of the catalog.
struct Cataloged(Arc<dyn StartedRelay>);

impl AnswerRequest for Cataloged {
    fn answer(&self, request: Incoming) -> BoxFuture<'_, Outgoing> {
        self.0.answer(request)
    }
}
