//! `relayctl serve`: the relays on one local port, for a browser, curl or another tool.

mod server;

use std::{net::SocketAddr, sync::Arc};

use catalog::CatalogEntry;
use clap::Args;
use relay_core::Route;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{
    failure::{Failure, Outcome},
    local_relay::SimulatedRelay,
    relays,
    signals::Signals,
    terminal::{Screen, notice},
};
use server::{ServedRelays, StartResult};

/// What the simulators know.
const SAMPLE: &str = r#"{"type": "ip", "value": "203.0.113.77"}"#;

/// Serves the relays under /NAME/ on one local port until Ctrl-C.
///
/// Settings come from the environment. A variable may begin with the relay's name in capitals and
/// two underscores, such as MISP__API_URL, and is then for that relay alone.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl serve --sandbox
  API_URL=https://misp.example relayctl serve --relay misp --listen 127.0.0.1:8080")]
pub(crate) struct Serve {
    /// The relay to serve; all of them when it is left out
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: Option<String>,
    /// Use simulators of the products
    #[arg(long)]
    sandbox: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// The output of the command.
#[derive(Serialize)]
struct Listing {
    url: String,
    relays: Vec<ListedRelay>,
}

#[derive(Serialize)]
struct ListedRelay {
    name: &'static str,
    url: String,
    /// A token that the relay accepts; with simulators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Why the relay cannot start; every answer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// A relay that is served.
struct Running {
    relay: StartResult,
    /// With simulators only; keeps the relay's simulator running.
    simulated: Option<SimulatedRelay>,
}

impl Serve {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let unusable = |error| Failure::Usage(format!("{} cannot be used: {error}.", self.listen));
        let listener = TcpListener::bind(self.listen).await.map_err(unusable)?;
        let url = format!("http://{}", listener.local_addr()?);
        let entries = relays::chosen(self.relay.as_deref())?;
        let mut running = Vec::new();
        for entry in &entries {
            running.push(self.start(entry).await?);
        }
        let listing = Listing::of(&url, &entries, &running);
        let signals = Signals::of_server()?;
        screen.show(&listing, listing.text())?;
        if !self.listen.ip().is_loopback() {
            notice("Other machines can reach this address, and it is not encrypted.");
        }
        let by_slug =
            entries.iter().zip(&running).map(|(entry, one)| (entry.about.slug, one.relay.clone()));
        let served = Arc::new(ServedRelays::new(url, by_slug));
        server::serve(listener, served, signals).await?;
        notice("Ended.");
        Ok(())
    }

    async fn start(&self, entry: &CatalogEntry) -> Outcome<Running> {
        if self.sandbox {
            let simulated = SimulatedRelay::start(entry).await?;
            let relay = Ok(simulated.relay.relay());
            return Ok(Running { relay, simulated: Some(simulated) });
        }
        Ok(Running { relay: entry.start(relays::settings(entry)).await, simulated: None })
    }
}

/// Returns lines for a shell: the token as a variable, and a call of every route that reads.
fn examples(relay: &ListedRelay, token: &str) -> String {
    let variable = format!("{}_TOKEN", relay.name.replace('-', "_").to_uppercase());
    let mut text = format!("  export {variable}={token}\n");
    let curl = |method: &str, path: &str| {
        format!("  curl -X {method} {}{path} -H \"Authorization: Bearer ${variable}\"", relay.url)
    };
    for (route, method, path) in Route::ALL {
        text += &match route {
            Route::Trigger => continue,
            Route::Watchdog => format!("  curl {}{path} -H 'Health-Check: x'", relay.url),
            Route::Health | Route::Version => curl(method.as_str(), path),
            _ => format!("{} -d '[{SAMPLE}]'", curl(method.as_str(), path)),
        };
        text.push('\n');
    }
    text
}

impl Listing {
    fn of(url: &str, entries: &[&CatalogEntry], running: &[Running]) -> Self {
        let relays = entries.iter().zip(running).map(|(entry, one)| ListedRelay {
            name: entry.about.slug,
            url: format!("{url}/{}", entry.about.slug),
            token: one.simulated.as_ref().map(|one| one.relay.token().to_owned()),
            problem: one.relay.as_ref().err().map(ToString::to_string),
        });
        Self { url: url.to_owned(), relays: relays.collect() }
    }

    fn text(&self) -> String {
        let mut text = format!("Serving on {}; Ctrl-C ends it.\n", self.url);
        for relay in &self.relays {
            text += &format!("\n{}\n", relay.url);
            if let Some(problem) = &relay.problem {
                text += &format!("  cannot answer: {problem}\n");
            }
            if let Some(token) = &relay.token {
                text += &examples(relay, token);
            }
        }
        text
    }
}
