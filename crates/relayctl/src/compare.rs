//! `relayctl compare`: what two relays answer about the same observables, before one replaces the
//! other.

mod answers;
mod entity;
mod finding;
mod matching;
mod migration;
mod report;
mod side;

use std::path::PathBuf;

use catalog::RELAYS;
use clap::Args;
use relay_core::Environment;
use serde_json::{Map, Value};

use crate::{
    failure::{Failure, Outcome},
    observable::ObservableArgument,
    observable_list::ObservableList,
    private_file, relays,
    terminal::{Screen, pretty, progress::during},
    token::TokenSource,
};
use answers::Answers;
use finding::Findings;
use migration::Migration;
use report::{AboutObservable, Comparison, RouteErrors};
use side::{ComparedRoute, Side};

/// Compares what two relays answer about the same observables, such as a Python relay and this one.
///
/// Says for each observable and route what is the same, what only one of them has, and which members
/// differ; differences that docs/migrate.md announces are named as such. Ends with code 1 when only
/// the old relay has something and nothing announces that. Nothing is triggered.
///
/// Each relay may be a URL, or a file with answers: what --record wrote, what relayctl ask --json
/// printed, or one answer to observe.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl compare OLD_URL NEW_URL --observables observables.txt --token-file token.txt
  relayctl compare OLD_URL NEW_URL --old-token-file old.txt --new-token-file new.txt bad.example
  relayctl compare OLD_URL NEW_URL --file observables.txt --record old.json
  relayctl compare old.json NEW_URL --file observables.txt --token-file token.txt --json")]
pub(crate) struct Compare {
    /// The old relay: its URL, or a file with its answers
    old: String,
    /// The new relay: its URL, or a file with its answers
    new: String,
    #[command(flatten)]
    observables: ObservableList,
    /// Which relay it is; told from the answers otherwise
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: Option<String>,
    /// The routes to compare, with commas between them; all four otherwise
    #[arg(long, value_enum, value_name = "ROUTE", value_delimiter = ',')]
    routes: Vec<ComparedRoute>,
    #[command(flatten)]
    token: TokenSource,
    /// A file with the token for the old relay alone
    #[arg(long, value_name = "FILE")]
    old_token_file: Option<PathBuf>,
    /// A file with the token for the new relay alone
    #[arg(long, value_name = "FILE")]
    new_token_file: Option<PathBuf>,
    /// Write the old relay's answers into this new file, for its owner alone
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// What both relays answered on one route.
struct Asked {
    route: ComparedRoute,
    old: Answers,
    new: Answers,
}

impl Compare {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let observables = self.observables.required()?;
        let environment = Environment::of_process();
        let side = |place: &str, file: &Option<PathBuf>| {
            Side::of(place, self.token.or_else(file.clone()), &environment)
        };
        let (old, new) =
            (side(&self.old, &self.old_token_file)?, side(&self.new, &self.new_token_file)?);
        let mut asked = Vec::new();
        for route in
            self.routes().into_iter().filter(|route| old.tells(*route) && new.tells(*route))
        {
            let both = async {
                tokio::join!(old.answers(route, &observables), new.answers(route, &observables))
            };
            let (old, new) = during(&format!("Asking both relays to {}", route.name()), both).await;
            asked.push(Asked { route, old: old?, new: new? });
        }
        self.require_relays(&asked)?;
        if let Some(file) = &self.record {
            private_file::write(file, &pretty(&recording(&asked)))?;
        }
        let relay = self.relay.as_deref().or_else(|| relay_of(&asked));
        let comparison = compared(relay, &asked, &observables)?;
        screen.show(&comparison, comparison.text(screen.options.verbose))?;
        if comparison.is_without_loss() { Ok(()) } else { Err(Failure::Printed) }
    }

    fn routes(&self) -> Vec<ComparedRoute> {
        if self.routes.is_empty() { ComparedRoute::ALL.to_vec() } else { self.routes.clone() }
    }

    /// A relay has one of the routes at least; a URL that has none is another one.
    fn require_relays(&self, asked: &[Asked]) -> Outcome {
        let none = |place: &str| {
            Failure::Unreachable(format!("no relay answers at {place}: it has none of the routes."))
        };
        if !asked.iter().any(|one| one.old.is_offered()) {
            return Err(none(&self.old));
        }
        if !asked.iter().any(|one| one.new.is_offered()) {
            return Err(none(&self.new));
        }
        Ok(())
    }
}

/// Returns the relay whose product the answers name as their source.
fn relay_of(asked: &[Asked]) -> Option<&'static str> {
    let mut sources = asked.iter().flat_map(|one| one.old.sources().chain(one.new.sources()));
    sources.find_map(|source| {
        // Defender's first relay called it "Microsoft Defender ATP".
        let is_it = |name: &str| {
            source == name
                || (source.starts_with("Microsoft Defender")
                    && name.starts_with("Microsoft Defender"))
        };
        let known = RELAYS.iter().find(|entry| is_it(entry.about.name));
        known.map(|entry| entry.about.slug)
    })
}

fn recording(asked: &[Asked]) -> Map<String, Value> {
    let answers =
        asked.iter().filter_map(|one| Some((one.route.name().to_owned(), one.old.recorded()?)));
    answers.collect()
}

fn compared(
    relay: Option<&str>,
    asked: &[Asked],
    observables: &[ObservableArgument],
) -> Outcome<Comparison> {
    let migration = Migration::of(relay)?;
    let about = |observable: &ObservableArgument| AboutObservable {
        observable: observable.clone(),
        routes: asked
            .iter()
            .map(|Asked { route, old, new }| {
                let (old, new) = (old.about(*route, observable), new.about(*route, observable));
                (*route, Findings::of(old, new, &migration))
            })
            .collect(),
    };
    let errors = |one: &Asked| RouteErrors {
        route: one.route,
        old: one.old.errors(),
        new: one.new.errors(),
    };
    let errors = asked.iter().map(errors).filter(RouteErrors::are_any).collect();
    Ok(Comparison::of(relay, observables.iter().map(about).collect(), errors))
}
