//! `relayctl serve`: the relays on one local port, for a browser, curl or another tool.

mod server;

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use relay_core::Environment;
use sandbox::Sandbox;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{
    catalog::{self, Entry},
    failure::{Failure, Outcome},
    terminal::{Screen, notice},
};
use server::{Relays, Stand};

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
    #[arg(long, value_name = "NAME", value_parser = catalog::names())]
    relay: Option<String>,
    /// Ask imitations of the products, not the products
    #[arg(long)]
    sandbox: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// What is served.
#[derive(Serialize)]
struct Served {
    url: String,
    relays: Vec<ServedRelay>,
}

#[derive(Serialize)]
struct ServedRelay {
    name: &'static str,
    url: String,
    /// A token that the relay accepts; with imitations only.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Why the relay answers nothing but this.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// A relay that is served, and the imitation behind it.
struct Running {
    stand: Stand,
    token: Option<String>,
    /// Runs until this is dropped.
    _sandbox: Option<Sandbox>,
}

impl Serve {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let taken = |error| Failure::Usage(format!("{} cannot be used: {error}.", self.listen));
        let listener = TcpListener::bind(self.listen).await.map_err(taken)?;
        let url = format!("http://{}", listener.local_addr()?);
        let entries = catalog::chosen(self.relay.as_deref())?;
        let mut running = Vec::new();
        for entry in &entries {
            running.push(self.start(entry).await?);
        }
        let served = Served::of(&url, &entries, &running);
        screen.show(&served, served.text())?;
        if !self.listen.ip().is_loopback() {
            notice("Others can reach this address, and it is not encrypted.");
        }
        let stands =
            entries.iter().zip(&running).map(|(entry, one)| (entry.slug(), one.stand.clone()));
        server::serve(listener, Arc::new(Relays::new(url, stands))).await?;
        notice("Ended.");
        Ok(())
    }

    async fn start(&self, entry: &Entry) -> Outcome<Running> {
        if self.sandbox {
            let sandbox = entry.sandbox().await?;
            let local = entry.local(&sandbox).await?;
            let token = Some(local.token().to_owned());
            return Ok(Running { stand: Ok(local.relay()), token, _sandbox: Some(sandbox) });
        }
        let own = format!("{}__", entry.slug().replace('-', "_").to_uppercase());
        let settings = Environment::of_process().scoped(&own);
        Ok(Running { stand: entry.facts.start(settings).await, token: None, _sandbox: None })
    }
}

impl Served {
    fn of(url: &str, entries: &[&Entry], running: &[Running]) -> Self {
        let relays = entries.iter().zip(running).map(|(entry, one)| ServedRelay {
            name: entry.slug(),
            url: format!("{url}/{}", entry.slug()),
            token: one.token.clone(),
            problem: one.stand.as_ref().err().map(ToString::to_string),
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
                text += &format!(
                    "  curl -X POST {}/health -H 'Authorization: Bearer {token}'\n",
                    relay.url
                );
            }
        }
        text
    }
}
