//! The integration API of Threat Response: module types and their instances.
//!
//! Source: "Authentication" of the Cisco XDR developer documentation, and the IROH INT API 1.0.107.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header;
use relay_core::{BaseUrl, Environment, Http, Request, Response, Secret, url::Address};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    failure::{Failure, Outcome},
    region::Region,
    terminal::{progress::during, prompt},
    web::{asked, client, unreachable},
};

const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const SERVICE_NAME: &str = "Threat Response";
const INSTANCES: &[&str] = &["iroh", "iroh-int", "module-instance"];
const TYPES: &[&str] = &["iroh", "iroh-int", "module-type"];
/// Instances in one response.
const PAGE_SIZE: usize = 100;

/// A module in Threat Response.
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

/// A module to create.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct NewInstance {
    pub(super) name: String,
    pub(super) module_type_id: String,
    /// `org`, `user` or `global`.
    pub(super) visibility: String,
    pub(super) settings: Map<String, Value>,
}

/// Changes of a module; members that are left out stay.
#[derive(Debug, Default, Serialize)]
pub(super) struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) settings: Map<String, Value>,
}

/// A module type in Threat Response.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct StoredType {
    pub(super) id: String,
    title: String,
}

#[derive(Deserialize)]
struct AccessTokenResponse {
    access_token: String,
}

/// Threat Response after the login.
pub(super) struct ThreatResponse {
    http: Http,
    base: BaseUrl,
    token: Secret,
}

impl ThreatResponse {
    /// Logs in with the API client from the environment, or from questions at the terminal.
    pub(super) async fn login(region: Region, environment: &Environment) -> Outcome<Self> {
        let http = client(environment)?;
        let base = base(region, environment)?;
        let user = credential(environment, "TR_API_CLIENT_ID", prompt::open)?;
        let password = credential(environment, "TR_API_CLIENT_PASSWORD", prompt::hidden)?;
        let basic = Secret::new(STANDARD.encode(format!("{user}:{password}")));
        let basic = basic.ok_or_else(invalid_client)?.header("Basic ").map_err(unreachable)?;
        let request = Request::post(base.path("/iroh/oauth2/token"))
            .header(header::AUTHORIZATION, basic)
            .form(&[("grant_type", "client_credentials")]);
        let login = asked(&http, request, SERVICE_NAME, REQUEST_TIMEOUT);
        let response = during("Logging in", login).await?;
        if matches!(response.status(), 400 | 401) {
            return Err(invalid_client());
        }
        let granted: AccessTokenResponse = read(&response)?;
        let token = Secret::new(granted.access_token).ok_or_else(invalid_client)?;
        Ok(Self { http, base, token })
    }

    /// Returns the modules of this type, or all of them.
    pub(super) async fn instances(&self, module_type: Option<&str>) -> Outcome<Vec<Instance>> {
        let mut known: Vec<Instance> = Vec::new();
        loop {
            let mut request = Request::get(self.base.segments(INSTANCES).map_err(unreachable)?)
                .query("limit", &PAGE_SIZE.to_string())
                .query("offset", &known.len().to_string());
            if let Some(module_type) = module_type {
                request = request.query("module_type_id", module_type);
            }
            let page: Vec<Instance> = read(&self.send(request).await?)?;
            let count = page.len();
            // A server that ignores the offset returns the same instances again.
            let new = page.into_iter().filter(|one| known.iter().all(|other| other.id != one.id));
            let new: Vec<_> = new.collect();
            let is_last = count < PAGE_SIZE || new.is_empty();
            known.extend(new);
            if is_last {
                return Ok(known);
            }
        }
    }

    /// Returns the module with this name and type.
    pub(super) async fn find(&self, name: &str, module_type: &str) -> Outcome<Option<Instance>> {
        let instances = self.instances(Some(module_type)).await?;
        let is_it = |one: &Instance| one.name == name && one.module_type_id == module_type;
        Ok(instances.into_iter().find(is_it))
    }

    /// Creates a module.
    pub(super) async fn create(&self, new: &NewInstance) -> Outcome<Instance> {
        let request = Request::post(self.base.segments(INSTANCES).map_err(unreachable)?);
        read(&self.send(request.json(new).map_err(unreachable)?).await?)
    }

    /// Changes a module.
    pub(super) async fn change(&self, id: &str, change: &Change) -> Outcome<Instance> {
        let request =
            Request::patch(self.item(INSTANCES, id)?).json(change).map_err(unreachable)?;
        read(&self.send(request).await?)
    }

    /// Removes a module.
    pub(super) async fn remove(&self, id: &str) -> Outcome {
        let response = self.send(Request::delete(self.item(INSTANCES, id)?)).await?;
        if response.is_success() { Ok(()) } else { Err(rejection(&response)) }
    }

    /// Creates a module type.
    pub(super) async fn create_type(&self, new: &impl Serialize) -> Outcome<StoredType> {
        let request = Request::post(self.base.segments(TYPES).map_err(unreachable)?);
        read(&self.send(request.json(new).map_err(unreachable)?).await?)
    }

    /// Returns the members of a module type.
    pub(super) async fn module_type(&self, id: &str) -> Outcome<Map<String, Value>> {
        let response = self.send(Request::get(self.item(TYPES, id)?)).await?;
        if response.status() == 404 {
            let text =
                format!("there is no module type {id}; --push creates one and tells its id.");
            return Err(Failure::Refused(text));
        }
        read(&response)
    }

    /// Changes members of a module type; the others stay.
    pub(super) async fn change_type(
        &self,
        id: &str,
        change: &Map<String, Value>,
    ) -> Outcome<StoredType> {
        let request = Request::patch(self.item(TYPES, id)?).json(change).map_err(unreachable)?;
        read(&self.send(request).await?)
    }

    fn item(&self, collection: &[&str], id: &str) -> Outcome<Address> {
        self.base.segments(&[collection, &[id]].concat()).map_err(unreachable)
    }

    async fn send(&self, request: Request) -> Outcome<Response> {
        let bearer = self.token.header("Bearer ").map_err(unreachable)?;
        let request = request.header(header::AUTHORIZATION, bearer);
        during(SERVICE_NAME, asked(&self.http, request, SERVICE_NAME, REQUEST_TIMEOUT)).await
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
    prompt: impl Fn(&str) -> Outcome<Option<String>>,
) -> Outcome<String> {
    let set = environment.text(name).map(str::to_owned);
    let asked = if set.is_none() && prompt::can_ask() { prompt(name)? } else { None };
    set.or(asked).ok_or_else(|| {
        let text =
            "is missing; create an API client in Threat Response, with the scope integration.";
        Failure::Usage(format!("{name} {text}"))
    })
}

fn read<T: serde::de::DeserializeOwned>(response: &Response) -> Outcome<T> {
    if !response.is_success() {
        return Err(rejection(response));
    }
    response.json().map_err(|error| Failure::Refused(error.to_string()))
}

fn invalid_client() -> Failure {
    let text = "Threat Response does not know this API client: check TR_API_CLIENT_ID, TR_API_CLIENT_PASSWORD and the region.";
    Failure::Refused(text.to_owned())
}

fn rejection(response: &Response) -> Failure {
    let text = match response.status() {
        401 | 403 => {
            "the API client may not do this; give it the scope integration in Threat Response."
                .to_owned()
        }
        _ => response.refusal(None).to_string(),
    };
    Failure::Refused(text)
}
