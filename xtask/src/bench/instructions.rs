//! What mapping costs, in instructions: the same on a busy machine as on an idle one.
//!
//! Each count is a process of its own under valgrind that gets one event. What the same process
//! needs for an answer without records is subtracted: start, token, login and first connections.

use std::process::Stdio;

use serde::{Deserialize, Serialize};
use testkit::runtime_api::{Function, Signal};
use tokio::process::Command;

use super::{
    deployed::{DeployedRelay, answer, sightings},
    large_response::{LargeResponse, RECORDS},
    times::rounded,
};
use crate::Outcome;

const VALGRIND: [&str; 3] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// The instructions of one relay.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Instructions {
    pub(crate) relay: String,
    /// Counts of different processors cannot be compared.
    pub(crate) architecture: String,
    /// One for each size of the product's response.
    pub(crate) counts: Vec<Count>,
}

/// The instructions for a response of some size.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) records: usize,
    pub(crate) sightings: usize,
    pub(crate) instructions: u64,
}

impl Instructions {
    /// The cost of a sighting among a thousand, divided by that of one among a hundred.
    pub(super) fn growth(&self) -> f64 {
        let each = |count: Option<&Count>| count.map_or(f64::NAN, Count::each);
        rounded(each(self.counts.last()) / each(self.counts.first()))
    }
}

impl Count {
    /// Instructions for each sighting.
    pub(crate) fn each(&self) -> f64 {
        self.instructions as f64 / self.sightings.max(1) as f64
    }
}

/// Counts the instructions; `None` where valgrind or the relay's large response is missing, which
/// standard error says.
pub(super) async fn measure(relay: &DeployedRelay) -> Outcome<Option<Instructions>> {
    if !is_installed().await {
        eprintln!("valgrind is not installed, so no instructions are counted.");
        return Ok(None);
    }
    let slug = relay.slug();
    let Some(response) = LargeResponse::of(slug) else {
        eprintln!("{slug} has no large response, so its instructions are not counted.");
        return Ok(None);
    };
    let mut counts = Vec::new();
    for size in 0..RECORDS.len() {
        counts.push(count(relay, response, size).await?);
    }
    let without_records = counts.remove(0);
    for count in &mut counts {
        count.instructions = count.instructions.saturating_sub(without_records.instructions);
        count.sightings = count.sightings.saturating_sub(without_records.sightings);
    }
    let architecture = std::env::consts::ARCH.to_owned();
    Ok(Some(Instructions { relay: slug.to_owned(), architecture, counts }))
}

async fn count(relay: &DeployedRelay, response: &LargeResponse, size: usize) -> Outcome<Count> {
    let setup = relay.set_up().await?;
    response.simulate(&setup.sandbox, size);
    let function = setup.start_under(&VALGRIND, "CTR_ENTITIES_LIMIT", "1000").await?;
    let event = setup.observe(&relay.observables(response.observables));
    let sightings = sightings(&answer(&function, &event).await?);
    Ok(Count { records: RECORDS[size], sightings, instructions: instructions(function).await? })
}

/// Ends the process; valgrind's last line is such as `==7== Collected : 1234567`.
async fn instructions(function: Function) -> Outcome<u64> {
    function.signal(Signal::Terminate).await?;
    let lines = function.ended().await.lines;
    let collected = lines.iter().find_map(|line| line.text.split_once("Collected : "));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok());
    Ok(count.ok_or("valgrind did not print what it counted")?)
}

async fn is_installed() -> bool {
    let mut version = Command::new("valgrind");
    let version = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().await.is_ok_and(|status| status.success())
}
