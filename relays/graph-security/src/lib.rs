//! The Microsoft Graph Security relay: sightings of the alerts of Microsoft's security products.
//!
//! Alerts of `alerts_v2` are found and mapped by [`microsoft`], which the Defender relay uses as
//! well. This crate adds the choice of the backend and the legacy list, which Microsoft retires:
//! `client` reads its alerts, `mapping` makes sightings of them. Verdicts are Microsoft's reputations of
//! hosts.
//!
//! Specification: docs/relays/graph-security.md.

mod client;
mod config;
mod mapping;

use futures::future::join;
use microsoft::{Graph, SearchOptions, add_reputations};
use relay_core::{
    About, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Findings, Observable,
    ObservableType, Partial, ProductCategory, Relay, Result, RoutePolicies, RoutePolicy,
};

use client::Client;
use config::{Backend, Config};
use mapping::Mapper;

pub use config::Credentials;

/// The Microsoft Graph Security relay.
pub struct GraphSecurity {
    config: Config,
    /// Settings of Microsoft Graph, and what outlives a call: access tokens and the observable
    /// types that a tenant's service cannot filter by.
    graph: Graph,
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
            (ObservableType::Email, "email"),
            (ObservableType::Url, "URL"),
            (ObservableType::FileName, "file name"),
            (ObservableType::FilePath, "file path"),
            (ObservableType::Md5, "MD5"),
            (ObservableType::Sha1, "SHA1"),
            (ObservableType::Sha256, "SHA256"),
        ],
        policies: RoutePolicies {
            deliberate: RoutePolicy::BodyFirst,
            ..RoutePolicies::observe_only(RoutePolicy::BodyFirst)
        },
        invalid_body_code: "invalid argument",
        documentation: Documentation {
            title: "Microsoft Graph security API",
            url: "https://learn.microsoft.com/graph/api/resources/security-api-overview",
        },
        categories: &[ProductCategory::Siem],
        module_types: Some([
            "33fa22a5-3369-46eb-aa6b-3386984aaf0b",
            "9f88ce09-8fb9-4d97-a40a-eb82203845b5",
            "02aa3b5b-d1fd-4125-9fb8-167e3780ec09",
        ]),
    };

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self { config: Config::from_environment(environment)?, graph: Graph::new(environment)? })
    }

    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        self.graph.cloud().urls().to_vec()
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Client::new(&self.config, &self.graph, call)?.check().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, observables: &[Observable]) -> Findings {
        let client = match Client::new(&self.config, &self.graph, call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        let (source, namespace) = (Self::ABOUT.name, Self::ABOUT.namespace());
        let reputations = client.reputations(source, namespace, observables);
        let (mut findings, reputations) =
            join(sightings(&client, call, observables), reputations).await;
        add_reputations(&mut findings, reputations);
        findings
    }

    async fn deliberate(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Findings {
        match Client::new(&self.config, &self.graph, call) {
            Ok(client) => client.verdicts(observables).await,
            Err(error) => error.into(),
        }
    }
}

/// The alerts about the observables.
async fn sightings(
    client: &Client<'_>,
    call: &Call<'_, Credentials>,
    observables: &[Observable],
) -> Findings {
    let (source, namespace) = (GraphSecurity::ABOUT.name, GraphSecurity::ABOUT.namespace());
    if client.backend == Backend::AlertsV2 {
        let options = SearchOptions { source, namespace, service: None };
        return client.sightings(&options, observables).await;
    }
    let Partial { data, errors } = client.legacy_alerts(observables).await;
    let mapper = Mapper { source, namespace, tenant: call.credentials.tenant.as_str() };
    let map =
        |(observable, alerts): (&Observable, Vec<_>)| mapper.bundle(observable, &alerts).into();
    let mut findings = call.map_each(data, |(observable, _)| observable, map);
    findings.errors.splice(0..0, errors);
    findings
}
