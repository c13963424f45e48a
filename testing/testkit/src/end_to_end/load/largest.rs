//! The largest request there is, before a product that says as much as it can.

use std::time::Duration;

use sandbox::{Fault, Times};
use serde_json::{Map, Value, json};

use super::{
    super::{
        Host,
        host::{Deployed, token},
    },
    measured,
};
use crate::{
    conformance::{Question, Subject},
    event::{Event, Gateway},
    runtime_api::Invocation,
};

/// A function of 128 MB, without what Lambda keeps for itself.
const MOST: u64 = 100 * 1024 * 1024;
/// As many observables as one request is about, and as many entities as one observable has.
const OBSERVABLES: usize = 1000;
const ENTITIES: usize = 1000;
/// Short enough for a test, long enough for every call that goes out first to be read to its end.
const PATIENCE: Duration = Duration::from_secs(5);
/// A body just below what one answer may have.
const NEARLY_TOO_LARGE: usize = 7 * 1024 * 1024;

/// A thousand observables with a thousand entities each, before a product that answers as usual,
/// without end, with bombs, and with as much as is just allowed: never more than a small function
/// has.
pub async fn l08_the_largest_request_fits_a_small_function<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let faults = [
        ("endless", Fault::Huge { bytes: u64::MAX }),
        ("bomb", Fault::GzipBomb { bytes: 1 << 24 }),
        ("nearly too large", Fault::Rewritten(padded)),
    ];
    let mut peaks = Map::new();
    ask(&relay, &largest::<S>()).await;
    peaks.insert("usual".to_owned(), peak(&relay).into());
    for (name, fault) in faults {
        relay.sandbox.fault(S::SEARCH, fault, Times::Always);
        ask(&relay, &largest::<S>()).await;
        relay.sandbox.clear_faults();
        peaks.insert(name.to_owned(), peak(&relay).into());
    }
    let peaks = Value::Object(peaks);
    measured::write_down::<S>("largest", &peaks);
    assert!(peak(&relay) <= MOST, "{peaks}");
    relay.end().await;
}

/// The most that the process has held so far.
fn peak(relay: &Deployed) -> u64 {
    relay.function().usage().expect("a process that runs shows itself").memory.peak
}

async fn ask(relay: &Deployed, event: &Event) {
    let outcome = relay.function().invoke(Invocation::from(event).time_left(PATIENCE)).await;
    assert_eq!(outcome.reply().status, 200);
}

fn largest<S: Subject>() -> Event {
    let mut claims = S::tireless_claims()[0].clone();
    claims["CTR_ENTITIES_LIMIT"] = json!(ENTITIES);
    let known = Question::of(&[S::BUSY]).into_iter().chain(Question::known::<S>());
    let strangers = S::KNOWN.iter().flat_map(|(kind, _)| Question::unknown(kind, OBSERVABLES));
    let asked: Question = known.chain(strangers).take(OBSERVABLES).collect();
    Gateway::HttpApi.post("/observe/observables").bearer(&token(claims)).json(&asked.json())
}

/// The true answer beside something that nobody reads.
fn padded(answer: Value) -> Value {
    match answer {
        Value::Object(mut members) => {
            members.insert("padding".to_owned(), "x".repeat(NEARLY_TOO_LARGE).into());
            Value::Object(members)
        }
        other => other,
    }
}
