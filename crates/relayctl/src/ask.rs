//! `relayctl ask`: a relay in this process in front of the real product; nothing is deployed.

use std::path::PathBuf;

use catalog::CatalogEntry;
use clap::Args;
use relay_core::{Clock, Environment, ObservableType, Route};
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    failure::{Failure, Outcome},
    local_relay::LocalRelay,
    observable::ObservableArgument,
    observable_list::ObservableList,
    relays,
    report::{Report, ReportFile, ReportedProduct},
    snapshot::Snapshot,
    table,
    terminal::{Screen, line, notice, pretty, printable, progress::during},
    token::gathered_claims,
};

/// How many sightings are shown one by one.
const MAX_SIGHTINGS: usize = 20;

/// Asks a product with your own account, from this machine; nothing is deployed.
///
/// The relay runs in this process, with the settings of the environment, such as API_URL. The
/// credentials come from a JSON file, from variables such as CLAIM_CLIENT_SECRET, or are asked for.
#[derive(Args)]
#[command(after_help = "Examples:
  API_URL=https://misp.example relayctl ask --relay misp 203.0.113.7 bad.example
  relayctl ask --relay qualys-ioc --credentials credentials.json file_name=drop.exe
  relayctl ask --relay misp --file observables.txt --json
  relayctl ask --relay misp 203.0.113.7 --html report.html")]
pub(crate) struct Ask {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: String,
    #[command(flatten)]
    observables: ObservableList,
    /// A JSON object with the credentials
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    #[command(flatten)]
    report: ReportFile,
    /// Write what was found to this file, as an investigation that XDR opens
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

/// The answers of the relay's routes, as JSON.
struct Answers {
    health: String,
    observe: String,
    refer: String,
    /// Asked for the page only, which lists what can be done.
    respond: Option<String>,
}

impl Ask {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let entry = relays::named(&self.relay)?;
        let observables = self.observables.required()?;
        let environment = Environment::of_process();
        let claims = gathered_claims(entry, self.credentials.as_deref(), &environment)?;
        let relay = LocalRelay::start(entry, environment, &claims).await?;
        let observables = supported(&relay, entry, observables);
        let answers =
            during(entry.about.name, Answers::of(&relay, &observables, self.report.is_wanted()))
                .await;
        let product = || ReportedProduct::new(entry.about.slug, entry.about.name, answers.json());
        self.report.write(|| Report::of("relayctl ask", &observables, [product()]))?;
        if let Some(file) = self.snapshot.as_ref().filter(|_| !answers.observe.is_empty()) {
            let observed = Answer::read(&answers.observe).unwrap_or_default();
            let modules = [(entry.about.name, &observed)];
            Snapshot::new(Clock::system().now(), &observables, modules).write(file)?;
        }
        if screen.json {
            line(pretty(&answers.json()))?;
        } else {
            answers.print(entry.about.name, &observables)?;
        }
        if answers.have_failed() { Err(Failure::Printed) } else { Ok(()) }
    }
}

/// Returns the observables that the relay answers about, and says which it does not.
fn supported(
    relay: &LocalRelay,
    entry: &CatalogEntry,
    observables: Vec<ObservableArgument>,
) -> Vec<ObservableArgument> {
    let kinds = entry.about.observables.iter().map(|(kind, _)| *kind);
    let kinds = kinds.filter(|kind| relay.relay().supports(*kind)).map(ObservableType::as_str);
    let kinds: Vec<_> = kinds.collect();
    let (known, unknown): (Vec<_>, Vec<_>) =
        observables.into_iter().partition(|one| kinds.contains(&one.kind.as_str()));
    for one in unknown {
        notice(format!(
            "{}={} is left out: with these settings the relay answers about {}.",
            one.kind,
            printable(&one.value),
            kinds.join(", ")
        ));
    }
    known
}

impl Answers {
    /// Asks for health first: without it the other answers would only repeat the reason.
    async fn of(
        relay: &LocalRelay,
        observables: &[ObservableArgument],
        with_actions: bool,
    ) -> Self {
        let health = relay.call(Route::Health, &json!({})).await;
        if Answer::read(&health).is_none_or(|answer| answer.has_failed()) {
            return Self { health, observe: String::new(), refer: String::new(), respond: None };
        }
        let observe = relay.call(Route::Observe, &observables).await;
        let refer = relay.call(Route::Refer, &observables).await;
        let respond = match with_actions {
            true => Some(relay.call(Route::Respond, &observables).await),
            false => None,
        };
        Self { health, observe, refer, respond }
    }

    fn json(&self) -> Value {
        let read = |body: &str| serde_json::from_str(body).unwrap_or(Value::Null);
        let mut json = json!({
            "health": read(&self.health),
            "observe": read(&self.observe),
            "refer": read(&self.refer),
        });
        if let Some(respond) = &self.respond {
            json["respond"] = read(respond);
        }
        json
    }

    fn have_failed(&self) -> bool {
        let bodies = [&self.health, &self.observe];
        bodies.iter().any(|body| Answer::read(body).is_none_or(|answer| answer.has_failed()))
    }

    fn print(&self, product: &str, observables: &[ObservableArgument]) -> Outcome {
        let read = |body: &str| Answer::read(body).unwrap_or_default();
        let (health, observed, links) =
            (read(&self.health), read(&self.observe), read(&self.refer));
        if health.has_failed() {
            return line(table::errors(&health.errors));
        }
        line(format!("{product} accepts the credentials."))?;
        if !observed.errors.is_empty() {
            line(table::errors(&observed.errors))?;
        }
        if observed.data.is_null() {
            return Ok(());
        }
        line(table::found(observables, &observed, Some(&links)))?;
        let count = observed.docs("sightings").len();
        if count == 0 {
            return Ok(());
        }
        line(table::sightings(&observed, MAX_SIGHTINGS))?;
        if count > MAX_SIGHTINGS {
            line(format!(
                "These are the newest {MAX_SIGHTINGS} of {count} sightings; --json shows all."
            ))?;
        }
        Ok(())
    }
}
