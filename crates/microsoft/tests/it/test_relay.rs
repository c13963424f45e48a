//! A relay that observes the alerts of Defender for Endpoint, and runs a hunting query of its own
//! to deliberate.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use microsoft::{Account, Graph, SearchOptions, Service as AlertService, Tenant, kql};
use relay_core::{
    About, BadSetting, Call, Clock, Credentials, Documentation, Environment, Error, ErrorKind,
    Findings, Gateway, Incoming, Observable, ObservableType, Relay, Result, RoutePolicies,
    RoutePolicy, Secret, Service,
};
use sandbox::{
    Product, Sandbox,
    identity::{Tenant as SandboxTenant, app},
};
use serde::Deserialize;
use serde_json::Value;
use testkit::{
    TestResolver,
    token::{SECRET, Token},
};

pub(crate) struct Probe(Graph);

#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    tenant_id: Tenant,
    client_id: String,
    client_secret: Secret,
}

impl Credentials for Claims {
    fn secrets(&self) -> Vec<&Secret> {
        vec![&self.client_secret]
    }
}

impl Claims {
    fn account(&self) -> Account<'_> {
        Account {
            tenant: &self.tenant_id,
            client_id: &self.client_id,
            client_secret: &self.client_secret,
        }
    }
}

#[derive(Default, Deserialize)]
struct Row {
    #[serde(rename = "AlertId")]
    alert: String,
    #[serde(rename = "FileName")]
    file: String,
}

impl Relay for Probe {
    type Credentials = Claims;

    const ABOUT: About = About {
        name: "Probe",
        slug: "probe",
        version: "1.2.3",
        observables: &[
            (ObservableType::Ip, "IP"),
            (ObservableType::Sha256, "SHA256"),
            (ObservableType::FileName, "file name"),
        ],
        policies: RoutePolicies::all(RoutePolicy::BodyFirst),
        invalid_body_code: "invalid argument",
        documentation: Documentation { title: "Probe", url: "https://probe.example" },
        categories: &[],
        module_types: None,
    };

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Graph::new(environment).map(Self)
    }

    async fn health(&self, call: &Call<'_, Claims>) -> Result<()> {
        self.0.client(call, call.credentials.account())?.check_alerts().await
    }

    async fn observe(&self, call: &Call<'_, Claims>, observables: &[Observable]) -> Findings {
        let name = "A product by another name".to_owned();
        let options = SearchOptions {
            source: &name,
            namespace: Self::ABOUT.namespace(),
            service: Some(AlertService::DEFENDER_FOR_ENDPOINT),
        };
        match self.0.client(call, call.credentials.account()) {
            Ok(client) => client.sightings(&options, observables).await,
            Err(error) => error.into(),
        }
    }

    /// Returns the rows of a query of the relay's own as errors, the only place that is free for them.
    async fn deliberate(&self, call: &Call<'_, Claims>, observables: &[Observable]) -> Findings {
        let names = kql::list(observables.iter().map(|observable| observable.value.as_str()));
        let query = format!(
            "AlertEvidence | where FileName in~ ({names}) | project AlertId, FileName | sort by AlertId asc"
        );
        let rows = match self.0.client(call, call.credentials.account()) {
            Ok(client) => client.run_hunting_query::<Row>(&query).await,
            Err(error) => Err(error),
        };
        let warning = |row: Row| {
            Error::new(ErrorKind::Unexpected, format!("{} {}", row.alert, row.file)).as_warning()
        };
        match rows {
            Ok(rows) => {
                Findings { errors: rows.into_iter().map(warning).collect(), ..Findings::default() }
            }
            Err(error) => error.into(),
        }
    }
}

pub(crate) struct TestRelay {
    pub(crate) sandbox: Sandbox,
    service: Service<Probe>,
}

impl TestRelay {
    pub(crate) async fn with(strategy: &str) -> Self {
        let sandbox = Sandbox::start(Product::GraphSecurity).await.unwrap();
        let environment = Environment::of([
            ("SECRET_KEY", SECRET),
            ("GRAPH_BASE_URL", sandbox.url()),
            ("LOGIN_BASE_URL", sandbox.url()),
            ("GRAPH_V2_STRATEGY", strategy),
        ]);
        let clock = Clock::fixed("2026-10-31T09:00:00Z".parse().unwrap());
        let service =
            Service::with(&environment, clock, Arc::new(TestResolver::unknown())).await.unwrap();
        Self { sandbox, service }
    }

    pub(crate) async fn ask(
        &self,
        tenant: &SandboxTenant,
        path: &str,
        observables: &Value,
    ) -> Value {
        let claims = app::DEFENDER.claims("client_id", tenant);
        let token = Token::new().claims(claims).hs256(SECRET.as_bytes());
        let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
        let incoming = Incoming {
            method: Method::POST,
            path: path.to_owned(),
            headers: HeaderMap::from_iter([(AUTHORIZATION, bearer)]),
            body: observables.to_string().into(),
            gateway: Gateway::default(),
            request_id: "request-1".to_owned(),
            deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(20),
            trace: None,
        };
        serde_json::from_str(&self.service.answer(incoming).await.json()).unwrap()
    }
}
