//! The tables of docs/performance.md and docs/cost.md, from what was measured below docs/performance.

use std::{fs, path::Path};

use super::{
    GeneratedFile,
    table::{Align, fill, markdown},
};
use crate::{
    Outcome,
    bench::{FirstAnswer, Latency, Report},
};

const PAGE: &str = "docs/performance.md";
const COST_PAGE: &str = "docs/cost.md";
/// The memory that brings a whole processor. Source: AWS Lambda developer guide, "Configure Lambda function memory".
const WHOLE_PROCESSOR_MB: f64 = 1769.0;
/// The price of a second with a gigabyte on arm64, in dollars. Source: AWS Lambda's price list, eu-west-1.
const GB_SECOND: f64 = 0.000_013_333_4;

/// Reads everything that was measured.
pub(super) fn report(root: &Path) -> Outcome<Report> {
    let folder = root.join("docs/performance");
    let mut report = Report::default();
    for file in ["measured.json", "instructions.json"] {
        report.add(serde_json::from_str(&fs::read_to_string(folder.join(file))?)?);
    }
    Ok(report)
}

/// Reads the first answers of one of the files.
pub(super) fn first_answers(root: &Path, file: &str) -> Outcome<Vec<FirstAnswer>> {
    let path = root.join("docs/performance").join(file);
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// Returns the page with its tables.
pub(super) fn page(
    root: &Path,
    report: &Report,
    first_answers: &[FirstAnswer],
) -> Outcome<GeneratedFile> {
    let page = fs::read_to_string(root.join(PAGE))?;
    let content = fill(&page, |name| {
        Ok(match name {
            "latency-100" => against_critical_path(report, 100),
            "latency-50" => against_critical_path(report, 50),
            "latency-0" => own_time(report),
            "first-answer" => over_a_network(first_answers),
            "start" => start(report),
            "memory" => memory(report),
            "size" => size(report),
            "instructions" => instructions(report),
            _ => return Err(format!("{PAGE}: there is no table {name}").into()),
        })
    })?;
    Ok(GeneratedFile { path: PAGE.into(), content })
}

/// Returns the page about the cost with its table.
pub(super) fn cost(root: &Path) -> Outcome<GeneratedFile> {
    let sizes = first_answers(root, "memory-sizes.json")?;
    let page = fs::read_to_string(root.join(COST_PAGE))?;
    let content = fill(&page, |name| match name {
        "memory-sizes" => Ok(by_memory(&sizes)),
        _ => Err(format!("{COST_PAGE}: there is no table {name}").into()),
    })?;
    Ok(GeneratedFile { path: COST_PAGE.into(), content })
}

/// First answers at the longest distance, against the least.
fn over_a_network(measured: &[FirstAnswer]) -> String {
    let header = [
        "relay",
        "observables",
        "connections",
        "handshakes",
        "least from the start ms",
        "median ms",
        "ratio",
        "least from an event ms",
        "median ms",
        "ratio",
    ];
    let longest = measured.iter().map(|line| line.round_trip_ms).max();
    let rows = measured.iter().filter(|line| Some(line.round_trip_ms) == longest).map(|line| {
        let counts = [line.observables, line.connections, line.handshakes];
        let mut row = vec![line.relay.clone()];
        row.extend(counts.map(|count| count.to_string()));
        for (least, times) in [
            (line.limit_from_start_ms(), line.from_start),
            (line.limit_from_event_ms(), line.from_event),
        ] {
            row.push(format!("{least:.0}"));
            row.push(format!("{:.1}", times.median_ms));
            row.push(format!("{:.3}", times.median_ms / least));
        }
        row
    });
    markdown(&header, Align::Right, rows)
}

/// What each size of a function costs, and how soon each relay gives its first answer with it.
fn by_memory(measured: &[FirstAnswer]) -> String {
    let mut relays: Vec<_> = measured.iter().map(|line| line.relay.as_str()).collect();
    relays.sort_unstable();
    relays.dedup();
    let mut sizes: Vec<_> = measured.iter().filter_map(|line| line.memory_mb).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let header = ["memory MB", "share of a processor", "USD per million requests"];
    let header: Vec<_> = header.into_iter().chain(relays.iter().copied()).collect();
    let rows = sizes.into_iter().map(|size| {
        let share = 100.0 * size as f64 / WHOLE_PROCESSOR_MB;
        let price = 0.5 * 1e6 * GB_SECOND * size as f64 / 1024.0;
        let mut row = vec![with_thousands(size), format!("{share:.0} %"), format!("{price:.2}")];
        for relay in &relays {
            let of = |line: &&FirstAnswer| line.relay == *relay && line.memory_mb == Some(size);
            let line = measured.iter().find(of);
            row.push(
                line.map_or_else(String::new, |line| format!("{:.0}", line.from_start.median_ms)),
            );
        }
        row
    });
    markdown(&header, Align::Right, rows)
}

/// The warm and the cold measurement of each relay and number of observables.
fn pairs(report: &Report, delay_ms: u64) -> impl Iterator<Item = [&Latency; 2]> {
    let of = move |is_warm: bool| {
        let lines = report.latency.iter();
        lines.filter(move |line| line.delay_ms == delay_ms && line.warm == is_warm)
    };
    of(true).zip(of(false)).map(|(warm, cold)| [warm, cold])
}

fn against_critical_path(report: &Report, delay_ms: u64) -> String {
    let header = [
        "relay",
        "observables",
        "calls",
        "critical path ms",
        "warm ms",
        "fastest ratio",
        "median ratio",
        "critical path, cold ms",
        "cold ms",
        "fastest ratio",
        "median ratio",
    ];
    let rows = pairs(report, delay_ms).map(|[warm, cold]| {
        let mut row =
            vec![warm.relay.clone(), warm.observables.to_string(), warm.calls.to_string()];
        for line in [warm, cold] {
            let least = line.critical_path_ms.unwrap_or(f64::NAN);
            row.push(format!("{least:.0}"));
            row.push(format!("{:.1}", line.times.median_ms));
            row.push(format!("{:.3}", line.times.fastest_ms / least));
            row.push(format!("{:.3}", line.times.median_ms / least));
        }
        row
    });
    markdown(&header, Align::Right, rows)
}

fn own_time(report: &Report) -> String {
    let header = [
        "relay",
        "observables",
        "calls, warm",
        "warm ms, fastest",
        "median",
        "calls, cold",
        "cold ms, fastest",
        "median",
    ];
    let rows = pairs(report, 0).map(|[warm, cold]| {
        let mut row = vec![warm.relay.clone(), warm.observables.to_string()];
        for line in [warm, cold] {
            row.push(line.calls.to_string());
            row.extend(line.times.both().map(|time| format!("{time:.2}")));
        }
        row
    });
    markdown(&header, Align::Right, rows)
}

fn start(report: &Report) -> String {
    let header = [
        "relay",
        "to `/next` ms, fastest",
        "median",
        "empty ms, fastest",
        "median",
        "fastest ratio",
        "median ratio",
        "to the first answer ms, fastest",
        "median",
    ];
    let rows = report.start.iter().map(|line| {
        let ratios = [
            line.next.fastest_ms / line.baseline_next.fastest_ms,
            line.next.median_ms / line.baseline_next.median_ms,
        ];
        let figures = [line.next.both(), line.baseline_next.both(), ratios, line.answer.both()];
        let figures = figures.into_iter().flatten().map(|figure| format!("{figure:.2}"));
        std::iter::once(line.relay.clone()).chain(figures).collect()
    });
    markdown(&header, Align::Right, rows)
}

fn memory(report: &Report) -> String {
    let mut header = vec!["relay", "after the start, MiB", "after 1,000 requests", "after 2,000"];
    if report.memory.iter().any(|line| line.large_peak.is_some()) {
        header.push("ten observables × 1,000 records, peak");
    }
    let rows = report.memory.iter().map(|line| {
        let figures = [line.start, line.after_1000, line.after_2000];
        let figures = figures.into_iter().chain(line.large_peak);
        let figures = figures.map(|figure| format!("{figure:.1}"));
        std::iter::once(line.relay.clone()).chain(figures).collect()
    });
    markdown(&header, Align::Right, rows)
}

fn size(report: &Report) -> String {
    let rows = report.size.iter().map(|line| {
        vec![line.relay.clone(), format!("{:.2}", line.binary), format!("{:.2}", line.zip)]
    });
    markdown(&["relay", "binary MB", "zip MB"], Align::Right, rows)
}

fn instructions(report: &Report) -> String {
    let header = ["relay", "records", "sightings", "million instructions", "for each sighting"];
    let lines = report.instructions.iter();
    let rows = lines.flat_map(|line| line.counts.iter().map(move |count| (line, count)));
    let rows = rows.map(|(line, count)| {
        vec![
            line.relay.clone(),
            with_thousands(count.records as u64),
            with_thousands(count.sightings as u64),
            format!("{:.1}", count.instructions as f64 / 1e6),
            with_thousands(count.each().round() as u64),
        ]
    });
    markdown(&header, Align::Right, rows)
}

/// A number with a comma before every third digit from the end.
fn with_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(with_thousands(number), text);
        }
    }
}
