//! All measurements, and their tables.

use std::fmt::{Display, Formatter, Result};

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde::{Deserialize, Serialize};

use super::{
    cold::FirstAnswer, instructions::Instructions, latency::Latency, memory::Memory, size::Size,
    start::Start, times::Times,
};

/// The measurements; a part that was not measured is empty.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) latency: Vec<Latency>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) start: Vec<Start>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) memory: Vec<Memory>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) size: Vec<Size>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) instructions: Vec<Instructions>,
}

/// Tables, one below the other.
pub(crate) struct Tables(Vec<Table>);

impl Report {
    /// Adds another report's measurements.
    pub(crate) fn add(&mut self, other: Self) {
        self.latency.extend(other.latency);
        self.start.extend(other.start);
        self.memory.extend(other.memory);
        self.size.extend(other.size);
        self.instructions.extend(other.instructions);
    }

    /// Returns a table for each part that was measured.
    pub(crate) fn tables(&self) -> Tables {
        let tables =
            [self.latency(), self.start(), self.memory(), self.size(), self.instructions()];
        Tables(tables.into_iter().filter(|table| !table.is_empty()).collect())
    }

    fn latency(&self) -> Table {
        let header = [
            "observe",
            "",
            "Observables",
            "Delay ms",
            "Calls",
            "At once",
            "Critical path ms",
            "Fastest ms",
            "Median ms",
            "Fastest ratio",
            "Median ratio",
        ];
        filled(header, &self.latency, |one| {
            let ratios = one.ratios();
            let ratio =
                |figure: Option<f64>| figure.map_or("-".to_owned(), |it| format!("{it:.3}"));
            [
                one.relay.clone(),
                if one.warm { "warm" } else { "cold" }.to_owned(),
                one.observables.to_string(),
                one.delay_ms.to_string(),
                one.calls.to_string(),
                one.at_once.to_string(),
                one.critical_path_ms.map_or("-".to_owned(), |it| format!("{it:.0}")),
                format!("{:.2}", one.times.fastest_ms),
                format!("{:.2}", one.times.median_ms),
                ratio(ratios.map(|it| it.fastest_ms)),
                ratio(ratios.map(|it| it.median_ms)),
            ]
        })
    }

    fn start(&self) -> Table {
        let header = [
            "Start",
            "To /next ms, fastest",
            "Median",
            "Baseline, fastest",
            "Median",
            "Fastest ratio",
            "Median ratio",
            "To the first answer ms, fastest",
            "Median",
        ];
        filled(header, &self.start, |one| {
            let ratios = one.ratios();
            [
                one.relay.clone(),
                format!("{:.2}", one.next.fastest_ms),
                format!("{:.2}", one.next.median_ms),
                format!("{:.2}", one.baseline_next.fastest_ms),
                format!("{:.2}", one.baseline_next.median_ms),
                format!("{:.3}", ratios.fastest_ms),
                format!("{:.3}", ratios.median_ms),
                format!("{:.2}", one.answer.fastest_ms),
                format!("{:.2}", one.answer.median_ms),
            ]
        })
    }

    fn memory(&self) -> Table {
        let header = [
            "Resident MiB",
            "After the start",
            "After 1,000 requests",
            "After 2,000",
            "10 × 1,000 records, peak",
        ];
        filled(header, &self.memory, |one| {
            let figures =
                [Some(one.start), Some(one.after_1000), Some(one.after_2000), one.large_peak];
            let figure = |figure: Option<f64>| figure.map_or("-".into(), |it| format!("{it:.1}"));
            let [start, after_1000, after_2000, large_peak] = figures.map(figure);
            [one.relay.clone(), start, after_1000, after_2000, large_peak]
        })
    }

    fn size(&self) -> Table {
        filled(["Size", "Binary MB", "Zip MB"], &self.size, |one| {
            [one.relay.clone(), format!("{:.2}", one.binary), format!("{:.2}", one.zip)]
        })
    }

    fn instructions(&self) -> Table {
        let header = ["Instructions", "Records", "Sightings", "Million", "For each sighting"];
        let lines = self.instructions.iter();
        let lines: Vec<_> =
            lines.flat_map(|one| one.counts.iter().map(move |count| (one, count))).collect();
        filled(header, &lines, |(one, count)| {
            [
                one.relay.clone(),
                count.records.to_string(),
                count.sightings.to_string(),
                format!("{:.2}", count.instructions as f64 / 1e6),
                format!("{:.0}", count.each()),
            ]
        })
    }
}

/// Returns the table of first answers.
pub(super) fn first_answers(measured: &[FirstAnswer]) -> Table {
    let header = [
        "First answer",
        "Observables",
        "Round trip ms",
        "Servers",
        "Connections",
        "Handshakes",
        "Limit from the start ms",
        "Fastest ms",
        "Median ms",
        "Ratio",
        "Round trips",
        "Limit from the event ms",
        "Fastest ms",
        "Median ms",
        "Ratio",
    ];
    filled(header, measured, |one| {
        let times = |limit: f64, times: &Times| {
            let [fastest, median] = times.both().map(|time| format!("{time:.1}"));
            [format!("{limit:.0}"), fastest, median, format!("{:.3}", times.median_ms / limit)]
        };
        let [limit, fastest, median, ratio] = times(one.limit_from_start_ms(), &one.from_start);
        let of_event = times(one.limit_from_event_ms(), &one.from_event);
        let [event_limit, event_fastest, event_median, event_ratio] = of_event;
        [
            one.relay.clone(),
            one.observables.to_string(),
            one.round_trip_ms.to_string(),
            one.servers.to_string(),
            one.connections.to_string(),
            one.handshakes.to_string(),
            limit,
            fastest,
            median,
            ratio,
            one.round_trips().map_or("-".to_owned(), |trips| format!("{trips:.1}")),
            event_limit,
            event_fastest,
            event_median,
            event_ratio,
        ]
    })
}

fn filled<T, const N: usize>(
    header: [&str; N],
    lines: &[T],
    cells: impl Fn(&T) -> [String; N],
) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table.add_rows(lines.iter().map(cells));
    table
}

impl Display for Tables {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.iter().try_for_each(|table| writeln!(f, "{table}"))
    }
}
