//! `relayctl demo`: the relays in front of simulators of their products, on this machine alone.

use std::path::PathBuf;

use catalog::CatalogEntry;
use clap::Args;
use futures::future::{join_all, try_join_all};
use relay_core::{About, Route};
use sandbox::{Fixture, incident};
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
    snapshot::Snapshot,
    table,
    terminal::{Screen, line, pretty, progress::Progress},
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
    /// Write what was found to this file, as an investigation that XDR opens
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Ask about these instead of the observables of the sample
    #[arg(value_name = "[TYPE=]VALUE")]
    observables: Vec<ObservableArgument>,
}

/// A relay, and what it knows of the observables.
struct Asked {
    about: &'static About,
    simulated: SimulatedRelay,
    observables: Vec<ObservableArgument>,
    observe: String,
    refer: String,
    /// How long it took to answer the first time.
    milliseconds: u128,
}

/// All answers of one relay.
struct DemoAnswers {
    asked: Asked,
    respond: String,
}

impl Demo {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let answers = self.answers(&relays::chosen(self.relay.as_deref())?).await?;
        self.write_snapshot(&answers)?;
        self.write_report(&answers)?;
        if screen.json {
            let shown = answers.iter().map(|one| (one.asked.about.slug.to_owned(), one.json()));
            return line(pretty(&shown.collect::<serde_json::Map<_, _>>()));
        }
        if self.shows_tables() {
            return answers.iter().try_for_each(DemoAnswers::print);
        }
        let products = answers.iter().map(DemoAnswers::of_product).collect();
        Investigation { observables: self.investigated(), products }.print()?;
        line(format!(
            "\nNext: relayctl ask --relay misp {} asks your own product;\n      relayctl demo --tables shows each relay.",
            incident::COMMAND_ADDRESS
        ))
    }

    /// Asks all relays at the same time what they know; then what can be done, also to the devices that
    /// they name.
    async fn answers(&self, entries: &[&'static CatalogEntry]) -> Outcome<Vec<DemoAnswers>> {
        let progress = Progress::default();
        let asked = entries.iter().map(|entry| progress.during(entry.about.name, self.ask(entry)));
        let asked = try_join_all(asked).await?;
        let products = asked.iter().map(|one| one.of_product("")).collect();
        let machines = Investigation { observables: Vec::new(), products }.machines();
        let responds = asked.into_iter().map(|one| one.respond(&machines));
        Ok(progress.during("What can be done", join_all(responds)).await)
    }

    async fn ask(&self, entry: &'static CatalogEntry) -> Outcome<Asked> {
        let simulated = SimulatedRelay::start_at(entry, incident::NOW).await?;
        let observables = match self.observables.as_slice() {
            [] if self.shows_tables() => sample_observables(simulated.fixture),
            _ => self.investigated(),
        };
        let started = Instant::now();
        let observe = simulated.relay.call(Route::Observe, &observables).await;
        let milliseconds = started.elapsed().as_millis();
        let refer = simulated.relay.call(Route::Refer, &observables).await;
        Ok(Asked { about: &entry.about, simulated, observables, observe, refer, milliseconds })
    }

    fn write_snapshot(&self, answers: &[DemoAnswers]) -> Outcome {
        let Some(file) = &self.snapshot else { return Ok(()) };
        let products: Vec<_> = answers.iter().map(DemoAnswers::of_product).collect();
        let modules = products.iter().map(|one| (one.product, &one.observed));
        Snapshot::new(incident::NOW, &self.investigated(), modules).write(file)
    }

    fn write_report(&self, answers: &[DemoAnswers]) -> Outcome {
        self.report.write(|| {
            let observables = answers.iter().flat_map(|one| &one.asked.observables);
            let products = answers.iter().map(|one| {
                let about = one.asked.about;
                ReportedProduct::new(about.slug, about.name, one.json())
            });
            Report::of("relayctl demo", observables, products)
        })
    }

    /// One relay alone is shown as a table.
    fn shows_tables(&self) -> bool {
        self.tables || self.relay.is_some()
    }

    /// Returns the observables of an investigation across relays.
    fn investigated(&self) -> Vec<ObservableArgument> {
        let sample = incident::OBSERVABLES.map(|(kind, value)| ObservableArgument {
            kind: kind.to_owned(),
            value: value.to_owned(),
        });
        if self.observables.is_empty() { sample.to_vec() } else { self.observables.clone() }
    }
}

fn sample_observables(fixture: &Fixture) -> Vec<ObservableArgument> {
    let observables = Value::Array(fixture.sample_observables());
    serde_json::from_value(observables).unwrap_or_default()
}

impl Asked {
    fn of_product(&self, respond: &str) -> ProductAnswers {
        let read = |body: &str| Answer::read(body).unwrap_or_default();
        ProductAnswers {
            product: self.about.name,
            observed: read(&self.observe),
            actions: read(respond),
        }
    }

    async fn respond(self, machines: &[ObservableArgument]) -> DemoAnswers {
        let targets = [self.observables.as_slice(), machines].concat();
        let respond = self.simulated.relay.call(Route::Respond, &targets).await;
        DemoAnswers { asked: self, respond }
    }
}

impl DemoAnswers {
    fn json(&self) -> Value {
        let read = |body: &str| serde_json::from_str(body).unwrap_or(Value::Null);
        json!({
            "observe": read(&self.asked.observe),
            "refer": read(&self.asked.refer),
            "respond": read(&self.respond),
        })
    }

    fn of_product(&self) -> ProductAnswers {
        self.asked.of_product(&self.respond)
    }

    fn print(&self) -> Outcome {
        let Asked { about, observables, refer, milliseconds, .. } = &self.asked;
        let ProductAnswers { observed, actions, .. } = self.of_product();
        let links = Answer::read(refer).unwrap_or_default();
        let actions = actions.data.as_array().map_or(0, Vec::len);
        line(format!("\n{}", about.name))?;
        line(table::found(observables, &observed, Some(&links)))?;
        if !observed.errors.is_empty() {
            line(table::errors(&observed.errors))?;
        }
        let count = observables.len();
        let noun = if count == 1 { "observable" } else { "observables" };
        line(format!("{count} {noun} in {milliseconds} ms; {actions} actions could be taken."))
    }
}
