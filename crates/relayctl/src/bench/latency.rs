//! How long `observe` takes, in a new process and in one that has answered before.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use testkit::{event::Event, runtime_api::Function};
use tokio::time::Instant;

use super::{
    deployed::{Built, ask},
    times::{Times, rounded},
};
use crate::{
    answer::Answer,
    failure::{Failure, Outcome},
    table,
};

/// How many observables are asked about in one request.
pub(super) const SIZES: [usize; 3] = [1, 10, 50];

/// One request, several times.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Latency {
    pub(super) relay: String,
    /// Whether the process had answered the same request before.
    pub(super) warm: bool,
    pub(super) observables: usize,
    pub(super) delay_ms: u64,
    /// Calls of the product that one request makes, a login included.
    pub(super) calls: usize,
    /// How many of them were in work at the same time.
    pub(super) at_once: usize,
    /// The least that the product's delay allows; none without a delay.
    pub(super) critical_path_ms: Option<f64>,
    #[serde(flatten)]
    pub(super) times: Times,
}

impl Latency {
    /// How much longer than the least.
    pub(super) fn ratios(&self) -> Option<Times> {
        self.critical_path_ms.map(|least| Times {
            fastest_ms: rounded(self.times.fastest_ms / least),
            median_ms: rounded(self.times.median_ms / least),
        })
    }
}

/// The first and the second request of new processes: a line for the cold and one for the warm.
pub(super) async fn measure(
    built: &Built<'_>,
    observables: usize,
    delay: Duration,
    runs: usize,
) -> Outcome<[Latency; 2]> {
    let stage = built.stage().await?;
    stage.sandbox.delay(delay);
    let question = stage.question(&built.asked(observables));
    let [mut cold, mut warm] = [Series::default(), Series::default()];
    for _ in 0..runs {
        let function = stage.start().await?;
        for series in [&mut cold, &mut warm] {
            stage.sandbox.forget_calls();
            series.times.push(timed(&function, &question).await?);
            series.calls = stage.sandbox.calls().len();
            series.at_once = stage.sandbox.peak_concurrency();
        }
    }
    let entry = built.entry;
    let rounds = entry.depth.max(warm.calls.div_ceil(entry.at_once));
    let line = |is_warm: bool, series: Series| {
        let rounds = if is_warm { rounds } else { rounds + entry.cold };
        let least = rounds as f64 * 1000.0 * delay.as_secs_f64();
        Latency {
            relay: built.relay(),
            warm: is_warm,
            observables,
            delay_ms: delay.as_millis() as u64,
            calls: series.calls,
            at_once: series.at_once,
            critical_path_ms: (!delay.is_zero()).then_some(least),
            times: Times::of(series.times),
        }
    };
    Ok([line(false, cold), line(true, warm)])
}

#[derive(Default)]
struct Series {
    times: Vec<Duration>,
    calls: usize,
    at_once: usize,
}

/// From handing over the event to its answer, which may carry warnings but no error.
async fn timed(function: &Function, question: &Event) -> Outcome<Duration> {
    let asked = Instant::now();
    let reply = ask(function, question).await?;
    let took = asked.elapsed();
    let answer = Answer::read(&reply.text()).unwrap_or_default();
    match answer.is_refusal() {
        false => Ok(took),
        true => Err(Failure::Refused(table::errors(&answer.errors))),
    }
}
