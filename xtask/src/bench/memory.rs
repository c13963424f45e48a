//! Resident memory of a relay's process after its start and after many calls.

use serde::{Deserialize, Serialize};
use testkit::runtime_api::Function;

use super::{
    deployed::{DeployedRelay, answer},
    times::rounded,
};
use crate::Outcome;

/// Calls before each reading.
const CALLS: usize = 1000;
const OBSERVABLES: usize = 10;

/// Resident memory in MiB.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) relay: String,
    pub(crate) start: f64,
    pub(crate) after_1000: f64,
    pub(crate) after_2000: f64,
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
    Ok(Memory { relay: relay.slug().to_owned(), start, after_1000, after_2000 })
}

fn resident(function: &Function) -> Outcome<f64> {
    Ok(rounded(function.memory()?.resident as f64 / f64::from(1 << 20)))
}
