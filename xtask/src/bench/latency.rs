//! How long `observe` takes, in a new process and in one that has answered before.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use testkit::{event::Event, runtime_api::Function};
use tokio::time::Instant;

use super::{
    deployed::{DeployedRelay, answer},
    times::{Times, rounded},
};
use crate::Outcome;

/// The numbers of observables in one call.
pub(super) const SIZES: [usize; 3] = [1, 10, 50];

/// One call, several times.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) relay: String,
    /// Whether the process had answered the same call before.
    pub(crate) warm: bool,
    pub(crate) observables: usize,
    pub(crate) delay_ms: u64,
    /// The product's requests for one call, a login included.
    pub(crate) calls: usize,
    /// How many of them were in progress at the same time.
    pub(crate) at_once: usize,
    /// The shortest time that the product's delay allows; none without a delay.
    pub(crate) critical_path_ms: Option<f64>,
    #[serde(flatten)]
    pub(crate) times: Times,
}

impl Latency {
    /// The times divided by the critical path.
    pub(super) fn ratios(&self) -> Option<Times> {
        self.critical_path_ms.map(|least| Times {
            fastest_ms: rounded(self.times.fastest_ms / least),
            median_ms: rounded(self.times.median_ms / least),
        })
    }
}

/// Measures the first and the second call of new processes: the cold and the warm one.
pub(super) async fn measure(
    relay: &DeployedRelay,
    observables: usize,
    delay: Duration,
    runs: usize,
) -> Outcome<[Latency; 2]> {
    let setup = relay.set_up().await?;
    setup.sandbox.delay(delay);
    let event = setup.observe(&relay.observables(observables));
    let [mut cold, mut warm] = [Series::default(), Series::default()];
    for _ in 0..runs {
        let function = setup.start().await?;
        for series in [&mut cold, &mut warm] {
            setup.sandbox.forget_calls();
            series.times.push(timed(&function, &event).await?);
            series.calls = setup.sandbox.calls().len();
            series.at_once = setup.sandbox.peak_concurrency();
        }
    }
    let cost = &relay.fixture.cost;
    let rounds = warm.calls.div_ceil(cost.max_concurrent_requests as usize);
    let rounds = rounds.max(cost.dependent_requests as usize);
    let line = |is_warm: bool, series: Series| {
        let rounds = if is_warm { rounds } else { rounds + cost.login_requests as usize };
        let least = rounds as f64 * 1000.0 * delay.as_secs_f64();
        Latency {
            relay: relay.slug().to_owned(),
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

/// The time from sending the event to its answer, which may have warnings but no fatal error.
async fn timed(function: &Function, event: &Event) -> Outcome<Duration> {
    let started = Instant::now();
    let reply = answer(function, event).await?;
    let duration = started.elapsed();
    let errors = reply.json()["errors"].take();
    let is_fatal = |error: &serde_json::Value| error["type"] != "warning";
    match errors.as_array().into_iter().flatten().any(is_fatal) {
        false => Ok(duration),
        true => Err(format!("the relay answered with errors: {errors}").into()),
    }
}
