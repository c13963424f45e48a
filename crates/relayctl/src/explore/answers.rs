//! The answers of several relays as lines of JSON, each as soon as its relay has it.

use std::{convert::Infallible, future::ready, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream, stream::FuturesUnordered};
use relay_core::Route;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{AskedRelay, question::Question};
use crate::{
    observable::ObservableArgument,
    report::{self, ReportedProduct},
};

/// The first line: what is asked, and of whom.
#[derive(Serialize)]
struct Opening<'a> {
    observables: &'a [ObservableArgument],
    relays: Vec<Value>,
    /// A sentence for each text that is no observable.
    notes: Vec<String>,
    made: String,
}

/// Asks the relays that the question names. The stream ends after the last answer; when it is dropped,
/// nothing is asked any more.
pub(super) fn lines(
    question: &Question,
    relays: &[Arc<AskedRelay>],
) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let (observables, notes) = question.observables();
    let is_named =
        |one: &&Arc<AskedRelay>| question.relays.iter().any(|slug| slug == one.entry.about.slug);
    let chosen = relays.iter().filter(is_named).filter(|_| !observables.is_empty());
    let chosen: Vec<_> = chosen.cloned().collect();
    let opening = line(&Opening {
        observables: &observables,
        relays: chosen.iter().map(|one| named(one)).collect(),
        notes,
        made: report::now(),
    });
    let observables: Arc<[ObservableArgument]> = observables.into();
    let answers: FuturesUnordered<_> =
        chosen.into_iter().map(|relay| answered(relay, observables.clone())).collect();
    stream::once(ready(opening)).chain(answers).map(Ok)
}

/// Returns how the page names a relay.
pub(super) fn named(relay: &AskedRelay) -> Value {
    json!({"slug": relay.entry.about.slug, "name": relay.entry.about.name})
}

async fn answered(asked: Arc<AskedRelay>, observables: Arc<[ObservableArgument]>) -> Bytes {
    let started = Instant::now();
    let relay = asked.relay();
    let (observe, refer, respond) = tokio::join!(
        relay.call(Route::Observe, &observables),
        relay.call(Route::Refer, &observables),
        relay.call(Route::Respond, &observables),
    );
    let read = |body: &str| serde_json::from_str(body).unwrap_or(Value::Null);
    let answers =
        json!({"observe": read(&observe), "refer": read(&refer), "respond": read(&respond)});
    let about = &asked.entry.about;
    line(&ReportedProduct {
        milliseconds: u64::try_from(started.elapsed().as_millis()).ok(),
        ..ReportedProduct::new(about.slug, about.name, answers)
    })
}

fn line(json: &impl Serialize) -> Bytes {
    let mut line = serde_json::to_vec(json).unwrap_or_default();
    line.push(b'\n');
    line.into()
}
