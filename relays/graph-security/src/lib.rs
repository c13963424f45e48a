//! The Microsoft Graph Security relay: facts about it, and which backend answers.
//!
//! Alerts of today come from `microsoft`. `api` speaks the legacy alerts, which Microsoft
//! retires, and `map` makes sightings of them.

mod client;
mod config;
mod mapping;

use relay_core::{
    About, BadSetting, Call, Claim, Documentation, Environment, Findings, Observable,
    ObservableType, Relay, Result, RoutePolicies, RoutePolicy,
};

use microsoft::{Graph, Permission, Reporter, Session};

use config::Backend;
pub use config::Credentials;

/// The Microsoft Graph Security relay.
pub struct GraphSecurity {
    graph: Graph,
    /// Where alerts come from when the token does not say.
    backend: Backend,
}

impl Relay for GraphSecurity {
    type Credentials = Credentials;

    const ABOUT: About = About {
        name: "Microsoft Graph Security",
        slug: "graph-security",
        version: env!("CARGO_PKG_VERSION"),
        observables: &[
            (ObservableType::Ip, "IP"),
            (ObservableType::Ipv6, "IPv6"),
            (ObservableType::Domain, "domain"),
            (ObservableType::Hostname, "hostname"),
            (ObservableType::Url, "URL"),
            (ObservableType::FileName, "file name"),
            (ObservableType::FilePath, "file path"),
            (ObservableType::Md5, "MD5"),
            (ObservableType::Sha1, "SHA1"),
            (ObservableType::Sha256, "SHA256"),
        ],
        policies: RoutePolicies::observe_only(RoutePolicy::BodyFirst),
        invalid_body_code: "invalid argument",
        documentation: Documentation {
            title: "Microsoft Graph security API",
            url: "https://learn.microsoft.com/graph/api/resources/security-api-overview",
        },
        module_types: Some([
            "33fa22a5-3369-46eb-aa6b-3386984aaf0b",
            "9f88ce09-8fb9-4d97-a40a-eb82203845b5",
            "02aa3b5b-d1fd-4125-9fb8-167e3780ec09",
        ]),
    };

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    /// Settings: those of [`Graph::new`], and `GRAPH_BACKEND` (`alerts_v2` or `alerts`).
    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            graph: Graph::new(environment)?,
            backend: Backend::from_environment(environment)?,
        })
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        let session = self.session(call)?;
        match self.backend(call) {
            Backend::AlertsV2 => session.check_alerts().await,
            Backend::Alerts => session.check("/v1.0/security/alerts", Permission::ReadEvents).await,
        }
    }

    async fn observe(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        let session = match self.session(call) {
            Ok(session) => session,
            Err(error) => return error.into(),
        };
        match self.backend(call) {
            Backend::AlertsV2 => session.sightings(&reporter(), wanted).await,
            Backend::Alerts => legacy_sightings(call, &session, wanted).await,
        }
    }
}

impl GraphSecurity {
    fn session<'a>(&'a self, call: &'a Call<'a, Credentials>) -> Result<Session<'a, Credentials>> {
        self.graph.session(call, call.credentials.account())
    }

    fn backend(&self, call: &Call<'_, Credentials>) -> Backend {
        call.credentials.backend.unwrap_or(self.backend)
    }
}

fn reporter() -> Reporter<'static> {
    let about = GraphSecurity::ABOUT;
    Reporter { source: about.name, namespace: about.namespace(), only: None }
}

async fn legacy_sightings(
    call: &Call<'_, Credentials>,
    session: &Session<'_, Credentials>,
    wanted: &[Observable],
) -> Findings {
    let found = client::alerts(session, wanted, call.limit).await;
    let mut findings = Findings { errors: found.errors, ..Findings::default() };
    let maker = mapping::Maker { reporter: reporter(), tenant: call.credentials.tenant.as_str() };
    for (observable, alerts) in found.data {
        let sightings = alerts.iter().filter_map(|alert| maker.sighting(observable, alert));
        sightings.for_each(|sighting| findings.data.add_sighting(sighting));
    }
    findings
}
