//! From the start of a process to its first request for an event, and to its first answer: a relay
//! beside a function that links the same libraries and does nothing.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use testkit::{event::Event, runtime_api::Launch};
use tokio::time::Instant;

use super::{
    deployed::{self, DeployedRelay, answer, existing},
    times::{Times, rounded},
};
use crate::Outcome;

/// The starts of a relay, and those of the baseline function between them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) relay: String,
    /// Until the first request for `/next`.
    pub(crate) next: Times,
    pub(crate) baseline_next: Times,
    /// Until the answer about one observable, a login included; the product takes no time.
    pub(crate) answer: Times,
    pub(crate) baseline_answer: Times,
}

impl Start {
    /// The times until `/next`, divided by those of the baseline function.
    pub(super) fn ratios(&self) -> Times {
        Times {
            fastest_ms: rounded(self.next.fastest_ms / self.baseline_next.fastest_ms),
            median_ms: rounded(self.next.median_ms / self.baseline_next.median_ms),
        }
    }
}

/// Starts both in turn, so that a busy moment of the machine affects both.
pub(super) async fn measure(relay: &DeployedRelay, baseline: &Path, runs: usize) -> Outcome<Start> {
    let baseline = Launch::new(existing(baseline, ".ci/bench builds the baseline function")?);
    let setup = relay.set_up().await?;
    let event = setup.observe(&relay.observables(1));
    let [mut of_relay, mut of_baseline] = [Series::default(), Series::default()];
    for _ in 0..runs {
        of_relay.add(setup.launch(), &event).await?;
        of_baseline.add(baseline.clone(), &event).await?;
    }
    Ok(Start {
        relay: relay.slug().to_owned(),
        next: Times::of(of_relay.next),
        baseline_next: Times::of(of_baseline.next),
        answer: Times::of(of_relay.answer),
        baseline_answer: Times::of(of_baseline.answer),
    })
}

#[derive(Default)]
struct Series {
    next: Vec<Duration>,
    answer: Vec<Duration>,
}

impl Series {
    async fn add(&mut self, launch: Launch, event: &Event) -> Outcome {
        let started = Instant::now();
        let function = deployed::start(launch).await?;
        self.next.push(started.elapsed());
        answer(&function, event).await?;
        self.answer.push(started.elapsed());
        Ok(())
    }
}
