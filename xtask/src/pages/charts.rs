//! The charts of docs/performance.md.

mod ratios;

use super::{
    GeneratedFile,
    svg::{Chart, Scale, WIDTH},
};
use crate::bench::{FirstAnswer, Latency, Report};
use ratios::{Ratios, Series};

/// Pixels that the names of the relays take, and that stay free on the right.
const LEFT: f64 = 176.0;
const RIGHT: f64 = 24.0;

/// The ratio of the median time to the critical path at the longest delay.
pub(super) fn latency(measured: &[Latency]) -> GeneratedFile {
    let longest = measured.iter().map(|line| line.delay_ms).max().unwrap_or_default();
    let rows = || measured.iter().filter(|line| line.delay_ms == longest);
    let of = |is_warm: bool| {
        let lines = rows().filter(move |line| line.warm == is_warm);
        lines.map(|line| {
            let ratio =
                line.critical_path_ms.map_or(f64::NAN, |least| line.times.median_ms / least);
            (line.relay.as_str(), ratio)
        })
    };
    let chart = Ratios {
        title: "How long observe takes, against the least that the product allows",
        subtitle: format!("Product calls of {longest} ms"),
        unit: "time measured ÷ critical path (medians; 1.00 is the physical limit)",
        label: "Ratio of measured time to critical path, for each relay",
        series: [
            Series::new("warm process", "limit for warm requests", 1.10, of(true)),
            Series::new("new process", "limit for cold requests", 1.25, of(false)),
        ],
    };
    file("latency.svg", chart.draw())
}

/// The ratio of the median time of first answers to the least, at the longest distance.
pub(super) fn first_answers(measured: &[FirstAnswer]) -> GeneratedFile {
    let longest = measured.iter().map(|line| line.round_trip_ms).max().unwrap_or_default();
    let rows = || measured.iter().filter(|line| line.round_trip_ms == longest);
    let delay = rows().map(|line| line.delay_ms).next().unwrap_or_default();
    let of_event = rows()
        .map(|line| (line.relay.as_str(), line.from_event.median_ms / line.limit_from_event_ms()));
    let of_start = rows()
        .map(|line| (line.relay.as_str(), line.from_start.median_ms / line.limit_from_start_ms()));
    let chart = Ratios {
        title: "How long a first answer takes over a network, against the least",
        subtitle: format!("Round trips of {longest} ms, product calls of {delay} ms"),
        unit: "time measured ÷ least time (medians; 1.00 is the physical limit)",
        label: "Ratio of the time of a first answer to the least, for each relay",
        series: [
            Series::new("event after the start", "limit", 1.15, of_event),
            Series::new("from the start of the process", "", 1.15, of_start),
        ],
    };
    file("first-answer.svg", chart.draw())
}

/// One of the charts side by side in cost.svg.
struct Column {
    title: &'static str,
    /// One figure for each relay.
    figures: Vec<f64>,
    limit: f64,
    ticks: [f64; 5],
    decimals: usize,
}

/// Start, memory and size of each relay side by side, each with its limit.
pub(super) fn cost(report: &Report) -> GeneratedFile {
    let (top, step, gap) = (84.0, 30.0, 26.0);
    let bottom = top + step * report.size.len() as f64;
    let width = (WIDTH - LEFT - RIGHT - 2.0 * gap) / 3.0;
    let mut chart = Chart::default();
    chart.text(LEFT, 26.0, "What a relay costs", "title");
    for (place, line) in report.size.iter().enumerate() {
        chart.text(LEFT - 14.0, top + step * (place as f64 + 0.5) + 4.0, &line.relay, "end");
    }
    for (place, column) in columns(report).into_iter().enumerate() {
        let left = LEFT + place as f64 * (width + gap);
        let scale = Scale { left, right: left + width, low: 0.0, high: column.ticks[4] };
        chart.text(left, top - 30.0, column.title, "small");
        chart.grid(&scale, column.ticks, [top, bottom], |tick| tick.to_string());
        for (place, figure) in column.figures.into_iter().enumerate() {
            let y = top + step * place as f64 + 7.0;
            chart.bar(left, y, scale.at(figure) - left);
            let decimals = column.decimals;
            chart.text(left + 6.0, y + 12.5, format!("{figure:.decimals$}"), "");
        }
        let x = scale.at(column.limit);
        chart.line([x, top - 8.0], [x, bottom], "cold limit");
        chart.text(x, top - 10.0, "limit", "cold mid");
    }
    file("cost.svg", chart.finish(bottom + 30.0, "Start, memory and size of each relay"))
}

fn columns(report: &Report) -> [Column; 3] {
    let starts = report.start.iter();
    [
        Column {
            title: "Start ÷ baseline function",
            figures: starts.map(|one| one.next.fastest_ms / one.baseline_next.fastest_ms).collect(),
            limit: 1.5,
            ticks: [0.0, 0.5, 1.0, 1.5, 2.0],
            decimals: 2,
        },
        Column {
            title: "Memory, MiB",
            figures: report.memory.iter().map(|line| line.after_1000).collect(),
            limit: 30.0,
            ticks: [0.0, 10.0, 20.0, 30.0, 40.0],
            decimals: 1,
        },
        Column {
            title: "Zip, MB",
            figures: report.size.iter().map(|line| line.zip).collect(),
            limit: 4.5,
            ticks: [0.0, 1.5, 3.0, 4.5, 6.0],
            decimals: 2,
        },
    ]
}

fn file(name: &str, content: String) -> GeneratedFile {
    GeneratedFile { path: format!("docs/performance/{name}").into(), content }
}
