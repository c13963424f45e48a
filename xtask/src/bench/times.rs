//! Durations of several runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The fastest and the median of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) fastest_ms: f64,
    pub(crate) median_ms: f64,
}

impl Times {
    /// The times of at least one run.
    pub(super) fn of(mut runs: Vec<Duration>) -> Self {
        runs.sort();
        let at = |place: usize| runs.get(place).map_or(f64::NAN, |run| 1000.0 * run.as_secs_f64());
        Self { fastest_ms: rounded(at(0)), median_ms: rounded(at(runs.len() / 2)) }
    }

    /// The fastest, then the median.
    pub(crate) fn both(self) -> [f64; 2] {
        [self.fastest_ms, self.median_ms]
    }
}

/// Rounds to three decimals, which is more than any measurement here is precise to.
pub(super) fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_and_the_median_are_taken() {
        let runs = [5000, 1000, 2_000_400].map(Duration::from_nanos);
        let times = Times::of(runs.to_vec());
        assert_eq!(times, Times { fastest_ms: 0.001, median_ms: 0.005 });
        assert_eq!(Times::of(vec![runs[2]]), Times { fastest_ms: 2.0, median_ms: 2.0 });
    }
}
