//! `cargo xtask bench cold`: the first answer of a process whose product is far away, behind TLS 1.3
//! and HTTP/2: time, connections and round trips against the limit.

mod quota;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use sandbox::{Product, Sandbox};
use serde::{Deserialize, Serialize};
use testkit::{
    distance::{Distance, DistantServer, Issuer},
    event::Event,
    runtime_api::Launch,
};
use tokio::time::Instant;

use super::{
    deployed::{self, DeployedRelay, answer},
    latency::SIZES,
    slugs,
    times::{Times, rounded},
};
use crate::Outcome;
use quota::Quota;

/// TCP's handshake and that of TLS 1.3.
const CONNECTING: f64 = 2.0;

/// Measures the first answer of a new process, with each server of the product a round trip away.
///
/// The limit is the shortest time that the answer can take: two round trips for the connections,
/// which are opened side by side during the start, then a round trip and the product's time for each
/// request that depends on another, a login included. An event that comes after the start finds the
/// connections open.
#[derive(Args)]
pub(crate) struct Cold {
    /// The relay to measure; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = slugs())]
    relay: Option<String>,
    /// The folder with the relays' binaries, each under the relay's name
    #[arg(long, value_name = "FOLDER", default_value = "target/ci/deployed")]
    binaries: PathBuf,
    /// How often each call is measured
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// The round trips to the product
    #[arg(long, value_name = "MS", value_delimiter = ',', default_value = "0,20,50")]
    round_trips_ms: Vec<u64>,
    /// How long the simulated product takes for each request
    #[arg(long, value_name = "MS", default_value_t = 100)]
    delay_ms: u64,
    /// How many observables are asked about
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', default_values_t = SIZES)]
    observables: Vec<usize>,
    /// Give each process the processor of a function of this size after its start; needs the right to
    /// make control groups. Without it, a process has what the machine has
    #[arg(long, value_name = "MB", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(128..=1769))]
    memory_mb: Vec<u64>,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// The first answers of several processes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FirstAnswer {
    pub(crate) relay: String,
    pub(crate) observables: usize,
    pub(crate) round_trip_ms: u64,
    pub(crate) delay_ms: u64,
    /// The size of the function whose processor it had; none for the machine's.
    pub(crate) memory_mb: Option<u64>,
    /// The requests that depend on each other, logins included.
    pub(crate) dependent: usize,
    /// The servers that were called.
    pub(crate) servers: usize,
    pub(crate) connections: usize,
    pub(crate) handshakes: usize,
    /// From the start of the process, whose first event waits already.
    pub(crate) from_start: Times,
    /// From an event that came after the start.
    pub(crate) from_event: Times,
}

impl FirstAnswer {
    /// The shortest time from an event that finds the connections open.
    pub(crate) fn limit_from_event_ms(&self) -> f64 {
        self.dependent as f64 * (self.round_trip_ms + self.delay_ms) as f64
    }

    /// The shortest time from the start of a process.
    pub(crate) fn limit_from_start_ms(&self) -> f64 {
        CONNECTING * self.round_trip_ms as f64 + self.limit_from_event_ms()
    }

    /// The round trips from the start to the answer, as the fastest run shows them.
    pub(crate) fn round_trips(&self) -> Option<f64> {
        let service = (self.dependent as u64 * self.delay_ms) as f64;
        let on_the_way = self.from_start.fastest_ms - service;
        (self.round_trip_ms > 0).then(|| rounded(on_the_way / self.round_trip_ms as f64))
    }
}

impl Cold {
    /// Measures and prints.
    ///
    /// # Errors
    ///
    /// What cannot be measured.
    pub(crate) fn run(&self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let measured = runtime.block_on(self.measured())?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&measured)?);
        } else {
            print!("{}", super::report::first_answers(&measured));
        }
        Ok(())
    }

    async fn measured(&self) -> Outcome<Vec<FirstAnswer>> {
        let mut measured = Vec::new();
        let is_meant =
            |product: &Product| self.relay.as_deref().is_none_or(|relay| relay == product.slug());
        for product in Product::ALL.into_iter().filter(is_meant) {
            eprintln!("Measuring {}", product.slug());
            let relay = DeployedRelay::new(product, &self.binaries)?;
            for memory_mb in self.sizes() {
                for round_trip_ms in &self.round_trips_ms {
                    for observables in &self.observables {
                        let one = self.measure(&relay, memory_mb, *round_trip_ms, *observables);
                        measured.push(one.await?);
                    }
                }
            }
        }
        Ok(measured)
    }

    /// The sizes of functions; one that is none for the machine's own processor.
    fn sizes(&self) -> Vec<Option<u64>> {
        if self.memory_mb.is_empty() {
            return vec![None];
        }
        self.memory_mb.iter().copied().map(Some).collect()
    }

    async fn measure(
        &self,
        relay: &DeployedRelay,
        memory_mb: Option<u64>,
        round_trip_ms: u64,
        observables: usize,
    ) -> Outcome<FirstAnswer> {
        let issuer = Issuer::new();
        let [mut from_start, mut from_event] = [Vec::new(), Vec::new()];
        let mut counts = Counts::default();
        let quota = memory_mb.map(Quota::of).transpose()?;
        for _ in 0..self.runs.max(1) {
            for (times, waits) in [(&mut from_start, true), (&mut from_event, false)] {
                let distant = Distant::new(self, relay, &issuer, round_trip_ms).await?;
                let event = distant.setup.observe(&relay.observables(observables));
                times.push(
                    first_answer(distant.launch(&issuer), &event, waits, quota.as_ref()).await?,
                );
                counts = distant.counts();
            }
        }
        let cost = &relay.fixture.cost;
        let rounds = counts.calls.saturating_sub(cost.login_requests as usize);
        let rounds = rounds.div_ceil(cost.max_concurrent_requests as usize);
        let rounds = rounds.max(cost.dependent_requests as usize);
        Ok(FirstAnswer {
            relay: relay.slug().to_owned(),
            observables,
            round_trip_ms,
            delay_ms: self.delay_ms,
            memory_mb,
            dependent: rounds + cost.login_requests as usize,
            servers: counts.servers,
            connections: counts.connections,
            handshakes: counts.handshakes,
            from_start: Times::of(from_start),
            from_event: Times::of(from_event),
        })
    }
}

/// The time until the first answer: from the start of the process where the event waits already, else
/// from the event.
async fn first_answer(
    launch: Launch,
    event: &Event,
    waits: bool,
    quota: Option<&Quota>,
) -> Outcome<Duration> {
    let mut begun = Instant::now();
    let function = deployed::start(launch).await?;
    if let Some(quota) = quota {
        quota.apply(function.pid())?;
    }
    if !waits {
        begun = Instant::now();
    }
    answer(&function, event).await?;
    Ok(begun.elapsed())
}

/// A simulator, and a distant server for each URL in the relay's settings.
struct Distant {
    setup: deployed::Setup,
    servers: Vec<(&'static str, String, DistantServer)>,
}

#[derive(Default)]
struct Counts {
    calls: usize,
    servers: usize,
    connections: usize,
    handshakes: usize,
}

impl Distant {
    async fn new(
        cold: &Cold,
        relay: &DeployedRelay,
        issuer: &Issuer,
        round_trip_ms: u64,
    ) -> Outcome<Self> {
        let setup = relay.set_up().await?;
        setup.sandbox.delay(Duration::from_millis(cold.delay_ms));
        let origin = setup.sandbox.url().to_owned();
        let mut servers = Vec::new();
        for (name, value) in relay.fixture.settings(&origin) {
            let Some(path) = value.strip_prefix(&origin) else { continue };
            let distance = Distance::of(Duration::from_millis(round_trip_ms));
            let server = DistantServer::start(distance, issuer, &origin).await;
            servers.push((name, format!("{}{path}", server.url()), server));
        }
        Ok(Self { setup, servers })
    }

    fn launch(&self, issuer: &Issuer) -> Launch {
        let launch = self.setup.launch();
        let launch = launch.env("EXTRA_CA_BUNDLE", issuer.bundle().display().to_string());
        self.servers.iter().fold(launch, |launch, (name, url, _)| launch.env(name, url))
    }

    fn counts(&self) -> Counts {
        let servers = || self.servers.iter().map(|(_, _, server)| server);
        let sandbox: &Sandbox = &self.setup.sandbox;
        Counts {
            calls: sandbox.calls().len(),
            servers: servers().filter(|server| server.requests() > 0).count(),
            connections: servers().map(DistantServer::connections).sum(),
            handshakes: servers().map(DistantServer::handshakes).sum(),
        }
    }
}
