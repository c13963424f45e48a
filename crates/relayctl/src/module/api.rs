//! Threat Response's integration API: its module instances.
//!
//! Source: "Authentication" of the Cisco XDR developer documentation, and the IROH INT API 1.0.107.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header;
use relay_core::{BaseUrl, Environment, Http, Request, Response, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    failure::{Failure, Outcome},
    region::Region,
    terminal::{progress::during, prompt},
    web::{client, unreachable},
};

const PATIENCE: Duration = Duration::from_secs(15);
const WHOM: &str = "Threat Response";
const INSTANCES: &[&str] = &["iroh", "iroh-int", "module-instance"];
/// Instances asked for at a time.
const PAGE: usize = 100;

/// A module as Threat Response keeps it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) module_type_id: String,
    #[serde(default)]
    pub(super) enabled: bool,
    #[serde(default, skip_serializing)]
    pub(super) settings: Map<String, Value>,
}

/// A module to be.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct NewInstance {
    pub(super) name: String,
    pub(super) module_type_id: String,
    /// `org`, `user` or `global`.
    pub(super) visibility: String,
    pub(super) settings: Map<String, Value>,
}

/// What changes of a module; what is not named stays.
#[derive(Debug, Default, Serialize)]
pub(super) struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) settings: Map<String, Value>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// Threat Response, logged in.
pub(super) struct ThreatResponse {
    http: Http,
    base: BaseUrl,
    token: Secret,
}

impl ThreatResponse {
    /// Logs in with the API client of the environment, or of the person at the terminal.
    pub(super) async fn login(region: Region, environment: &Environment) -> Outcome<Self> {
        let http = client(environment)?;
        let base = base(region, environment)?;
        let user = credential(environment, "TR_API_CLIENT_ID", prompt::open)?;
        let password = credential(environment, "TR_API_CLIENT_PASSWORD", prompt::hidden)?;
        let basic = Secret::new(STANDARD.encode(format!("{user}:{password}")));
        let basic = basic.ok_or_else(no_login)?.header("Basic ").map_err(unreachable)?;
        let request = Request::post(base.path("/iroh/oauth2/token"))
            .header(header::AUTHORIZATION, basic)
            .form(&[("grant_type", "client_credentials")]);
        let answer = during("Logging in", http.ask(request, WHOM, PATIENCE)).await;
        let answer = answer.map_err(unreachable)?;
        if matches!(answer.status(), 400 | 401) {
            return Err(no_login());
        }
        let granted: Granted = read(&answer)?;
        let token = Secret::new(granted.access_token).ok_or_else(no_login)?;
        Ok(Self { http, base, token })
    }

    /// The modules of this type, or all of them.
    pub(super) async fn instances(&self, module_type: Option<&str>) -> Outcome<Vec<Instance>> {
        let mut known: Vec<Instance> = Vec::new();
        loop {
            let mut request = Request::get(self.base.segments(INSTANCES).map_err(unreachable)?)
                .query("limit", &PAGE.to_string())
                .query("offset", &known.len().to_string());
            if let Some(module_type) = module_type {
                request = request.query("module_type_id", module_type);
            }
            let page: Vec<Instance> = read(&self.ask(request).await?)?;
            let count = page.len();
            // A server that pays no heed to the offset sends the same ones again.
            let new = page.into_iter().filter(|one| known.iter().all(|other| other.id != one.id));
            let new: Vec<_> = new.collect();
            let is_last = count < PAGE || new.is_empty();
            known.extend(new);
            if is_last {
                return Ok(known);
            }
        }
    }

    /// The module of this name and type.
    pub(super) async fn find(&self, name: &str, module_type: &str) -> Outcome<Option<Instance>> {
        let instances = self.instances(Some(module_type)).await?;
        let is_it = |one: &Instance| one.name == name && one.module_type_id == module_type;
        Ok(instances.into_iter().find(is_it))
    }

    /// The module of this name and type, which has to be there.
    pub(super) async fn demand(&self, name: &str, module_type: &str) -> Outcome<Instance> {
        let found = self.find(name, module_type).await?;
        let text = || {
            format!(
                "there is no module \"{name}\" of type {module_type}; relayctl module list shows all."
            )
        };
        found.ok_or_else(|| Failure::Refused(text()))
    }

    /// Creates a module.
    pub(super) async fn create(&self, new: &NewInstance) -> Outcome<Instance> {
        let request = Request::post(self.base.segments(INSTANCES).map_err(unreachable)?);
        read(&self.ask(request.json(new).map_err(unreachable)?).await?)
    }

    /// Changes a module.
    pub(super) async fn change(&self, id: &str, change: &Change) -> Outcome<Instance> {
        let request = Request::patch(self.address(id)?).json(change).map_err(unreachable)?;
        read(&self.ask(request).await?)
    }

    /// Removes a module.
    pub(super) async fn remove(&self, id: &str) -> Outcome {
        let answer = self.ask(Request::delete(self.address(id)?)).await?;
        if answer.is_success() { Ok(()) } else { Err(refusal(&answer)) }
    }

    fn address(&self, id: &str) -> Outcome<relay_core::http::Address> {
        self.base.segments(&[INSTANCES, &[id]].concat()).map_err(unreachable)
    }

    async fn ask(&self, request: Request) -> Outcome<Response> {
        let bearer = self.token.header("Bearer ").map_err(unreachable)?;
        let request = request.header(header::AUTHORIZATION, bearer);
        during(WHOM, self.http.ask(request, WHOM, PATIENCE)).await.map_err(unreachable)
    }
}

fn base(region: Region, environment: &Environment) -> Outcome<BaseUrl> {
    if let Some(url) = environment.url("TR_API_URL")? {
        return Ok(url);
    }
    let url = BaseUrl::well_known(&format!("https://{}", region.host()));
    url.ok_or_else(|| Failure::Usage(format!("{} has no address.", region.name())))
}

fn credential(
    environment: &Environment,
    name: &str,
    ask: impl Fn(&str) -> Outcome<Option<String>>,
) -> Outcome<String> {
    let set = environment.text(name).map(str::to_owned);
    let asked = if set.is_none() && prompt::can_ask() { ask(name)? } else { None };
    set.or(asked).ok_or_else(|| {
        let text =
            "is missing; create an API client in Threat Response, with the scope integration.";
        Failure::Usage(format!("{name} {text}"))
    })
}

fn read<T: serde::de::DeserializeOwned>(answer: &Response) -> Outcome<T> {
    if !answer.is_success() {
        return Err(refusal(answer));
    }
    answer.json().map_err(|error| Failure::Refused(error.to_string()))
}

fn no_login() -> Failure {
    let text = "Threat Response does not know this API client: check TR_API_CLIENT_ID, TR_API_CLIENT_PASSWORD and the region.";
    Failure::Refused(text.to_owned())
}

fn refusal(answer: &Response) -> Failure {
    let text = match answer.status() {
        401 | 403 => {
            "the API client may not do this; give it the scope integration in Threat Response."
                .to_owned()
        }
        _ => answer.refusal(None).to_string(),
    };
    Failure::Refused(text)
}
