//! `relayctl call`: a smoke test of a deployed relay. Reads only, unless told to act.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use http::{HeaderName, HeaderValue, header};
use relay_core::{BaseUrl, Environment, Request, Response, route::Route};
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    failure::{Failure, Outcome},
    local::address,
    observable::Asked,
    table,
    terminal::{Screen, harmless, line, progress::during},
    token::TokenSource,
    web::{client, unreachable},
};

/// Longer than a gateway waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Calls one route of a relay and shows the answer.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl call https://abc.execute-api.eu-west-1.amazonaws.com health
  relayctl call URL observe ip=203.0.113.77 domain=bad.example
  relayctl call URL respond domain=bad.example --json
  relayctl call URL trigger domain=bad.example --action-id ID --act")]
pub(crate) struct Call {
    /// The relay's URL: https, or http on loopback
    url: String,
    /// The route
    route: Name,
    /// The observables to ask about
    #[arg(value_name = "TYPE=VALUE")]
    observables: Vec<Asked>,
    #[command(flatten)]
    token: TokenSource,
    /// The action to trigger, as respond listed it
    #[arg(long, value_name = "ID", requires = "act")]
    action_id: Option<String>,
    /// The product's id of the indicator that the action is about, as respond listed it
    #[arg(long, value_name = "ID", requires = "act")]
    indicator_id: Option<String>,
    /// Really trigger the action
    #[arg(long)]
    act: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Health,
    Observe,
    Deliberate,
    Refer,
    Respond,
    Trigger,
    Version,
    Watchdog,
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
            Self::Watchdog => Route::Watchdog,
        }
    }
}

impl Call {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let started = Instant::now();
        let response = during("Waiting for the relay", self.ask()).await?;
        let body = String::from_utf8_lossy(response.body()).into_owned();
        let answer = Answer::read(&body).filter(|_| response.status() == 200);
        let answer = answer.ok_or_else(|| self.no_relay(response.status(), &body))?;
        if screen.json {
            line(&body)?;
        } else {
            self.print(&answer, started.elapsed())?;
        }
        if answer.is_refusal() { Err(Failure::Shown) } else { Ok(()) }
    }

    async fn ask(&self) -> Outcome<Response> {
        let environment = Environment::of_process();
        let request = self.request(&environment)?;
        client(&environment)?.ask(request, "The relay", PATIENCE).await.map_err(unreachable)
    }

    fn request(&self, environment: &Environment) -> Outcome<Request> {
        let base = BaseUrl::from_environment(&self.url).ok_or_else(|| {
            Failure::Usage("the URL must be https, or http on loopback.".to_owned())
        })?;
        let (_, path) = address(self.route.route());
        let request = match self.route {
            Name::Watchdog => Request::get(base.path(path)).header(
                HeaderName::from_static("health-check"),
                HeaderValue::from_static("relayctl"),
            ),
            _ => Request::post(base.path(path)).json(&self.body()?).map_err(unreachable)?,
        };
        Ok(match self.token.given(environment)? {
            Some(token) => {
                let unfit =
                    |_| Failure::Usage("the token holds characters that no token has.".to_owned());
                request.header(header::AUTHORIZATION, token.header("Bearer ").map_err(unfit)?)
            }
            None => request,
        })
    }

    fn body(&self) -> Outcome<Value> {
        if self.route != Name::Trigger {
            return Ok(json!(self.observables));
        }
        let (Some(action), [asked], true) =
            (&self.action_id, self.observables.as_slice(), self.act)
        else {
            let text = "trigger needs one observable, --action-id and --act.";
            return Err(Failure::Usage(text.to_owned()));
        };
        let mut body = json!({
            "action-id": action,
            "observable_type": asked.kind,
            "observable_value": asked.value,
        });
        if let Some(indicator) = &self.indicator_id {
            body["indicator_id"] = json!(indicator);
        }
        Ok(body)
    }

    fn no_relay(&self, status: u16, body: &str) -> Failure {
        let said = relay_core::http::one_line(body);
        Failure::Unreachable(format!("no relay answers at {} (status {status}): {said}", self.url))
    }

    fn print(&self, answer: &Answer, took: Duration) -> Outcome {
        if !answer.errors.is_empty() {
            line(table::errors(&answer.errors))?;
        }
        let word = |member: &Value| harmless(member.as_str().unwrap_or("unknown"));
        match self.route {
            // Without data nothing is known, which a table of zeros would not say.
            Name::Observe | Name::Deliberate | Name::Refer | Name::Respond
                if answer.data.is_null() => {}
            Name::Observe | Name::Deliberate => {
                line(table::found(&self.observables, answer, &Answer::default()))?;
            }
            Name::Refer => line(table::links(answer))?,
            Name::Respond => line(table::actions(answer))?,
            Name::Health | Name::Trigger if answer.data.is_null() => {}
            Name::Health | Name::Trigger => {
                line(format!("Status: {}", word(&answer.data["status"])))?
            }
            Name::Version => line(format!("Version: {}", word(&answer.version)))?,
            Name::Watchdog => line("The relay is awake.")?,
        }
        line(format!("Answered in {} ms.", took.as_millis()))
    }
}
