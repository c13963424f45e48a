//! What mapping costs, in instructions: the same on a busy machine as on an idle one.
//!
//! Each count is a process of its own under valgrind, which is asked once. What the same process
//! needs for an answer without records is taken off: start, token, login and first connections.

use std::process::Stdio;

use serde::{Deserialize, Serialize};
use testkit::runtime_api::{Function, Signal};
use tokio::process::Command;

use super::{
    deployed::{Built, ask},
    multiplied::{Multiplied, RECORDS},
    times::rounded,
};
use crate::{
    answer::Answer,
    failure::{Failure, Outcome},
    terminal::notice,
};

const COUNTER: [&str; 3] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// The instructions of one relay.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Instructions {
    pub(super) relay: String,
    /// Counts of different processors cannot be compared.
    pub(super) architecture: String,
    /// For each size of the product's answer.
    pub(super) counts: Vec<Count>,
}

/// An answer of so many records, what became of it, and what that took.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Count {
    pub(super) records: usize,
    pub(super) sightings: usize,
    pub(super) instructions: u64,
}

impl Instructions {
    /// How much more a sighting costs among a thousand than among a hundred.
    pub(super) fn growth(&self) -> f64 {
        let each = |count: Option<&Count>| count.map_or(f64::NAN, Count::each);
        rounded(each(self.counts.last()) / each(self.counts.first()))
    }
}

impl Count {
    /// Instructions for each sighting.
    pub(super) fn each(&self) -> f64 {
        self.instructions as f64 / self.sightings.max(1) as f64
    }
}

/// None where valgrind is missing, which is said.
pub(super) async fn measure(built: &Built<'_>) -> Outcome<Option<Instructions>> {
    if !is_installed().await {
        notice("valgrind is not installed, so that no instructions are counted.");
        return Ok(None);
    }
    let slug = built.entry.slug();
    let Some(product) = Multiplied::of(slug) else { return Ok(None) };
    let mut counts = Vec::new();
    for place in 0..RECORDS.len() {
        counts.push(count(built, product, place).await?);
    }
    let nothing = counts.remove(0);
    for count in &mut counts {
        count.instructions = count.instructions.saturating_sub(nothing.instructions);
        count.sightings = count.sightings.saturating_sub(nothing.sightings);
    }
    let architecture = std::env::consts::ARCH.to_owned();
    Ok(Some(Instructions { relay: built.relay(), architecture, counts }))
}

async fn count(built: &Built<'_>, product: &Multiplied, place: usize) -> Outcome<Count> {
    let stage = built.stage().await?;
    product.act(&stage.sandbox, place);
    let function = stage.start_under(&COUNTER, "CTR_ENTITIES_LIMIT", "1000").await?;
    let reply = ask(&function, &stage.question(&built.asked(product.asked))).await?;
    let answer = Answer::read(&reply.text()).unwrap_or_default();
    Ok(Count {
        records: RECORDS[place],
        sightings: answer.docs("sightings").len(),
        instructions: instructions(function).await?,
    })
}

/// Ends the process; valgrind closes with a line such as `==7== Collected : 1234567`.
async fn instructions(function: Function) -> Outcome<u64> {
    function.signal(Signal::Terminate).await?;
    let lines = function.ended().await.lines;
    let collected = lines.iter().find_map(|line| line.text.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| Failure::Refused("valgrind has not said what it counted.".to_owned()))
}

async fn is_installed() -> bool {
    let mut asked = Command::new("valgrind");
    let asked = asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().await.is_ok_and(|status| status.success())
}
