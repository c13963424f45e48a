//! How long something took, several times.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The best and the middle of several runs, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Times {
    pub(super) fastest_ms: f64,
    pub(super) median_ms: f64,
}

impl Times {
    /// Of at least one run.
    pub(super) fn of(mut runs: Vec<Duration>) -> Self {
        runs.sort();
        let at = |place: usize| runs.get(place).map_or(f64::NAN, |run| 1000.0 * run.as_secs_f64());
        Self { fastest_ms: rounded(at(0)), median_ms: rounded(at(runs.len() / 2)) }
    }
}

/// To three decimals: nothing here is known better.
pub(super) fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_and_the_middle_are_taken() {
        let runs = [5000, 1000, 2_000_400].map(Duration::from_nanos);
        let times = Times::of(runs.to_vec());
        assert_eq!(times, Times { fastest_ms: 0.001, median_ms: 0.005 });
        assert_eq!(Times::of(vec![runs[2]]), Times { fastest_ms: 2.0, median_ms: 2.0 });
    }
}
