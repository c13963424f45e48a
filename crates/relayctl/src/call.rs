//! `relayctl call`: a smoke test of a deployed relay. Reads only, unless told to act.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use http::{HeaderValue, header};
use relay_core::{BaseUrl, Environment, Http, Request, Secret, http::SystemLookup, route::Route};
use serde_json::json;

use crate::{
    Outcome,
    answer::Answer,
    local::address,
    observable::Asked,
    output::{Failure, line},
    table,
};

/// Longer than a gateway waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls one route of a deployed relay and shows the answer.
#[derive(Args)]
#[command(
    after_help = "The token comes from the environment variable RELAY_TOKEN or from --token-file.

Examples:
  relayctl call https://abc.execute-api.eu-west-1.amazonaws.com health
  relayctl call https://abc.execute-api.eu-west-1.amazonaws.com observe ip=203.0.113.77
  relayctl call URL respond domain=bad.example --json
  relayctl call URL trigger domain=bad.example --action-id ID --act"
)]
pub(crate) struct Call {
    /// The relay's URL: https, or http on loopback
    url: String,
    /// The route
    route: Name,
    /// The observables to ask about
    #[arg(value_name = "TYPE=VALUE")]
    observables: Vec<Asked>,
    /// A file with the relay's token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The action to trigger, as `respond` listed it
    #[arg(long, value_name = "ID", requires = "act")]
    action_id: Option<String>,
    /// Really trigger the action
    #[arg(long)]
    act: bool,
    /// Print the relay's own answer instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    Health,
    Observe,
    Deliberate,
    Refer,
    Respond,
    Trigger,
    Version,
}

impl Name {
    fn route(self) -> Route {
        match self {
            Self::Health => Route::Health,
            Self::Observe => Route::Observe,
            Self::Deliberate => Route::Deliberate,
            Self::Refer => Route::Refer,
            Self::Respond => Route::Respond,
            Self::Trigger => Route::Trigger,
            Self::Version => Route::Version,
        }
    }
}

impl Call {
    pub(crate) async fn run(&self) -> Outcome {
        let body = self.ask().await?;
        if self.json {
            line(&body)?;
        }
        let answer = Answer::read(&body).ok_or_else(|| {
            Failure::Unreachable(format!("no relay answers at {}: {}", self.url, shortened(&body)))
        })?;
        if !self.json {
            self.print(&body, &answer)?;
        }
        if answer.is_refusal() { Err(Failure::Refused) } else { Ok(()) }
    }

    async fn ask(&self) -> Result<String, Failure> {
        let base = BaseUrl::from_environment(&self.url).ok_or_else(|| {
            Failure::Usage("the URL must be https, or http on loopback".to_owned())
        })?;
        let (_, path) = address(self.route.route());
        let mut request =
            Request::post(base.path(path)).json(&self.body()?).map_err(unreachable)?;
        if let Some(bearer) = self.bearer()? {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let agent = concat!("threat-relays-relayctl/", env!("CARGO_PKG_VERSION"));
        let http = Http::new(&environment(), agent, Arc::new(SystemLookup));
        let http = http.map_err(|bad| Failure::Usage(bad.to_string()))?;
        let response = http.ask(request, "The relay", PATIENCE).await.map_err(unreachable)?;
        Ok(String::from_utf8_lossy(response.body()).into_owned())
    }

    fn body(&self) -> Result<serde_json::Value, Failure> {
        if !matches!(self.route, Name::Trigger) {
            return Ok(json!(self.observables));
        }
        match (self.observables.as_slice(), &self.action_id) {
            ([one], Some(id)) => Ok(json!({
                "action-id": id,
                "observable_type": one.kind,
                "observable_value": one.value,
            })),
            _ => Err(Failure::Usage(
                "trigger needs one observable, --action-id and --act".to_owned(),
            )),
        }
    }

    /// The token, from a place that no process list shows.
    fn bearer(&self) -> Result<Option<HeaderValue>, Failure> {
        let token = match &self.token_file {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                Failure::Usage(format!("the token file cannot be read: {error}"))
            })?),
            None => environment().text("RELAY_TOKEN").map(str::to_owned),
        };
        let token = token.and_then(|token| Secret::new(token.trim()));
        token.map(|token| token.header("Bearer ").map_err(unreachable)).transpose()
    }

    fn print(&self, body: &str, answer: &Answer) -> Outcome {
        if !answer.errors.is_empty() {
            line(table::errors(&answer.errors))?;
        }
        match self.route {
            Name::Observe | Name::Deliberate => {
                line(table::found(&self.observables, answer, &Answer::default()))
            }
            Name::Refer | Name::Respond => line(table::items(answer)),
            Name::Health | Name::Trigger | Name::Version => line(body),
        }
    }
}

fn environment() -> Environment {
    Environment::of_process()
}

fn unreachable(error: relay_core::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}

fn shortened(body: &str) -> String {
    relay_core::http::one_line(body)
}
