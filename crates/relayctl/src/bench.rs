//! `relayctl bench`: what the built relays cost, under an imitation of Lambda and before imitated
//! products.

mod bars;
mod deployed;
mod instructions;
mod latency;
mod memory;
mod multiplied;
mod report;
mod size;
mod start;
mod times;

use std::{fs, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    catalog,
    failure::{Failure, Outcome},
    terminal::{Screen, notice, progress},
};
use deployed::Built;
use report::Report;

/// How often a piece that missed a bar is measured again.
const AGAIN: usize = 4;

/// Measures built relays: latency, start, memory, size, instructions.
///
/// Each relay runs as it does on Lambda, as a process of its own that asks an imitated Runtime API
/// for its events. The critical path of a request is the least that it can take: the calls that
/// have to wait for each other, or as many rounds as all calls need side by side within the
/// product's limits, times the product's delay.
#[derive(Args)]
#[command(after_help = "Examples:
  cargo run --release -p relayctl -- bench --json > measured.json
  cargo run --release -p relayctl -- bench --relay misp --only latency --delays-ms 100
  cargo run --release -p relayctl -- bench --check --runs 3 --delays-ms 100")]
pub(crate) struct Bench {
    /// The relay to measure; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = catalog::names())]
    relay: Option<String>,
    /// Where the relays' release binaries are, each under the relay's name; .ci/deploy makes them
    #[arg(long, value_name = "FOLDER", default_value = "target/ci/deployed")]
    binaries: PathBuf,
    /// The function that does nothing; `.ci/bench` builds it
    #[arg(long, value_name = "FILE", default_value = "target/lambda/baseline-function/bootstrap")]
    empty: PathBuf,
    /// What to measure; everything when it is left out
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each request is measured; starts are measured ten times as often
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// How long the imitated product takes for each call
    #[arg(long, value_name = "MS", value_delimiter = ',', default_value = "0,50,100")]
    delays_ms: Vec<u64>,
    /// Compare with the bars, by ratios and counts alone, and fail where one is missed
    #[arg(long)]
    check: bool,
    /// The instruction counts to compare with
    #[arg(long, value_name = "FILE", default_value = "docs/performance/instructions.json")]
    reference: PathBuf,
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// How long `observe` takes, against the critical path
    Latency,
    /// From the start of the process to its first question for an event, and to its first answer
    Start,
    /// What the process holds after its start and after many requests
    Memory,
    /// The binary, and the zip that is deployed
    Size,
    /// Instructions for each sighting of a large answer, counted by valgrind
    Instructions,
}

/// What is measured, and measured again, at one go.
#[derive(Clone, Copy)]
enum Piece {
    Size,
    Start,
    Memory,
    Instructions,
    Latency { delay: Duration, observables: usize },
}

impl Piece {
    fn part(self) -> Part {
        match self {
            Self::Size => Part::Size,
            Self::Start => Part::Start,
            Self::Memory => Part::Memory,
            Self::Instructions => Part::Instructions,
            Self::Latency { .. } => Part::Latency,
        }
    }
}

impl Bench {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let expected = self.expected()?;
        let report = self.report(&expected).await?;
        screen.show(&report, report.tables())?;
        if !self.check {
            return Ok(());
        }
        let missed = report.missed(&expected);
        if missed.is_empty() {
            notice("All bars are met.");
            return Ok(());
        }
        Err(Failure::Refused(missed.join("\n")))
    }

    async fn report(&self, expected: &Report) -> Outcome<Report> {
        let relays = catalog::chosen(self.relay.as_deref())?;
        let pieces = self.pieces();
        let mut report = Report::default();
        let bar = progress::steps("Measuring", relays.len() * pieces.len());
        for entry in relays {
            let built = Built::of(entry, &self.binaries)?;
            for piece in &pieces {
                report.add(self.measure(&built, *piece, expected).await?);
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        Ok(report)
    }

    /// What is measured of each relay, in this order.
    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = vec![Piece::Size, Piece::Start, Piece::Memory, Piece::Instructions];
        for delay in &self.delays_ms {
            let delay = Duration::from_millis(*delay);
            pieces.extend(latency::SIZES.map(|observables| Piece::Latency { delay, observables }));
        }
        pieces.retain(|piece| self.wants(piece.part()));
        pieces
    }

    /// One piece; where a bar is to be held, again a few times: a busy machine is no defect.
    async fn measure(&self, built: &Built<'_>, piece: Piece, expected: &Report) -> Outcome<Report> {
        let mut report = self.once(built, piece).await?;
        for _ in 0..AGAIN {
            if !self.check || report.missed(expected).is_empty() {
                break;
            }
            report = self.once(built, piece).await?;
        }
        Ok(report)
    }

    async fn once(&self, built: &Built<'_>, piece: Piece) -> Outcome<Report> {
        let runs = self.runs.max(1);
        let mut report = Report::default();
        match piece {
            Piece::Size => report.size.push(size::measure(built)?),
            Piece::Start => report.start.push(start::measure(built, &self.empty, 10 * runs).await?),
            Piece::Memory => report.memory.push(memory::measure(built).await?),
            Piece::Instructions => report.instructions.extend(instructions::measure(built).await?),
            Piece::Latency { delay, observables } => {
                report.latency.extend(latency::measure(built, observables, delay, runs).await?);
            }
        }
        Ok(report)
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The counts to compare with; none where they are not wanted.
    fn expected(&self) -> Outcome<Report> {
        if !self.check || !self.wants(Part::Instructions) {
            return Ok(Report::default());
        }
        let unusable = |reason: String| {
            Failure::Usage(format!("{} cannot be read: {reason}.", self.reference.display()))
        };
        let text = fs::read_to_string(&self.reference).map_err(|it| unusable(it.to_string()))?;
        serde_json::from_str(&text).map_err(|it| unusable(it.to_string()))
    }
}
