//! `relayctl doctor`: what works of a relay, route by route, what is missing, and what ends when.

mod ends;

use std::path::PathBuf;

use catalog::CatalogEntry;
use clap::Args;
use relay_core::{About, BaseUrl, Clock, Environment, ObservableType, Request, Route, RoutePolicy};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, ErrorEntry},
    call::CALL_TIMEOUT,
    failure::{Failure, Outcome},
    local_relay::{LocalRelay, method_and_path},
    observable::ObservableArgument,
    relays, table,
    terminal::{Screen, line, printable, progress::during},
    token::{TokenSource, gathered_claims},
    web::{asked, client, unreachable},
};
use ends::{End, announced};

/// The routes that are tried, in the order of the output. An action is never triggered.
const ROUTES: [Route; 6] = [
    Route::Version,
    Route::Health,
    Route::Observe,
    Route::Deliberate,
    Route::Refer,
    Route::Respond,
];

/// Tries every route of a relay that only reads, and says what works, what is missing and what ends.
///
/// Without --url the relay runs in this process, in front of the real product, with the settings of
/// the environment and your credentials, as with relayctl ask.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl doctor --relay misp --url https://abc.execute-api.eu-west-1.amazonaws.com --token-file token.txt
  API_URL=https://misp.example relayctl doctor --relay misp --credentials credentials.json
  relayctl doctor --relay defender-atp ip=203.0.113.7 --json")]
pub(crate) struct Doctor {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: String,
    /// The URL of a deployed relay: https, or http on loopback
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    token: TokenSource,
    /// A JSON object with the credentials, for a relay in this process
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    credentials: Option<PathBuf>,
    /// Ask about these instead of one value of each type that no product knows
    #[arg(value_name = "[TYPE=]VALUE")]
    observables: Vec<ObservableArgument>,
}

/// The output of the command.
#[derive(Serialize)]
struct Diagnosis {
    relay: &'static str,
    routes: Vec<TriedRoute>,
    quotas: Value,
    ends: Vec<End>,
}

#[derive(Serialize)]
struct TriedRoute {
    route: &'static str,
    state: State,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorEntry>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Works,
    /// It answers, and warns.
    Partly,
    Fails,
    /// The product has nothing for it; the answer is always empty.
    NotOffered,
}

/// Where the relay is.
enum Target {
    Local(LocalRelay),
    Deployed { base: BaseUrl, environment: Environment },
}

impl Doctor {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let entry = relays::named(&self.relay)?;
        let target = self.target(entry).await?;
        let observables = self.observables(entry);
        let mut routes = Vec::new();
        let mut quotas = Value::Null;
        for route in ROUTES {
            let answer = during(route.name(), self.asked(&target, route, &observables)).await?;
            if route == Route::Health {
                quotas = answer.data["quotas"].clone();
            }
            routes.push(TriedRoute::of(&entry.about, route, answer));
        }
        let today = Clock::system().now();
        let ends = announced(entry.about.slug, today);
        let diagnosis = Diagnosis { relay: entry.about.slug, routes, quotas, ends };
        if screen.json {
            screen.show(&diagnosis, "")?;
        } else {
            diagnosis.print(entry)?;
        }
        let fails = diagnosis.routes.iter().any(|tried| tried.state == State::Fails);
        if fails { Err(Failure::Printed) } else { Ok(()) }
    }

    async fn target(&self, entry: &CatalogEntry) -> Outcome<Target> {
        let environment = Environment::of_process();
        let Some(url) = &self.url else {
            let claims = gathered_claims(entry, self.credentials.as_deref(), &environment)?;
            return Ok(Target::Local(LocalRelay::start(entry, environment, &claims).await?));
        };
        let base = BaseUrl::from_environment(url).ok_or_else(|| {
            Failure::Usage("the URL must be https, or http on loopback.".to_owned())
        })?;
        Ok(Target::Deployed { base, environment })
    }

    fn observables(&self, entry: &CatalogEntry) -> Vec<ObservableArgument> {
        if !self.observables.is_empty() {
            return self.observables.clone();
        }
        let kinds = entry.about.observables.iter().map(|(kind, _)| *kind);
        kinds.filter_map(|kind| Some(ObservableArgument::new(kind, unknown_value(kind)?))).collect()
    }

    async fn asked(
        &self,
        target: &Target,
        route: Route,
        observables: &[ObservableArgument],
    ) -> Outcome<Answer> {
        let body = match target {
            Target::Local(relay) => relay.call(route, &observables).await,
            Target::Deployed { base, environment } => {
                let (_, path) = method_and_path(route);
                let request = Request::post(base.path(path)).json(&json!(observables));
                let request = self.token.authorize(request.map_err(unreachable)?, environment)?;
                let http = client(environment)?;
                let response = asked(&http, request, "The relay", CALL_TIMEOUT).await?;
                String::from_utf8_lossy(response.body()).into_owned()
            }
        };
        let text = || format!("no relay answers: {}", relay_core::one_line(&body));
        Answer::read(&body).ok_or_else(|| Failure::Unreachable(text()))
    }
}

/// Returns a value of a type that no product should know, from the ranges for documentation.
fn unknown_value(kind: ObservableType) -> Option<&'static str> {
    Some(match kind {
        ObservableType::Ip => "192.0.2.1",
        ObservableType::Ipv6 => "2001:db8::1",
        ObservableType::Domain | ObservableType::Hostname => "relayctl.example",
        ObservableType::Url => "https://relayctl.example/",
        ObservableType::Email => "nobody@relayctl.example",
        ObservableType::Md5 => "00000000000000000000000000000001",
        ObservableType::Sha1 => "0000000000000000000000000000000000000001",
        ObservableType::Sha256 => {
            "0000000000000000000000000000000000000000000000000000000000000001"
        }
        ObservableType::FileName => "relayctl.example.exe",
        _ => return None,
    })
}

fn is_offered(about: &About, route: Route) -> bool {
    let policies = about.policies;
    let policy = match route {
        Route::Observe => policies.observe,
        Route::Deliberate => policies.deliberate,
        Route::Refer => policies.refer,
        Route::Respond => policies.respond,
        _ => return true,
    };
    policy != RoutePolicy::Disabled
}

impl TriedRoute {
    fn of(about: &About, route: Route, answer: Answer) -> Self {
        let state = match answer.errors.as_slice() {
            _ if answer.has_failed() => State::Fails,
            _ if !is_offered(about, route) => State::NotOffered,
            [] => State::Works,
            _ => State::Partly,
        };
        Self { route: route.name(), state, errors: answer.errors }
    }
}

impl Diagnosis {
    fn print(&self, entry: &CatalogEntry) -> Outcome {
        line(entry.about.name)?;
        let mut routes = table::plain();
        routes.set_header(["Route", "State", "What the relay says"]);
        for tried in &self.routes {
            let state = match tried.state {
                State::Works => "works",
                State::Partly => "works in part",
                State::Fails => "fails",
                State::NotOffered => "not offered",
            };
            routes.add_row([
                tried.route.to_owned(),
                state.to_owned(),
                table::errors(&tried.errors),
            ]);
        }
        line(routes)?;
        for (name, quota) in self.quotas.as_object().into_iter().flatten() {
            let values = &quota["values"];
            let (used, limit) = (&values["current_bucket_consumption"], &values["bucket_limit"]);
            let what = printable(quota["description"].as_str().unwrap_or(name));
            line(format!("{what}: {used} of {limit} used."))?;
        }
        for end in &self.ends {
            line(end)?;
        }
        Ok(())
    }
}
