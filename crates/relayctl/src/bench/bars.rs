//! The bars: what must hold on any machine, however busy. Only ratios, sizes and counts, and of
//! times the fastest of several runs.

use super::{
    instructions::Instructions, latency::Latency, memory::Memory, report::Report, size::Size,
    start::Start,
};

/// A warm request, against the critical path.
const WARM: f64 = 1.10;
/// The first request of a process, against the critical path with its login.
const COLD: f64 = 1.25;
/// The delay from which on the product's own time is what counts.
const LONG_DELAY_MS: u64 = 100;
/// The start of a relay, against the empty function's.
const START: f64 = 1.5;
/// Resident memory after a thousand requests, in MiB.
const RESIDENT: f64 = 30.0;
/// What the second thousand may add, in MiB: the allocator settles, a leak would not.
const GROWTH: f64 = 1.0;
/// A zip, in MB.
const ZIP: f64 = 4.5;
/// How far counts may be off: hash seeds and the sizes of reads move them by less than a tenth of
/// this, another compiler or library by less than this.
const INSTRUCTIONS: f64 = 0.10;
/// How much more a sighting may cost among a thousand than among a hundred.
const LINEARITY: f64 = 1.25;

impl Report {
    /// What does not hold, a sentence each.
    pub(super) fn missed(&self, expected: &Self) -> Vec<String> {
        let mut missed = Vec::new();
        missed.extend(self.latency.iter().filter_map(too_slow));
        missed.extend(self.start.iter().filter_map(starts_late));
        missed.extend(self.memory.iter().filter_map(too_much));
        missed.extend(self.size.iter().filter_map(too_large));
        for one in &self.instructions {
            missed.extend(not_linear(one));
            missed.extend(counts_off(one, &expected.instructions));
        }
        missed
    }
}

fn too_slow(one: &Latency) -> Option<String> {
    let ratio = one.ratios()?.fastest_ms;
    let (state, bar) = if one.warm { ("warm", WARM) } else { ("cold", COLD) };
    let Latency { relay, observables, delay_ms, .. } = one;
    (*delay_ms >= LONG_DELAY_MS && ratio > bar).then(|| {
        format!(
            "{relay}: {observables} observables, {state}: {ratio:.3} times the critical path, more than {bar}."
        )
    })
}

fn starts_late(one: &Start) -> Option<String> {
    let ratio = one.ratios().fastest_ms;
    (ratio > START).then(|| {
        format!(
            "{}: starts in {ratio:.2} times the empty function's time, more than {START}.",
            one.relay
        )
    })
}

fn too_much(one: &Memory) -> Option<String> {
    let Memory { relay, after_1000, after_2000, .. } = one;
    let growth = after_2000 - after_1000;
    if *after_1000 > RESIDENT {
        return Some(format!("{relay}: holds {after_1000:.1} MiB, more than {RESIDENT}."));
    }
    (growth > GROWTH).then(|| {
        format!("{relay}: the second thousand requests added {growth:.1} MiB, more than {GROWTH}.")
    })
}

fn too_large(one: &Size) -> Option<String> {
    let Size { relay, zip, .. } = one;
    (*zip > ZIP).then(|| format!("{relay}: the zip has {zip:.2} MB, more than {ZIP}."))
}

fn not_linear(one: &Instructions) -> Option<String> {
    let growth = one.growth();
    (growth > LINEARITY).then(|| {
        format!(
            "{}: a sighting among a thousand costs {growth:.2} times one among a hundred.",
            one.relay
        )
    })
}

/// Fewer instructions are worth a new reference as well as more.
fn counts_off(one: &Instructions, expected: &[Instructions]) -> Vec<String> {
    let same = |it: &&Instructions| it.relay == one.relay && it.architecture == one.architecture;
    let Some(expected) = expected.iter().find(same) else { return Vec::new() };
    let pairs = one.counts.iter().zip(&expected.counts);
    let off = pairs.filter_map(|(now, then)| {
        let change = now.instructions as f64 / then.instructions as f64 - 1.0;
        (change.abs() > INSTRUCTIONS).then(|| {
            format!(
                "{}: {} records take {:+.0} % instructions; where that is meant, run .ci/bench --write.",
                one.relay, now.records, 100.0 * change
            )
        })
    });
    off.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(json: &str) -> Report {
        serde_json::from_str(json).unwrap()
    }

    fn missed(json: &str) -> Vec<String> {
        report(json).missed(&Report::default())
    }

    fn latency(warm: bool, delay_ms: u64, fastest_ms: f64) -> String {
        format!(
            r#"{{"latency":[{{"relay":"misp","warm":{warm},"observables":1,"delay_ms":{delay_ms},
                "calls":2,"at_once":1,"critical_path_ms":200.0,"fastest_ms":{fastest_ms},
                "median_ms":900.0}}]}}"#
        )
    }

    #[test]
    fn the_fastest_run_counts_at_the_long_delay() {
        assert!(missed(&latency(true, 100, 219.0)).is_empty());
        assert_eq!(missed(&latency(true, 100, 221.0)).len(), 1);
        assert!(missed(&latency(false, 100, 249.0)).is_empty());
        assert_eq!(missed(&latency(false, 100, 251.0)).len(), 1);
        assert!(missed(&latency(true, 50, 500.0)).is_empty());
    }

    #[test]
    fn starts_memory_and_zips_have_bars() {
        let start = |next: f64| {
            let times = |it: f64| format!(r#"{{"fastest_ms":{it},"median_ms":99.0}}"#);
            let (next, other) = (times(next), times(2.0));
            missed(&format!(
                r#"{{"start":[{{"relay":"misp","next":{next},"empty_next":{other},
                    "answer":{other},"empty_answer":{other}}}]}}"#
            ))
        };
        assert!(start(3.0).is_empty());
        assert_eq!(start(3.1).len(), 1);
        let memory = |after_1000: f64, after_2000: f64| {
            missed(&format!(
                r#"{{"memory":[{{"relay":"misp","start":9.0,"after_1000":{after_1000},"after_2000":{after_2000}}}]}}"#
            ))
        };
        assert!(memory(29.0, 30.0).is_empty());
        assert_eq!(memory(30.1, 30.1).len(), 1);
        assert_eq!(memory(20.0, 21.1).len(), 1);
        let zip = |zip: f64| {
            missed(&format!(r#"{{"size":[{{"relay":"misp","binary":9.0,"zip":{zip}}}]}}"#))
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
    fn counts_are_held_against_those_of_the_same_processor() {
        let expected = counted("x86_64", 1000, 10_000);
        assert!(counted("x86_64", 1090, 9100).missed(&expected).is_empty());
        assert_eq!(counted("x86_64", 1110, 10_000).missed(&expected).len(), 1);
        assert_eq!(counted("x86_64", 1000, 8900).missed(&expected).len(), 1);
        assert!(counted("aarch64", 2000, 20_000).missed(&expected).is_empty());
        assert_eq!(counted("aarch64", 1000, 12_600).missed(&expected).len(), 1);
    }
}
