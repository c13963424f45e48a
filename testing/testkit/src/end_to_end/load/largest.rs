//! The largest request there is, in front of a product that responds with as much as it can.

use std::time::Duration;

use relay_core::Relay;
use sandbox::{Fault, Times};
use serde_json::{Map, Value, json};

use super::{
    super::{Deployed, EndToEnd, host::observe},
    measured,
};
use crate::{Observables, event::Event, runtime_api::Invocation};

/// The memory of a function of 128 MB, without what Lambda keeps for itself.
const MAX_BYTES: u64 = 100 * 1024 * 1024;
/// As many observables as one request is about, and as many entities as one observable has.
const OBSERVABLES: usize = 1000;
const ENTITIES: usize = 1000;
/// What the relay has for its requests: enough for many large responses at the same time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is judged is memory, on a loaded machine too.
const PATIENCE: Duration = Duration::from_secs(110);
/// A body just below the largest that one response may have.
const PADDING_BYTES: usize = 7 * 1024 * 1024;

impl<R: Relay> EndToEnd<R> {
    /// A thousand observables with a thousand entities each fit into a small function, whether the
    /// product responds as usual, without end, with a gzip bomb, or with as much as is accepted.
    pub(in super::super) async fn l08_largest_request_fits_into_128_mb(&self) {
        let relay = self.deploy().await;
        let faults = [
            ("endless", Fault::Huge { bytes: u64::MAX }),
            ("bomb", Fault::GzipBomb { bytes: 1 << 24 }),
            ("nearly too large", Fault::Rewritten(padded)),
        ];
        let mut peaks = Map::new();
        send(&relay, &self.largest()).await;
        peaks.insert("usual".to_owned(), peak(&relay).into());
        for (name, fault) in faults {
            relay.sandbox.fault(self.fixture.modes[0].search_path, fault, Times::Always);
            send(&relay, &self.largest()).await;
            relay.sandbox.clear_faults();
            peaks.insert(name.to_owned(), peak(&relay).into());
        }
        let peaks = Value::Object(peaks);
        measured::write_down(R::ABOUT.slug, "largest", &peaks);
        assert!(peak(&relay) <= MAX_BYTES, "{peaks}");
        relay.end().await;
    }

    fn largest(&self) -> Event {
        let [mut claims, _] = self.fixture.load_claims();
        claims["CTR_ENTITIES_LIMIT"] = json!(ENTITIES);
        let known = Observables::from(self.fixture.modes[0].busy).and(self.fixture.known);
        let kinds = self.fixture.known.iter().map(|(kind, _)| *kind);
        let unknown = kinds.map(|kind| Observables::unknown(kind, OBSERVABLES));
        observe(claims, unknown.fold(known, Observables::and).take(OBSERVABLES))
    }
}

/// The most memory that the process has held so far.
pub(super) fn peak(relay: &Deployed) -> u64 {
    relay.function().usage().expect("a process that runs shows itself").memory.peak
}

async fn send(relay: &Deployed, event: &Event) {
    let invocation = Invocation::from(event).time_left(TIMEOUT).patience(PATIENCE);
    let outcome = relay.function().invoke(invocation).await;
    assert_eq!(outcome.reply().status, 200);
}

/// The true response beside a member that nobody reads.
fn padded(mut response: Value) -> Value {
    if let Value::Object(members) = &mut response {
        members.insert("padding".to_owned(), "x".repeat(PADDING_BYTES).into());
    }
    response
}
