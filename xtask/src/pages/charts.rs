//! The charts of docs/performance.md.

use super::{
    GeneratedFile,
    svg::{Chart, Scale, WIDTH},
};
use crate::bench::{Latency, Report};

/// Pixels that the names of the relays take, and that stay free on the right.
const LEFT: f64 = 176.0;
const RIGHT: f64 = 24.0;

/// Radius of a circle for each number of observables, in the order of the measurements.
const RADII: [u32; 3] = [3, 5, 7];

/// The ratio of the median time to the critical path at the longest delay: one row for each relay,
/// warm above cold.
pub(super) fn latency(measured: &[Latency]) -> GeneratedFile {
    let longest = measured.iter().map(|line| line.delay_ms).max().unwrap_or_default();
    let rows: Vec<_> = measured.iter().filter(|line| line.delay_ms == longest).collect();
    let mut relays: Vec<_> = rows.iter().map(|line| line.relay.as_str()).collect();
    relays.dedup();
    let (top, step) = (120.0, 50.0);
    let bottom = top + step * relays.len() as f64;
    let worst = rows.iter().map(|line| median_ratio(line)).fold(1.0, f64::max);
    let steps = (20.0 * (worst - 1.0)).ceil().max(6.0) as u32;
    let ticks: Vec<_> = (0..=steps).map(|step| 1.0 + f64::from(step) / 20.0).collect();
    let high = 1.0 + f64::from(steps) / 20.0;
    let scale = Scale { left: LEFT, right: WIDTH - RIGHT, low: 1.0, high };
    let mut chart = Chart::default();
    chart.grid(&scale, ticks, [top, bottom], |tick| format!("{tick:.2}"));
    for (kind, limit) in [("warm", 1.10), ("cold", 1.25)] {
        let x = scale.at(limit);
        chart.line([x, top - 8.0], [x, bottom], &format!("{kind} limit"));
        chart.text(x, top - 14.0, format!("limit for {kind} requests"), &format!("{kind} mid"));
    }
    for (place, relay) in relays.iter().enumerate() {
        let middle = top + step * (place as f64 + 0.5);
        chart.text(LEFT - 14.0, middle + 4.0, relay, "end");
        if place > 0 {
            let y = middle - step / 2.0;
            chart.line([LEFT, y], [WIDTH - RIGHT, y], "grid");
        }
        for (kind, y) in [("warm", middle - 11.0), ("cold", middle + 11.0)] {
            let own = rows.iter().filter(|line| line.relay == *relay);
            let own = own.filter(|line| line.warm == (kind == "warm"));
            let ratios: Vec<_> = own.map(|line| median_ratio(line)).collect();
            ratios_of_relay(&mut chart, &scale, &ratios, y, kind);
        }
    }
    latency_captions(&mut chart, longest, bottom);
    let label = "Ratio of measured time to critical path, for each relay";
    file("latency.svg", chart.finish(bottom + 56.0, label))
}

fn ratios_of_relay(chart: &mut Chart, scale: &Scale, ratios: &[f64], y: f64, kind: &str) {
    let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = ratios.iter().copied().fold(0.0, f64::max);
    chart.line([scale.at(lowest), y], [scale.at(highest), y], &format!("{kind} range"));
    for (ratio, radius) in ratios.iter().zip(RADII) {
        chart.circle(scale.at(*ratio), y, radius, &format!("{kind} hollow"));
    }
}

fn latency_captions(chart: &mut Chart, longest: u64, bottom: f64) {
    let title = "How long observe takes, against the least that the product allows";
    chart.text(LEFT, 26.0, title, "title");
    let circles =
        format!("Product calls of {longest} ms; small to large circles: 1, 10, 50 observables");
    chart.text(LEFT, 48.0, circles, "small");
    let unit = "time measured ÷ critical path (medians; 1.00 is the physical limit)";
    chart.text(LEFT, bottom + 42.0, unit, "small");
    chart.text(LEFT, 72.0, "● warm process", "warm");
    chart.text(LEFT + 130.0, 72.0, "● new process", "cold");
}

fn median_ratio(line: &Latency) -> f64 {
    line.critical_path_ms.map_or(f64::NAN, |least| line.times.median_ms / least)
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
