//! A chart of ratios to a limit: for each relay two rows of circles, one circle for each number of observables.

use super::{LEFT, RIGHT};
use crate::pages::svg::{Chart, Scale, WIDTH};

/// Radius of a circle for each number of observables, in the order of the measurements.
const RADII: [u32; 3] = [3, 5, 7];
const TOP: f64 = 120.0;
const ROW_HEIGHT: f64 = 50.0;
/// The colours of the two series, and the distance of each from the middle of a relay's row.
const STYLES: [(&str, f64); 2] = [("warm", -11.0), ("cold", 11.0)];

pub(super) struct Ratios {
    pub(super) title: &'static str,
    pub(super) subtitle: String,
    /// What the scale says.
    pub(super) unit: &'static str,
    /// What stands in for the chart where it cannot be seen.
    pub(super) label: &'static str,
    /// The upper row of each relay, then the lower one.
    pub(super) series: [Series; 2],
}

pub(super) struct Series {
    name: &'static str,
    /// What stands above the line of the limit; empty where both series have the same.
    limit_name: &'static str,
    limit: f64,
    /// Relays in their order, with their ratios.
    relays: Vec<(String, Vec<f64>)>,
}

impl Series {
    /// Takes the ratios of each relay, which follow each other.
    pub(super) fn new<'a>(
        name: &'static str,
        limit_name: &'static str,
        limit: f64,
        ratios: impl Iterator<Item = (&'a str, f64)>,
    ) -> Self {
        let mut relays: Vec<(String, Vec<f64>)> = Vec::new();
        for (relay, ratio) in ratios {
            match relays.last_mut() {
                Some((last, known)) if last == relay => known.push(ratio),
                _ => relays.push((relay.to_owned(), vec![ratio])),
            }
        }
        Self { name, limit_name, limit, relays }
    }

    fn draw(&self, chart: &mut Chart, scale: &Scale, (style, offset): (&str, f64)) {
        for (place, (_, ratios)) in self.relays.iter().enumerate() {
            let y = middle(place) + offset;
            let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = ratios.iter().copied().fold(0.0, f64::max);
            chart.line([scale.at(lowest), y], [scale.at(highest), y], &format!("{style} range"));
            for (ratio, radius) in ratios.iter().zip(RADII) {
                chart.circle(scale.at(*ratio), y, radius, &format!("{style} hollow"));
            }
        }
    }
}

impl Ratios {
    pub(super) fn draw(&self) -> String {
        let [upper, _] = &self.series;
        let bottom = TOP + ROW_HEIGHT * upper.relays.len() as f64;
        let mut chart = Chart::default();
        let scale = self.grid(&mut chart, bottom);
        for (series, style) in self.series.iter().zip(STYLES) {
            let x = scale.at(series.limit);
            if !series.limit_name.is_empty() {
                chart.line([x, TOP - 8.0], [x, bottom], &format!("{} limit", style.0));
                chart.text(x, TOP - 14.0, series.limit_name, &format!("{} mid", style.0));
            }
            series.draw(&mut chart, &scale, style);
        }
        for (place, (relay, _)) in upper.relays.iter().enumerate() {
            chart.text(LEFT - 14.0, middle(place) + 4.0, relay, "end");
            if place > 0 {
                let y = middle(place) - ROW_HEIGHT / 2.0;
                chart.line([LEFT, y], [WIDTH - RIGHT, y], "grid");
            }
        }
        self.captions(&mut chart, bottom);
        chart.finish(bottom + 56.0, self.label)
    }

    /// Draws the scale, which holds 1, the limits and all ratios, in steps of 0.05, or of 0.1 where they are far
    /// apart.
    fn grid(&self, chart: &mut Chart, bottom: f64) -> Scale {
        let relays = self.series.iter().flat_map(|series| &series.relays);
        // The name of a limit needs room on both sides.
        let limits = self.series.iter().map(|series| series.limit + 0.05);
        let shown: Vec<_> =
            relays.flat_map(|(_, ratios)| ratios).copied().chain(limits).chain([1.0]).collect();
        let lowest = shown.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = shown.iter().copied().fold(0.0, f64::max);
        let step = if highest - lowest > 0.5 { 0.1 } else { 0.05 };
        let steps = (lowest / step).floor() as u32..=(highest / step).ceil() as u32;
        let ticks = || steps.clone().map(|tick| f64::from(tick) * step);
        let [low, high] = [*steps.start(), *steps.end()].map(|tick| f64::from(tick) * step);
        let scale = Scale { left: LEFT, right: WIDTH - RIGHT, low, high };
        chart.grid(&scale, ticks(), [TOP, bottom], |tick| format!("{tick:.2}"));
        scale
    }

    fn captions(&self, chart: &mut Chart, bottom: f64) {
        chart.text(LEFT, 26.0, self.title, "title");
        let circles = "small to large circles: 1, 10, 50 observables";
        chart.text(LEFT, 48.0, format!("{}; {circles}", self.subtitle), "small");
        chart.text(LEFT, bottom + 42.0, self.unit, "small");
        let mut x = LEFT;
        for (series, (style, _)) in self.series.iter().zip(STYLES) {
            chart.text(x, 72.0, format!("● {}", series.name), style);
            x += 40.0 + 7.0 * series.name.len() as f64;
        }
    }
}

/// The middle of a relay's row.
fn middle(place: usize) -> f64 {
    TOP + ROW_HEIGHT * (place as f64 + 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relay_has_a_row_and_every_ratio_a_circle() {
        let ratios = [("graph-security", 0.87), ("graph-security", 1.31), ("misp", 1.11)];
        let series = |name| Series::new(name, "limit", 1.15, ratios.into_iter());
        let chart = Ratios {
            title: "Title",
            subtitle: "Subtitle".to_owned(),
            unit: "unit",
            label: "label",
            series: [series("upper"), series("lower")],
        };
        let drawn = chart.draw();
        assert_eq!(drawn.matches("<circle").count(), 6);
        for text in [">graph-security<", ">misp<", ">0.85<", ">1.35<", "● lower"] {
            assert!(drawn.contains(text), "{text} is not in {drawn}");
        }
    }
}
