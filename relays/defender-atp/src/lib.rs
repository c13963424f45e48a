//! Microsoft Defender for Endpoint behind the Threat Response routes.
//!
//! `client` decides which backend is asked and how many requests it may cost, `mapping` turns the
//! product's records into CTIM, and `actions` offers and does what can be done.
//! [`microsoft::defender`] sends the requests.
//!
//! Specification: docs/relays/defender-atp.md.

mod actions;
mod client;
mod config;
mod mapping;

use futures::{FutureExt, future::join};
use microsoft::{
    Graph, add_reputations,
    defender::{Defender, NormalizedObservable},
};
use relay_core::{
    About, Action, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Findings, Link,
    Observable, ObservableType, Partial, ProductCategory, Relay, Result, RoutePolicies,
    RoutePolicy, Trigger,
};

use client::{Alerts, Client, Events};
pub use config::Credentials;
use config::{Backend, Config};
use mapping::Mapper;

const ABOUT: About = About {
    name: "Microsoft Defender for Endpoint",
    slug: "defender-atp",
    version: env!("CARGO_PKG_VERSION"),
    observables: &[
        (ObservableType::Sha1, "SHA1"),
        (ObservableType::Sha256, "SHA256"),
        (ObservableType::Md5, "MD5"),
        (ObservableType::Ip, "IP"),
        (ObservableType::Ipv6, "IPV6"),
        (ObservableType::Domain, "Domain"),
        (ObservableType::Url, "URL"),
        (ObservableType::MsMachineId, "device"),
    ],
    policies: RoutePolicies::all(RoutePolicy::BodyFirst),
    invalid_body_code: "invalid payload",
    documentation: Documentation {
        title: "Microsoft Defender for Endpoint API",
        url: "https://learn.microsoft.com/defender-endpoint/api/apis-intro",
    },
    categories: &[ProductCategory::Edr],
    module_types: Some([
        "564f6f99-b94a-4605-8280-a679c0e26074",
        "63f880fc-2b04-4b4c-b48d-9c44d9cb4e02",
        "e6507218-ad69-4306-853f-dd5a37771f5e",
    ]),
};

/// The relay: settings, and the two APIs with their caches.
#[derive(Debug)]
pub struct DefenderAtp {
    config: Config,
    defender: Defender,
    graph: Graph,
}

impl Relay for DefenderAtp {
    type Credentials = Credentials;

    const ABOUT: About = ABOUT;

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            config: Config::from_environment(environment)?,
            defender: Defender::new(environment)?,
            graph: Graph::new(environment)?,
        })
    }

    fn product_name(&self) -> &str {
        &self.config.product_name
    }

    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        let own = (self.config.backend != Backend::Graph).then(|| self.defender.url());
        self.graph.cloud().urls().into_iter().chain(own).collect()
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        self.client(call)?.check_alerts().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, observables: &[Observable]) -> Findings {
        let client = match self.client(call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        let observed = observables.iter().filter_map(NormalizedObservable::new);
        let observed: Vec<_> = observed.filter(NormalizedObservable::is_observed).collect();
        let (mut findings, reputations) =
            join(sightings(&client, &observed), client.reputations(observables)).await;
        add_reputations(&mut findings, reputations);
        findings
    }

    async fn deliberate(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Findings {
        match self.client(call) {
            Ok(client) => client.verdicts(observables).await,
            Err(error) => error.into(),
        }
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Partial<Vec<Link>> {
        if self.config.only_seed_features {
            return Partial::default();
        }
        let mapper = Mapper::new(&self.config, call);
        let observables = observables.iter().filter_map(NormalizedObservable::new);
        observables.filter_map(|observable| mapper.link(&observable)).collect::<Vec<_>>().into()
    }

    async fn respond(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Partial<Vec<Action>> {
        if self.config.only_seed_features {
            return Partial::default();
        }
        match self.client(call) {
            Ok(client) => actions::offers(&client, observables).await,
            Err(error) => error.into(),
        }
    }

    async fn trigger(&self, call: &Call<'_, Credentials>, trigger: &Trigger) -> Result<()> {
        self.client(call)?.perform(trigger).await
    }
}

impl DefenderAtp {
    fn client<'a>(&'a self, call: &'a Call<'a, Credentials>) -> Result<Client<'a>> {
        Client::new(&self.config, &self.defender, &self.graph, call)
    }
}

/// The alerts and events about the observables.
async fn sightings(client: &Client<'_>, observables: &[NormalizedObservable<'_>]) -> Findings {
    if observables.is_empty() {
        return Findings::default();
    }
    let plan = client.plan(observables);
    // Alerts and events both need the SHA-1 hashes that the files' profiles hold.
    let profiles = client.profiles(&plan).shared();
    // Hunting is the slowest request, so it is the first.
    let (mut events, alerts) = join(
        client.events(observables, &plan, profiles.clone()),
        client.alerts(observables, &plan, profiles),
    )
    .await;
    let Partial { data: alerts, mut errors } = alerts;
    // Alerts of Graph name hashes that no profile told.
    client.add_events(&mut events, observables, &alerts.sha1s()).await;
    errors.extend(client.hunting_warnings(&events, observables, &errors));

    let mut findings = mapped(client, observables, alerts, &events);
    findings.errors.splice(0..0, errors);
    findings
}

/// For each observable its alerts, then its events, together no more than the limit.
fn mapped(
    client: &Client<'_>,
    observables: &[NormalizedObservable<'_>],
    mut alerts: Alerts<'_>,
    events: &Events,
) -> Findings {
    let mapper = Mapper::new(client.config, client.call);
    let options = client.search_options();
    let found = observables.iter().enumerate();
    let found = found.filter(|(index, it)| alerts.has_any(*index) || events.has_any(it));
    let found: Vec<_> = found.collect();
    let map = |(index, observable): (usize, &NormalizedObservable<'_>)| {
        let mut findings = Findings::default();
        let alerts = alerts.sightings(index, observable, &mapper, &options);
        let left = client.call.limit.saturating_sub(alerts.len());
        let of_events = events.about(observable).into_iter();
        let of_events = of_events.map(|(at, event)| mapper.event(observable, event, at));
        let sightings = alerts.into_iter().chain(of_events.take(left));
        sightings.for_each(|sighting| findings.data.add_sighting(sighting));
        findings
    };
    client.call.map_each(found, |(_, it)| it.observable, map)
}
