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
    local_relay::SimulatedRelay,
    observable::ObservableArgument,
    relays, table,
    terminal::{Screen, line, pretty, progress::during},
};

/// Shows what the relays find; needs no account, no AWS and no network.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl demo
  relayctl demo --relay misp ip=203.0.113.77 domain=bad.example
  relayctl demo --json | jq .")]
pub(crate) struct Demo {
    /// The relay to show; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: Option<String>,
    /// Ask about these instead of the observables of the relay's sample event
    #[arg(value_name = "[TYPE=]VALUE", requires = "relay")]
    observables: Vec<ObservableArgument>,
}

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
        let mut shown = serde_json::Map::new();
        for entry in relays::chosen(self.relay.as_deref())? {
            let answers = during(entry.about.name, self.answers(entry)).await?;
            if screen.json {
                shown.insert(entry.about.slug.to_owned(), answers.json());
            } else {
                answers.print(entry.about.name)?;
            }
        }
        if screen.json { line(pretty(&shown)) } else { Ok(()) }
    }

    async fn answers(&self, entry: &CatalogEntry) -> Outcome<DemoAnswers> {
        let SimulatedRelay { relay, fixture, .. } = &SimulatedRelay::start(entry).await?;
        let observables = match self.observables.as_slice() {
            [] => sample_observables(fixture),
            chosen => chosen.to_vec(),
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
