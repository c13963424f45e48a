//! `relayctl demo`: the relays in front of simulators of their products, on this machine alone.

use catalog::CatalogEntry;
use clap::Args;
use relay_core::Route;
use sandbox::Fixture;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    answer::Answer,
    failure::Outcome,
    investigation::{Investigation, ProductAnswers},
    local_relay::SimulatedRelay,
    observable::ObservableArgument,
    relays,
    report::{Report, ReportFile, ReportedProduct},
    table,
    terminal::{Screen, line, pretty, progress::during},
};

/// Shows one investigation across all relays; needs no account, no AWS and no network.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl demo
  relayctl demo --tables
  relayctl demo --html report.html
  relayctl demo --relay misp ip=203.0.113.77 domain=bad.example
  relayctl demo --json | jq .")]
pub(crate) struct Demo {
    /// The relay to ask; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: Option<String>,
    /// A table for each relay instead of one investigation
    #[arg(long)]
    tables: bool,
    #[command(flatten)]
    report: ReportFile,
    /// Ask about these instead of the observables of the sample
    #[arg(value_name = "[TYPE=]VALUE")]
    observables: Vec<ObservableArgument>,
}

/// What is investigated: what two incidents of the simulators have in common.
const INVESTIGATED: [&str; 8] = [
    "203.0.113.77",
    "c2.bad.example",
    "bad.example",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "drop.exe",
    "203.0.113.80",
    "cdn.contoso-files.example",
    "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009",
];

/// The answers of one relay, and how long the first one took.
struct DemoAnswers {
    observables: Vec<ObservableArgument>,
    observe: String,
    refer: String,
    respond: String,
    milliseconds: u128,
}

impl Demo {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let entries = relays::chosen(self.relay.as_deref())?;
        let investigated = self.investigated();
        let mut answers = Vec::new();
        for entry in &entries {
            let asked = self.answers(entry, &investigated);
            answers.push(during(entry.about.name, asked).await?);
        }
        let observables = answers.iter().flat_map(|one| &one.observables);
        let products = entries.iter().map(|entry| &entry.about).zip(&answers);
        let products =
            products.map(|(about, one)| ReportedProduct::new(about.slug, about.name, one.json()));
        self.report.write(|| Report::of("relayctl demo", observables, products))?;
        let named = entries.iter().map(|entry| &entry.about).zip(answers);
        if screen.json {
            let shown = named.map(|(about, one)| (about.slug.to_owned(), one.json()));
            return line(pretty(&shown.collect::<serde_json::Map<_, _>>()));
        }
        if self.shows_tables() {
            return named.into_iter().try_for_each(|(about, one)| one.print(about.name));
        }
        let products = named.map(|(about, one)| one.of_product(about.name)).collect();
        Investigation { observables: investigated, products }.print()?;
        line(
            "\nNext: relayctl ask --relay misp 203.0.113.77 asks your own product; relayctl demo --tables shows every relay.",
        )
    }

    /// One relay alone is shown as a table.
    fn shows_tables(&self) -> bool {
        self.tables || self.relay.is_some()
    }

    /// Returns the observables of an investigation across relays.
    fn investigated(&self) -> Vec<ObservableArgument> {
        match self.observables.as_slice() {
            [] => INVESTIGATED.iter().filter_map(|text| text.parse().ok()).collect(),
            chosen => chosen.to_vec(),
        }
    }

    async fn answers(
        &self,
        entry: &CatalogEntry,
        investigated: &[ObservableArgument],
    ) -> Outcome<DemoAnswers> {
        let SimulatedRelay { relay, fixture, .. } = &SimulatedRelay::start(entry).await?;
        let observables = match self.observables.as_slice() {
            [] if self.shows_tables() => sample_observables(fixture),
            _ => investigated.to_vec(),
        };
        let started = Instant::now();
        let observe = relay.call(Route::Observe, &observables).await;
        let milliseconds = started.elapsed().as_millis();
        let refer = relay.call(Route::Refer, &observables).await;
        let respond = relay.call(Route::Respond, &observables).await;
        Ok(DemoAnswers { observables, observe, refer, respond, milliseconds })
    }
}

fn sample_observables(fixture: &Fixture) -> Vec<ObservableArgument> {
    let observables = Value::Array(fixture.sample_observables());
    serde_json::from_value(observables).unwrap_or_default()
}

impl DemoAnswers {
    fn json(&self) -> Value {
        let read = |body: &str| serde_json::from_str(body).unwrap_or(Value::Null);
        json!({
            "observe": read(&self.observe),
            "refer": read(&self.refer),
            "respond": read(&self.respond),
        })
    }

    fn of_product(&self, product: &'static str) -> ProductAnswers {
        let read = |body: &str| Answer::read(body).unwrap_or_default();
        ProductAnswers { product, observed: read(&self.observe), actions: read(&self.respond) }
    }

    fn print(&self, product: &str) -> Outcome {
        let read = |body: &str| Answer::read(body).unwrap_or_default();
        let (observed, links) = (read(&self.observe), read(&self.refer));
        let actions = read(&self.respond).data.as_array().map_or(0, Vec::len);
        line(format!("\n{product}"))?;
        line(table::found(&self.observables, &observed, Some(&links)))?;
        if !observed.errors.is_empty() {
            line(table::errors(&observed.errors))?;
        }
        let count = self.observables.len();
        let noun = if count == 1 { "observable" } else { "observables" };
        line(format!(
            "{count} {noun} in {} ms; {actions} actions could be taken.",
            self.milliseconds
        ))
    }
}
