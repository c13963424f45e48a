//! One of the two relays that are compared: deployed, or its recorded answers.

use std::{collections::BTreeMap, path::Path};

use clap::ValueEnum;
use relay_core::{BaseUrl, Environment, Http, Request, Route};
use serde::Serialize;
use serde_json::{Value, json};

use super::answers::Answers;
use crate::{
    call::CALL_TIMEOUT,
    failure::{Failure, Outcome},
    local_relay::method_and_path,
    observable::ObservableArgument,
    token::{TokenSource, read},
    web::{asked, client, unreachable},
};

/// So few that a Python relay, which asks its product about one after the other, answers before its
/// gateway gives up.
const AT_ONCE: usize = 5;

/// The routes that tell something about observables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ComparedRoute {
    Observe,
    Deliberate,
    Refer,
    Respond,
}

impl ComparedRoute {
    pub(super) const ALL: [Self; 4] = [Self::Observe, Self::Deliberate, Self::Refer, Self::Respond];

    fn route(self) -> Route {
        match self {
            Self::Observe => Route::Observe,
            Self::Deliberate => Route::Deliberate,
            Self::Refer => Route::Refer,
            Self::Respond => Route::Respond,
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.route().name()
    }
}

/// Where answers come from.
pub(super) enum Side {
    Relay(Box<DeployedRelay>),
    Recording(BTreeMap<String, Value>),
}

/// A relay at a URL, and what is needed to ask it.
pub(super) struct DeployedRelay {
    base: BaseUrl,
    token: TokenSource,
    environment: Environment,
    http: Http,
}

impl Side {
    /// Returns the relay at a URL, or the answers in a file.
    pub(super) fn of(place: &str, token: TokenSource, environment: &Environment) -> Outcome<Self> {
        if let Some(base) = BaseUrl::from_environment(place) {
            let environment = environment.clone();
            let http = client(&environment)?;
            return Ok(Self::Relay(Box::new(DeployedRelay { base, token, environment, http })));
        }
        if place.contains("://") {
            let text = "the URL must be https, or http on loopback.";
            return Err(Failure::Usage(text.to_owned()));
        }
        let bad = || {
            Failure::Usage(format!(
                "{place} holds no answers of a relay: it must be the JSON of an answer, or an object with answers by their routes."
            ))
        };
        let recorded: BTreeMap<String, Value> =
            serde_json::from_str(&read(Path::new(place))?).map_err(|_| bad())?;
        if recorded.contains_key("data") || recorded.contains_key("errors") {
            // The answer itself, as `relayctl call URL observe --json` prints it.
            let answer = Value::Object(recorded.into_iter().collect());
            return Ok(Self::Recording([("observe".to_owned(), answer)].into()));
        }
        let known = |route: &ComparedRoute| recorded.contains_key(route.name());
        if !ComparedRoute::ALL.iter().any(known) {
            return Err(bad());
        }
        Ok(Self::Recording(recorded))
    }

    /// Whether it can tell what the route answers; a recording may be of some routes only.
    pub(super) fn tells(&self, route: ComparedRoute) -> bool {
        match self {
            Self::Relay(_) => true,
            Self::Recording(recorded) => recorded.contains_key(route.name()),
        }
    }

    /// Returns what is answered about the observables.
    pub(super) async fn answers(
        &self,
        route: ComparedRoute,
        observables: &[ObservableArgument],
    ) -> Outcome<Answers> {
        let mut answers = Answers::default();
        match self {
            Self::Recording(recorded) => {
                if let Some(body) = recorded.get(route.name()) {
                    answers.push(body.clone(), "the recording")?;
                }
            }
            Self::Relay(relay) => {
                for some in observables.chunks(AT_ONCE) {
                    if let Some(body) = relay.asked(route, some).await? {
                        answers.push(body, relay.base.as_str())?;
                    }
                }
            }
        }
        Ok(answers)
    }
}

impl DeployedRelay {
    /// Asks a relay; nothing where it does not have the route.
    async fn asked(
        &self,
        route: ComparedRoute,
        observables: &[ObservableArgument],
    ) -> Outcome<Option<Value>> {
        let Self { base, token, environment, http } = self;
        let (_, path) = method_and_path(route.route());
        let request =
            Request::post(base.path(path)).json(&json!(observables)).map_err(unreachable)?;
        let request = token.authorize(request, environment)?;
        let response = asked(http, request, "The relay", CALL_TIMEOUT).await?;
        let body = String::from_utf8_lossy(response.body()).into_owned();
        match response.status() {
            200 => {
                Ok(Some(serde_json::from_str(&body).map_err(|_| not_a_relay(base, 200, &body))?))
            }
            404 => Ok(None),
            // What a Python relay could not cope with: a failure of this request, not of the place.
            status @ 500.. => Ok(Some(failed(status, &body))),
            status => Err(not_a_relay(base, status, &body)),
        }
    }
}

/// Returns the answer that stands for a failed request.
fn failed(status: u16, body: &str) -> Value {
    let code = format!("status {status}");
    json!({"errors": [{"type": "fatal", "code": code, "message": relay_core::one_line(body)}]})
}

fn not_a_relay(base: &BaseUrl, status: u16, body: &str) -> Failure {
    let text = relay_core::one_line(body);
    Failure::Unreachable(format!("no relay answers at {} (status {status}): {text}", base.as_str()))
}
