//! `relayctl bench`: how long a warm relay takes, against the least that its product allows.

use std::time::Duration;

use clap::Args;
use comfy_table::Table;
use relay_core::route::Route;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    catalog::{self, Entry},
    failure::Outcome,
    observable::Asked,
    table,
    terminal::{Screen, progress},
};

/// How many observables are asked about in one request.
const SIZES: [usize; 3] = [1, 10, 50];

/// Measures warm `observe` requests against imitations that answer with a delay.
///
/// The critical path is the least that it can take: the calls that have to wait for each other, or
/// as many rounds as all calls need side by side within the product's limits, times the delay. The
/// ratio of what was measured to it is what a relay is judged by.
#[derive(Args)]
#[command(after_help = "Example:
  cargo run --release -p relayctl -- bench --delay-ms 100")]
pub(crate) struct Bench {
    /// The relay to measure; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = catalog::names())]
    relay: Option<String>,
    /// How long the imitated product takes for each call
    #[arg(long, default_value_t = 100)]
    delay_ms: u64,
    /// How often each request is measured; the median counts
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

/// One line of the result.
#[derive(Serialize)]
struct Measured {
    relay: &'static str,
    observables: usize,
    product_calls: usize,
    at_once: usize,
    critical_path_ms: f64,
    median_ms: f64,
    ratio: f64,
}

impl Bench {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let relays = catalog::chosen(self.relay.as_deref())?;
        let bar = progress::steps("Measuring", relays.len() * SIZES.len());
        let mut results = Vec::new();
        for entry in relays {
            for observables in SIZES {
                results.push(self.measure(entry, observables).await?);
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        screen.show(&results, listed(&results))
    }

    async fn measure(&self, entry: &Entry, observables: usize) -> Outcome<Measured> {
        let sandbox = entry.sandbox().await?;
        let relay = entry.local(&sandbox).await?;
        let asked = padded(entry.observables(), observables);
        relay.ask(Route::Observe, &asked).await;
        sandbox.delay(Duration::from_millis(self.delay_ms));
        let mut times = Vec::new();
        for _ in 0..self.runs.max(1) {
            sandbox.forget_calls();
            let started = Instant::now();
            relay.ask(Route::Observe, &asked).await;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let median_ms = times[times.len() / 2];
        let product_calls = sandbox.calls().len();
        let rounds = entry.depth.max(product_calls.div_ceil(entry.at_once));
        let critical_path_ms = (rounds as u64 * self.delay_ms) as f64;
        Ok(Measured {
            relay: entry.slug(),
            observables,
            product_calls,
            at_once: sandbox.peak_concurrency(),
            critical_path_ms,
            median_ms,
            ratio: median_ms / critical_path_ms,
        })
    }
}

/// The first `count` observables, with unknown domains behind the known ones.
fn padded(mut known: Vec<Asked>, count: usize) -> Vec<Asked> {
    known.truncate(count);
    let unknown =
        |n: usize| Asked { kind: "domain".to_owned(), value: format!("host-{n}.example") };
    known.extend((known.len()..count).map(unknown));
    known
}

fn listed(results: &[Measured]) -> Table {
    let mut table = table::plain();
    table.set_header([
        "Relay",
        "Observables",
        "Calls",
        "At once",
        "Critical path ms",
        "Median ms",
        "Ratio",
    ]);
    for one in results {
        table.add_row([
            one.relay.to_owned(),
            one.observables.to_string(),
            one.product_calls.to_string(),
            one.at_once.to_string(),
            format!("{:.0}", one.critical_path_ms),
            format!("{:.1}", one.median_ms),
            format!("{:.3}", one.ratio),
        ]);
    }
    table
}
