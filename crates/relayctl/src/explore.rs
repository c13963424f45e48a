//! `relayctl explore`: the page of a report, served on this machine, where one asks and looks at the
//! answers as they come.

mod answers;
mod question;
mod server;

use std::path::PathBuf;

use catalog::CatalogEntry;
use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{
    failure::{Failure, Outcome},
    local_relay::{LocalRelay, SimulatedRelay},
    relays, secret,
    signals::Signals,
    terminal::{Screen, notice},
    token::gathered_claims,
};
use server::Explorer;

/// Serves a page on this machine where you type observables and see what the products know of them.
///
/// Settings come from the environment as for serve, credentials as for ask. A variable may begin with
/// the relay's name in capitals and two underscores, such as MISP__API_URL or MISP__CLAIM_AUTHKEY, and
/// is then for that relay alone. Only who knows the printed address can use the page. Ctrl-C ends it.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl explore --sandbox
  API_URL=https://misp.example relayctl explore --relay misp
  relayctl explore --relay graph-security --relay defender-atp --port 8090")]
pub(crate) struct Explore {
    /// A relay to ask; may be repeated
    #[arg(long = "relay", value_name = "NAME", value_parser = relays::names())]
    #[arg(required_unless_present = "sandbox")]
    relays: Vec<String>,
    /// Use simulators of the products; of all, where no relay is named
    #[arg(long)]
    sandbox: bool,
    /// A JSON object with the credentials, where one relay is asked
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    credentials: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
}

/// The output of the command.
#[derive(Serialize)]
struct Address {
    url: String,
}

/// A relay that the page asks.
pub(crate) struct AskedRelay {
    pub(crate) entry: &'static CatalogEntry,
    started: Started,
}

enum Started {
    Real(LocalRelay),
    Simulated(Box<SimulatedRelay>),
}

impl AskedRelay {
    pub(crate) fn relay(&self) -> &LocalRelay {
        match &self.started {
            Started::Real(relay) => relay,
            Started::Simulated(simulated) => &simulated.relay,
        }
    }
}

impl Explore {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let port = self.port;
        let taken = |error| Failure::Usage(format!("port {port} cannot be used: {error}."));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(taken)?;
        let mut asked = Vec::new();
        for entry in self.entries()? {
            asked.push(AskedRelay { entry, started: self.start(entry).await? });
        }
        let explorer = Explorer::new(listener.local_addr()?, secret::generate()?, asked);
        let url = explorer.url();
        let text = format!("Open {url} in a browser; Ctrl-C ends it.");
        let signals = Signals::of_server()?;
        screen.show(&Address { url }, text)?;
        server::serve(listener, explorer, signals).await?;
        notice("Ended.");
        Ok(())
    }

    fn entries(&self) -> Outcome<Vec<&'static CatalogEntry>> {
        if self.relays.is_empty() {
            return relays::chosen(None);
        }
        if self.credentials.is_some() && self.relays.len() > 1 {
            let text = "a file of credentials is for one relay; set variables such as MISP__CLAIM_AUTHKEY for several.";
            return Err(Failure::Usage(text.to_owned()));
        }
        self.relays.iter().map(|slug| relays::named(slug)).collect()
    }

    async fn start(&self, entry: &'static CatalogEntry) -> Outcome<Started> {
        if self.sandbox {
            return Ok(Started::Simulated(Box::new(SimulatedRelay::start(entry).await?)));
        }
        if self.relays.len() > 1 {
            notice(format!("{}:", entry.about.name));
        }
        let settings = relays::settings(entry);
        let claims = gathered_claims(entry, self.credentials.as_deref(), &settings)?;
        Ok(Started::Real(LocalRelay::start(entry, settings, &claims).await?))
    }
}
