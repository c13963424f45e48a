//! From the start of a process to its first question for an event, and to its first answer: a
//! relay beside a function that carries the same libraries and does nothing.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use testkit::{event::Event, runtime_api::Launch};
use tokio::time::Instant;

use super::{
    deployed::{self, Built, ask, existing},
    times::{Times, rounded},
};
use crate::failure::Outcome;

/// The starts of a relay, and those of the empty function between them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) relay: String,
    /// Until `/next` is asked for the first time.
    pub(super) next: Times,
    pub(super) empty_next: Times,
    /// Until the answer about one observable, a login included; the product takes no time.
    pub(super) answer: Times,
    pub(super) empty_answer: Times,
}

impl Start {
    /// How much longer until `/next` than the empty function.
    pub(super) fn ratios(&self) -> Times {
        Times {
            fastest_ms: rounded(self.next.fastest_ms / self.empty_next.fastest_ms),
            median_ms: rounded(self.next.median_ms / self.empty_next.median_ms),
        }
    }
}

/// The two in turn, so that a busy moment of the machine meets both.
pub(super) async fn measure(built: &Built<'_>, empty: &Path, runs: usize) -> Outcome<Start> {
    let empty = Launch::new(existing(empty, ".ci/bench builds the empty function")?);
    let stage = built.stage().await?;
    let question = stage.question(&built.asked(1));
    let [mut of_relay, mut of_empty] = [Series::default(), Series::default()];
    for _ in 0..runs {
        of_relay.add(stage.launch(), &question).await?;
        of_empty.add(empty.clone(), &question).await?;
    }
    Ok(Start {
        relay: built.relay(),
        next: Times::of(of_relay.next),
        empty_next: Times::of(of_empty.next),
        answer: Times::of(of_relay.answer),
        empty_answer: Times::of(of_empty.answer),
    })
}

#[derive(Default)]
struct Series {
    next: Vec<Duration>,
    answer: Vec<Duration>,
}

impl Series {
    async fn add(&mut self, launch: Launch, question: &Event) -> Outcome {
        let began = Instant::now();
        let function = deployed::start(launch).await?;
        self.next.push(began.elapsed());
        ask(&function, question).await?;
        self.answer.push(began.elapsed());
        Ok(())
    }
}
