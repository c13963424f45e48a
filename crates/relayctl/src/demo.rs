//! `relayctl demo`: the real relays against imitations of their products, on this machine alone.

use clap::Args;
use relay_core::route::Route;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    answer::Answer,
    catalog::{self, Entry},
    failure::Outcome,
    observable::Asked,
    table,
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
    #[arg(long, value_name = "NAME", value_parser = catalog::names())]
    relay: Option<String>,
    /// Ask about these instead of the relay's sample event
    #[arg(value_name = "TYPE=VALUE", requires = "relay")]
    observables: Vec<Asked>,
}

/// What a relay answered, and how long it took.
struct Shown {
    asked: Vec<Asked>,
    observed: String,
    links: String,
    actions: String,
    milliseconds: u128,
}

impl Demo {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let mut answers = serde_json::Map::new();
        for entry in catalog::chosen(self.relay.as_deref())? {
            let shown = during(entry.name(), self.show(entry)).await?;
            if screen.json {
                answers.insert(entry.slug().to_owned(), shown.raw());
            } else {
                shown.print(entry)?;
            }
        }
        if screen.json { line(pretty(&answers)) } else { Ok(()) }
    }

    async fn show(&self, entry: &Entry) -> Outcome<Shown> {
        let sandbox = entry.sandbox().await?;
        let relay = entry.local(&sandbox).await?;
        let own = !self.observables.is_empty();
        let asked = if own { self.observables.clone() } else { entry.observables() };
        let started = Instant::now();
        let observed = relay.ask(Route::Observe, &asked).await;
        let milliseconds = started.elapsed().as_millis();
        let links = relay.ask(Route::Refer, &asked).await;
        let actions = relay.ask(Route::Respond, &asked).await;
        Ok(Shown { asked, observed, links, actions, milliseconds })
    }
}

impl Shown {
    fn raw(&self) -> Value {
        let read = |body: &str| serde_json::from_str(body).unwrap_or(Value::Null);
        json!({
            "observe": read(&self.observed),
            "refer": read(&self.links),
            "respond": read(&self.actions),
        })
    }

    fn print(&self, entry: &Entry) -> Outcome {
        let read = |body: &str| Answer::read(body).unwrap_or_default();
        let (observed, links) = (read(&self.observed), read(&self.links));
        let actions = read(&self.actions).data.as_array().map_or(0, Vec::len);
        line(format!("\n{}", entry.name()))?;
        line(table::found(&self.asked, &observed, &links))?;
        if !observed.errors.is_empty() {
            line(table::errors(&observed.errors))?;
        }
        line(format!(
            "{} observables in {} ms; {actions} actions could be taken.",
            self.asked.len(),
            self.milliseconds
        ))
    }
}
