//! What a relay's process holds in memory: after its start, and after many requests.

use serde::{Deserialize, Serialize};
use testkit::runtime_api::Function;

use super::{
    deployed::{Built, ask},
    times::rounded,
};
use crate::failure::Outcome;

/// Requests before each look at the memory.
const REQUESTS: usize = 1000;
const OBSERVABLES: usize = 10;

/// Resident memory in MiB.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) relay: String,
    pub(super) start: f64,
    pub(super) after_1000: f64,
    pub(super) after_2000: f64,
}

/// One process; each of its requests asks about ten observables.
pub(super) async fn measure(built: &Built<'_>) -> Outcome<Memory> {
    let stage = built.stage().await?;
    let question = stage.question(&built.asked(OBSERVABLES));
    let function = stage.start().await?;
    let mut looks = [resident(&function)?, 0.0, 0.0];
    for look in &mut looks[1..] {
        for _ in 0..REQUESTS {
            ask(&function, &question).await?;
            stage.sandbox.forget_calls();
        }
        *look = resident(&function)?;
    }
    let [start, after_1000, after_2000] = looks;
    Ok(Memory { relay: built.relay(), start, after_1000, after_2000 })
}

fn resident(function: &Function) -> Outcome<f64> {
    Ok(rounded(function.memory()?.resident as f64 / f64::from(1 << 20)))
}
