//! `relayctl call`: a smoke test of a deployed relay. Reads only, unless told to act.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use http::{HeaderName, HeaderValue};
use relay_core::{BaseUrl, Clock, Environment, Request, Response, Route};
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    failure::{Failure, Outcome},
    local_relay::method_and_path,
    observable::ObservableArgument,
    observable_list::{ObservableList, none_named},
    report::{Report, ReportFile, ReportedProduct},
    snapshot::Snapshot,
    table,
    terminal::{Screen, line, printable, progress::during},
    token::TokenSource,
    web::{asked, client, unreachable},
};

/// Longer than a gateway waits.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Calls one route of a relay and shows the answer.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl call https://abc.execute-api.eu-west-1.amazonaws.com health
  relayctl call URL observe ip=203.0.113.77 domain=bad.example
  relayctl call URL observe bad.example --html report.html
  relayctl call URL respond domain=bad.example --json
  relayctl call URL trigger domain=bad.example --action-id ID --act")]
pub(crate) struct Call {
    /// The relay's URL: https, or http on loopback
    url: String,
    /// The route
    route: RouteArgument,
    #[command(flatten)]
    observables: ObservableList,
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
    #[command(flatten)]
    report: ReportFile,
    /// Write what observe found to this file, as an investigation that XDR opens
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RouteArgument {
    Health,
    Observe,
    Deliberate,
    Refer,
    Respond,
    Trigger,
    Version,
    Watchdog,
}

impl RouteArgument {
    fn takes_observables(self) -> bool {
        matches!(self, Self::Observe | Self::Deliberate | Self::Refer | Self::Respond)
    }

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
        let observables = self.observables.given()?;
        let response = during("Waiting for the relay", self.send(&observables)).await?;
        let body = String::from_utf8_lossy(response.body()).into_owned();
        let answer = Answer::read(&body).filter(|_| response.status() == 200);
        let answer = answer.ok_or_else(|| self.not_a_relay(response.status(), &body))?;
        self.report.write(|| self.report_of(&observables, &body))?;
        self.write_snapshot(&observables, &body)?;
        if screen.json {
            line(&body)?;
        } else {
            self.print(&answer, &observables, started.elapsed())?;
        }
        if answer.has_failed() { Err(Failure::Printed) } else { Ok(()) }
    }

    fn write_snapshot(&self, observables: &[ObservableArgument], body: &str) -> Outcome {
        let Some(file) = &self.snapshot else { return Ok(()) };
        let answer = Answer::read(body).unwrap_or_default();
        let answers = [(answer.source().unwrap_or(&self.url).to_owned(), answer)];
        let answers = answers.iter().map(|(module, answer)| (module.as_str(), answer));
        Snapshot::new(Clock::system().now(), observables, answers).write(file)
    }

    async fn send(&self, observables: &[ObservableArgument]) -> Outcome<Response> {
        let environment = Environment::of_process();
        let request = self.request(observables, &environment)?;
        asked(&client(&environment)?, request, "The relay", CALL_TIMEOUT).await
    }

    fn request(
        &self,
        observables: &[ObservableArgument],
        environment: &Environment,
    ) -> Outcome<Request> {
        let base = BaseUrl::from_environment(&self.url).ok_or_else(|| {
            Failure::Usage("the URL must be https, or http on loopback.".to_owned())
        })?;
        let (_, path) = method_and_path(self.route.route());
        let request = match self.route {
            RouteArgument::Watchdog => Request::get(base.path(path)).header(
                HeaderName::from_static("health-check"),
                HeaderValue::from_static("relayctl"),
            ),
            _ => Request::post(base.path(path))
                .json(&self.body(observables)?)
                .map_err(unreachable)?,
        };
        self.token.authorize(request, environment)
    }

    fn body(&self, observables: &[ObservableArgument]) -> Outcome<Value> {
        if self.snapshot.is_some() && self.route != RouteArgument::Observe {
            return Err(Failure::Usage("only observe finds what a snapshot shows.".to_owned()));
        }
        if self.route.takes_observables() && observables.is_empty() {
            return Err(none_named());
        }
        if self.route != RouteArgument::Trigger {
            return Ok(json!(observables));
        }
        let (Some(action), [observable], true) = (&self.action_id, observables, self.act) else {
            let text = "trigger needs one observable, --action-id and --act.";
            return Err(Failure::Usage(text.to_owned()));
        };
        let mut body = json!({
            "action-id": action,
            "observable_type": observable.kind,
            "observable_value": observable.value,
        });
        if let Some(indicator) = &self.indicator_id {
            body["indicator_id"] = json!(indicator);
        }
        Ok(body)
    }

    fn report_of(&self, observables: &[ObservableArgument], body: &str) -> Report {
        let route = self.route.to_possible_value();
        let route = route.as_ref().map_or("", |value| value.get_name());
        let answer = serde_json::from_str::<Value>(body).unwrap_or_default();
        let name = self.url.split_once("://").map_or(self.url.as_str(), |(_, name)| name);
        let product = ReportedProduct::new("relay", name, json!({route: answer}));
        Report::of(&format!("relayctl call {route}"), observables, [product])
    }

    fn not_a_relay(&self, status: u16, body: &str) -> Failure {
        let text = relay_core::one_line(body);
        Failure::Unreachable(format!("no relay answers at {} (status {status}): {text}", self.url))
    }

    fn print(
        &self,
        answer: &Answer,
        observables: &[ObservableArgument],
        duration: Duration,
    ) -> Outcome {
        if !answer.errors.is_empty() {
            line(table::errors(&answer.errors))?;
        }
        let text = |member: &Value| printable(member.as_str().unwrap_or("unknown"));
        match self.route {
            // Without data nothing is known; a table of zeros would say that nothing was found.
            route if route.takes_observables() && answer.data.is_null() => {}
            RouteArgument::Observe => line(table::found(observables, answer, None))?,
            RouteArgument::Deliberate => line(table::verdicts(observables, answer))?,
            RouteArgument::Refer if answer.is_empty_list() => line("There are no links.")?,
            RouteArgument::Refer => line(table::links(answer))?,
            RouteArgument::Respond if answer.is_empty_list() => line("There are no actions.")?,
            RouteArgument::Respond => line(table::actions(answer))?,
            RouteArgument::Health | RouteArgument::Trigger if answer.data.is_null() => {}
            RouteArgument::Health | RouteArgument::Trigger => {
                line(format!("Status: {}", text(&answer.data["status"])))?
            }
            RouteArgument::Version => line(format!("Version: {}", text(&answer.version)))?,
            RouteArgument::Watchdog => line("The relay is awake.")?,
        }
        self.print_unknown(observables, answer)?;
        line(format!("Answered in {} ms.", duration.as_millis()))
    }

    /// Names the observables of which nothing is known; the answer does not tell why.
    fn print_unknown(&self, observables: &[ObservableArgument], answer: &Answer) -> Outcome {
        let shows_them = matches!(self.route, RouteArgument::Observe | RouteArgument::Deliberate);
        if !shows_them || answer.has_failed() {
            return Ok(());
        }
        for one in observables.iter().filter(|one| !answer.knows(one)) {
            let (kind, value) = (&one.kind, printable(&one.value));
            line(format!(
                "Nothing was found about {value}, or the relay does not answer about the type {kind}."
            ))?;
        }
        Ok(())
    }
}
