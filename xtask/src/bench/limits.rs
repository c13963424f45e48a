//! What must hold on any machine, however busy: limits of ratios, sizes and counts, and of times the
//! fastest of several runs.

use super::{
    instructions::Instructions, latency::Latency, memory::Memory, report::Report, size::Size,
    start::Start,
};

/// A warm call, divided by the critical path.
const MAX_WARM_RATIO: f64 = 1.10;
/// The first call of a process, divided by the critical path with its login.
const MAX_COLD_RATIO: f64 = 1.25;
/// The delay from which on the ratio is limited; below it the relay's own time dominates.
const LONG_DELAY_MS: u64 = 100;
/// The start of a relay, divided by that of the baseline function.
const MAX_START_RATIO: f64 = 1.5;
/// Resident memory after a thousand calls.
const MAX_RESIDENT_MIB: f64 = 30.0;
/// What the second thousand may add: the allocator settles, a leak would not.
const MAX_GROWTH_MIB: f64 = 1.0;
/// At most, in a call with ten thousand records.
const MAX_LARGE_PEAK_MIB: f64 = 64.0;
/// The zip of a function.
const MAX_ZIP_MB: f64 = 4.5;
/// How much a count may change: hash seeds and the sizes of reads change it by less than a tenth of
/// this, another compiler or library by less than this.
const MAX_CHANGE_OF_COUNT: f64 = 0.10;
/// The cost of a sighting among a thousand, divided by that of one among a hundred.
const MAX_GROWTH_OF_COST: f64 = 1.25;

impl Report {
    /// Returns one sentence for each limit that is exceeded.
    pub(super) fn exceeded(&self, expected: &Self) -> Vec<String> {
        let mut exceeded = Vec::new();
        exceeded.extend(self.latency.iter().filter_map(slow_call));
        exceeded.extend(self.start.iter().filter_map(slow_start));
        exceeded.extend(self.memory.iter().filter_map(large_memory));
        exceeded.extend(self.memory.iter().filter_map(large_peak));
        exceeded.extend(self.size.iter().filter_map(large_zip));
        for one in &self.instructions {
            exceeded.extend(growing_cost(one));
            exceeded.extend(changed_counts(one, &expected.instructions));
        }
        exceeded
    }
}

fn slow_call(one: &Latency) -> Option<String> {
    let ratio = one.ratios()?.fastest_ms;
    let (state, limit) = if one.warm { ("warm", MAX_WARM_RATIO) } else { ("cold", MAX_COLD_RATIO) };
    let Latency { relay, observables, delay_ms, .. } = one;
    (*delay_ms >= LONG_DELAY_MS && ratio > limit).then(|| {
        format!(
            "{relay}: {observables} observables, {state}: {ratio:.3} times the critical path, more than {limit}."
        )
    })
}

fn slow_start(one: &Start) -> Option<String> {
    let ratio = one.ratios().fastest_ms;
    (ratio > MAX_START_RATIO).then(|| {
        format!(
            "{}: starts in {ratio:.2} times the baseline function's time, more than {MAX_START_RATIO}.",
            one.relay
        )
    })
}

fn large_memory(one: &Memory) -> Option<String> {
    let Memory { relay, after_1000, after_2000, .. } = one;
    let growth = after_2000 - after_1000;
    if *after_1000 > MAX_RESIDENT_MIB {
        return Some(format!("{relay}: holds {after_1000:.1} MiB, more than {MAX_RESIDENT_MIB}."));
    }
    (growth > MAX_GROWTH_MIB).then(|| {
        format!("{relay}: the second thousand requests added {growth:.1} MiB, more than {MAX_GROWTH_MIB}.")
    })
}

fn large_peak(one: &Memory) -> Option<String> {
    let peak = one.large_peak.filter(|peak| *peak > MAX_LARGE_PEAK_MIB)?;
    Some(format!(
        "{}: holds {peak:.1} MiB for ten observables with 1,000 records each, more than {MAX_LARGE_PEAK_MIB}.",
        one.relay
    ))
}

fn large_zip(one: &Size) -> Option<String> {
    let Size { relay, zip, .. } = one;
    (*zip > MAX_ZIP_MB)
        .then(|| format!("{relay}: the zip has {zip:.2} MB, more than {MAX_ZIP_MB}."))
}

fn growing_cost(one: &Instructions) -> Option<String> {
    let growth = one.growth();
    (growth > MAX_GROWTH_OF_COST).then(|| {
        format!(
            "{}: a sighting among a thousand costs {growth:.2} times one among a hundred.",
            one.relay
        )
    })
}

/// Fewer instructions are reported too: they are worth a new reference.
fn changed_counts(one: &Instructions, expected: &[Instructions]) -> Vec<String> {
    let same = |it: &&Instructions| it.relay == one.relay && it.architecture == one.architecture;
    let Some(expected) = expected.iter().find(same) else { return Vec::new() };
    let pairs = one.counts.iter().zip(&expected.counts);
    let changed = pairs.filter_map(|(now, then)| {
        let change = now.instructions as f64 / then.instructions as f64 - 1.0;
        (change.abs() > MAX_CHANGE_OF_COUNT).then(|| {
            format!(
                "{}: {} records take {:+.0} % instructions; if that is intended, run .ci/bench --write.",
                one.relay, now.records, 100.0 * change
            )
        })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instructions for a sighting, in the committed counts: on another processor they may be a little
    /// more.
    const MAX_INSTRUCTIONS_EACH: f64 = 150_000.0;

    fn report(json: &str) -> Report {
        serde_json::from_str(json).unwrap()
    }

    fn exceeded(json: &str) -> Vec<String> {
        report(json).exceeded(&Report::default())
    }

    fn latency(warm: bool, delay_ms: u64, fastest_ms: f64) -> String {
        format!(
            r#"{{"latency":[{{"relay":"misp","warm":{warm},"observables":1,"delay_ms":{delay_ms},
                "calls":2,"at_once":1,"critical_path_ms":200.0,"fastest_ms":{fastest_ms},
                "median_ms":900.0}}]}}"#
        )
    }

    #[test]
    fn the_fastest_run_is_limited_at_the_long_delay() {
        assert!(exceeded(&latency(true, 100, 219.0)).is_empty());
        assert_eq!(exceeded(&latency(true, 100, 221.0)).len(), 1);
        assert!(exceeded(&latency(false, 100, 249.0)).is_empty());
        assert_eq!(exceeded(&latency(false, 100, 251.0)).len(), 1);
        assert!(exceeded(&latency(true, 50, 500.0)).is_empty());
    }

    #[test]
    fn start_memory_and_zip_are_limited() {
        let start = |next: f64| {
            let times = |it: f64| format!(r#"{{"fastest_ms":{it},"median_ms":99.0}}"#);
            let (next, other) = (times(next), times(2.0));
            exceeded(&format!(
                r#"{{"start":[{{"relay":"misp","next":{next},"baseline_next":{other},
                    "answer":{other},"baseline_answer":{other}}}]}}"#
            ))
        };
        assert!(start(3.0).is_empty());
        assert_eq!(start(3.1).len(), 1);
        let measured = |after_1000: f64, after_2000: f64, large_peak: f64| {
            exceeded(&format!(
                r#"{{"memory":[{{"relay":"misp","start":9.0,"after_1000":{after_1000},
                    "after_2000":{after_2000},"large_peak":{large_peak}}}]}}"#
            ))
        };
        assert_eq!(measured(9.0, 9.0, 64.1).len(), 1);
        let memory = |after_1000, after_2000| measured(after_1000, after_2000, 64.0);
        assert!(memory(29.0, 30.0).is_empty());
        assert_eq!(memory(30.1, 30.1).len(), 1);
        assert_eq!(memory(20.0, 21.1).len(), 1);
        let zip = |zip: f64| {
            exceeded(&format!(r#"{{"size":[{{"relay":"misp","binary":9.0,"zip":{zip}}}]}}"#))
        };
        assert!(zip(4.5).is_empty());
        assert_eq!(zip(4.501).len(), 1);
    }

    fn counted(architecture: &str, hundred: u64, thousand: u64) -> Report {
        let count = |records: usize, instructions: u64| {
            format!(
                r#"{{"records":{records},"sightings":{records},"instructions":{instructions}}}"#
            )
        };
        report(&format!(
            r#"{{"instructions":[{{"relay":"misp","architecture":"{architecture}","counts":[{},{}]}}]}}"#,
            count(100, hundred),
            count(1000, thousand)
        ))
    }

    #[test]
    fn counts_are_compared_with_those_of_the_same_processor() {
        let expected = counted("x86_64", 1000, 10_000);
        assert!(counted("x86_64", 1090, 9100).exceeded(&expected).is_empty());
        assert_eq!(counted("x86_64", 1110, 10_000).exceeded(&expected).len(), 1);
        assert_eq!(counted("x86_64", 1000, 8900).exceeded(&expected).len(), 1);
        assert!(counted("aarch64", 2000, 20_000).exceeded(&expected).is_empty());
        assert_eq!(counted("aarch64", 1000, 12_600).exceeded(&expected).len(), 1);
    }

    #[test]
    fn the_committed_measurements_keep_the_limits() {
        let measured = report(include_str!("../../../docs/performance/measured.json"));
        let counted = report(include_str!("../../../docs/performance/instructions.json"));
        assert_eq!(measured.exceeded(&Report::default()), [""; 0]);
        assert_eq!(counted.exceeded(&counted), [""; 0]);
        for one in &counted.instructions {
            assert!(
                one.counts.iter().all(|count| count.each() <= MAX_INSTRUCTIONS_EACH),
                "{one:?}"
            );
        }
    }
}
