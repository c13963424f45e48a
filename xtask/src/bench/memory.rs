//! Resident memory of a relay's process after its start, after many calls and in a large one.

use serde::{Deserialize, Serialize};
use testkit::runtime_api::Function;

use super::{
    deployed::{DeployedRelay, answer, sightings, start},
    large_response::LargeResponse,
    times::rounded,
};
use crate::Outcome;

/// Calls before each reading.
const CALLS: usize = 1000;
const OBSERVABLES: usize = 10;
/// Of a call with ten thousand records; an answer with fewer sightings would measure nothing.
const MIN_SIGHTINGS: usize = 500;

/// Resident memory in MiB.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) relay: String,
    pub(crate) start: f64,
    pub(crate) after_1000: f64,
    pub(crate) after_2000: f64,
    /// At most in a process that has answered one call about ten observables with a thousand records
    /// each, of which all may be in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) large_peak: Option<f64>,
}

/// Measures one process; each call is about ten observables.
pub(super) async fn measure(relay: &DeployedRelay) -> Outcome<Memory> {
    let setup = relay.set_up().await?;
    let event = setup.observe(&relay.observables(OBSERVABLES));
    let function = setup.start().await?;
    let mut readings = [resident(&function)?, 0.0, 0.0];
    for reading in &mut readings[1..] {
        for _ in 0..CALLS {
            answer(&function, &event).await?;
            setup.sandbox.forget_calls();
        }
        *reading = resident(&function)?;
    }
    let [start, after_1000, after_2000] = readings;
    let large_peak = large_peak(relay).await?;
    Ok(Memory { relay: relay.slug().to_owned(), start, after_1000, after_2000, large_peak })
}

/// Returns none for a relay that has no large response.
async fn large_peak(relay: &DeployedRelay) -> Outcome<Option<f64>> {
    let Some(response) = LargeResponse::of(relay.slug()) else { return Ok(None) };
    let setup = relay.set_up().await?;
    response.simulate_for_ten(&setup.sandbox);
    let function = start(setup.launch().env("CTR_ENTITIES_LIMIT", "1000")).await?;
    let reply = answer(&function, &setup.observe(&relay.observables(OBSERVABLES))).await?;
    let sightings = sightings(&reply);
    if sightings < MIN_SIGHTINGS {
        return Err(format!("the large answer has {sightings} sightings only").into());
    }
    Ok(Some(mebibytes(function.memory()?.peak)))
}

fn resident(function: &Function) -> Outcome<f64> {
    Ok(mebibytes(function.memory()?.resident))
}

fn mebibytes(bytes: u64) -> f64 {
    rounded(bytes as f64 / f64::from(1 << 20))
}
