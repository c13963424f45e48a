//! `cargo xtask bench`: what the deployed binaries cost, each in a process of its own under a stub
//! of Lambda's Runtime API and in front of its product's simulator.

mod cold;
mod deployed;
mod instructions;
mod large_response;
mod latency;
mod limits;
mod memory;
mod report;
mod size;
mod start;
mod times;

use std::{fs, path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum, builder::PossibleValuesParser};
use sandbox::Product;

use crate::Outcome;
use cold::Cold;
use deployed::DeployedRelay;

pub(crate) use cold::FirstAnswer;
pub(crate) use latency::Latency;
pub(crate) use report::Report;

/// How often a part that exceeds a limit is measured again.
const RETRIES: usize = 4;

/// Measures the deployed binaries: latency, start, memory, size, instructions.
///
/// The critical path of a call is the shortest time that it can take: the requests that depend on
/// each other, or as many rounds as all requests need within the product's limit on concurrent
/// requests, times the product's delay.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  cargo xtask bench --json > measured.json
  cargo xtask bench --relay misp --only latency --delays-ms 100
  cargo xtask bench cold --relay defender-atp --round-trips-ms 50
  cargo xtask bench --check --runs 3 --delays-ms 100"
)]
pub(crate) struct Bench {
    #[command(subcommand)]
    other: Option<Other>,
    /// The relay to measure; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = slugs())]
    relay: Option<String>,
    /// The folder with the relays' binaries, each under the relay's name; .ci/deploy builds them
    #[arg(long, value_name = "FOLDER", default_value = "target/ci/deployed")]
    binaries: PathBuf,
    /// The baseline function's binary; .ci/bench builds it
    #[arg(long, value_name = "FILE", default_value = "target/lambda/baseline-function/bootstrap")]
    baseline: PathBuf,
    /// What to measure; everything when it is left out
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each call is measured; starts are measured ten times as often
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// How long the simulated product takes for each request
    #[arg(long, value_name = "MS", value_delimiter = ',', default_value = "0,50,100")]
    delays_ms: Vec<u64>,
    /// Compare with the limits, by ratios and counts alone, and fail where one is exceeded
    #[arg(long)]
    check: bool,
    /// The instruction counts to compare with
    #[arg(long, value_name = "FILE", default_value = "docs/performance/instructions.json")]
    reference: PathBuf,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// What is measured by itself.
#[derive(Subcommand)]
enum Other {
    Cold(Cold),
}

fn slugs() -> PossibleValuesParser {
    PossibleValuesParser::new(Product::ALL.map(Product::slug))
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The duration of `observe`, against the critical path
    Latency,
    /// From the start of the process to its first request for an event, and to its first answer
    Start,
    /// Resident memory after the start and after many calls
    Memory,
    /// The binary, and the zip that is deployed
    Size,
    /// Instructions for each sighting of a large answer, counted by valgrind
    Instructions,
}

/// One measurement, which is repeated as a whole where it exceeds a limit.
#[derive(Clone, Copy)]
enum Measurement {
    Size,
    Start,
    Memory,
    Instructions,
    Latency { delay: Duration, observables: usize },
}

impl Measurement {
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
    /// Measures and prints.
    ///
    /// # Errors
    ///
    /// What cannot be measured; with `--check` the limits that are exceeded, one a line.
    pub(crate) fn run(&self) -> Outcome {
        if let Some(Other::Cold(cold)) = &self.other {
            return cold.run();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let expected = self.expected()?;
        let report = runtime.block_on(self.report(&expected))?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{}", report.tables());
        }
        if !self.check {
            return Ok(());
        }
        let exceeded = report.exceeded(&expected);
        if !exceeded.is_empty() {
            return Err(exceeded.join("\n").into());
        }
        eprintln!("All limits are kept.");
        Ok(())
    }

    async fn report(&self, expected: &Report) -> Outcome<Report> {
        let mut report = Report::default();
        for product in self.products() {
            eprintln!("Measuring {}", product.slug());
            let relay = DeployedRelay::new(product, &self.binaries)?;
            for measurement in self.measurements() {
                report.add(self.measure(&relay, measurement, expected).await?);
            }
        }
        Ok(report)
    }

    fn products(&self) -> impl Iterator<Item = Product> {
        let is_meant =
            |product: &Product| self.relay.as_deref().is_none_or(|relay| relay == product.slug());
        Product::ALL.into_iter().filter(is_meant)
    }

    /// What is measured of each relay, in this order.
    fn measurements(&self) -> Vec<Measurement> {
        use Measurement::{Instructions, Latency, Memory, Size, Start};

        let mut measurements = vec![Size, Start, Memory, Instructions];
        for delay in &self.delays_ms {
            let delay = Duration::from_millis(*delay);
            measurements.extend(latency::SIZES.map(|observables| Latency { delay, observables }));
        }
        measurements.retain(|measurement| self.includes(measurement.part()));
        measurements
    }

    /// Measures once; to check limits again a few times, since a busy machine is no defect.
    async fn measure(
        &self,
        relay: &DeployedRelay,
        measurement: Measurement,
        expected: &Report,
    ) -> Outcome<Report> {
        let mut report = self.measure_once(relay, measurement).await?;
        for _ in 0..RETRIES {
            if !self.check || report.exceeded(expected).is_empty() {
                break;
            }
            report = self.measure_once(relay, measurement).await?;
        }
        Ok(report)
    }

    async fn measure_once(
        &self,
        relay: &DeployedRelay,
        measurement: Measurement,
    ) -> Outcome<Report> {
        let runs = self.runs.max(1);
        let mut report = Report::default();
        match measurement {
            Measurement::Size => report.size.push(size::measure(relay)?),
            Measurement::Start => {
                report.start.push(start::measure(relay, &self.baseline, 10 * runs).await?);
            }
            Measurement::Memory => report.memory.push(memory::measure(relay).await?),
            Measurement::Instructions => {
                report.instructions.extend(instructions::measure(relay).await?);
            }
            Measurement::Latency { delay, observables } => {
                report.latency.extend(latency::measure(relay, observables, delay, runs).await?);
            }
        }
        Ok(report)
    }

    fn includes(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The instruction counts to compare with; none where nothing is compared.
    fn expected(&self) -> Outcome<Report> {
        if !self.check || !self.includes(Part::Instructions) {
            return Ok(Report::default());
        }
        let file = self.reference.display();
        let text = fs::read_to_string(&self.reference);
        let text = text.map_err(|error| format!("{file} cannot be read: {error}"))?;
        Ok(serde_json::from_str(&text)
            .map_err(|error| format!("{file} cannot be read: {error}"))?)
    }
}
