//! The MISP relay, specified in docs/relays/misp.md.
//!
//! `config` holds settings and claims, `client` sends requests to MISP, `mapping` turns its events
//! into CTIM entities, `actions` offers and does actions.

mod actions;
mod client;
mod config;
mod mapping;

use relay_core::{
    About, Action, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Error, Findings,
    Link, Observable, ObservableType, Partial, Relay, Result, RoutePolicies, RoutePolicy, Trigger,
    ctim::Uri, url::escaped,
};

pub use config::Credentials;

use actions::{ActionKind, OfferedActions, scannable_url, urlscan::Urlscan};
use client::{
    Client,
    query::{EventTags, SearchValues, sighting_value},
};
use config::Config;
use mapping::{Mapper, MatchedObservable, Neighbours};

/// Types that are supported with `MISP_MORE_TYPES` only.
const MORE_TYPES: &[ObservableType] = &[
    ObservableType::Email,
    ObservableType::FileName,
    ObservableType::UserAgent,
    ObservableType::Mutex,
    ObservableType::RegistryKey,
];

/// The MISP relay.
pub struct Misp {
    config: Config,
}

impl Relay for Misp {
    type Credentials = Credentials;

    const ABOUT: About = About {
        name: "MISP",
        slug: "misp",
        version: env!("CARGO_PKG_VERSION"),
        observables: &[
            (ObservableType::Ip, "IP"),
            (ObservableType::Ipv6, "IPv6"),
            (ObservableType::Domain, "domain"),
            (ObservableType::Hostname, "hostname"),
            (ObservableType::Url, "URL"),
            (ObservableType::Md5, "MD5"),
            (ObservableType::Sha1, "SHA1"),
            (ObservableType::Sha256, "SHA256"),
            (ObservableType::Email, "email"),
            (ObservableType::FileName, "file name"),
            (ObservableType::UserAgent, "user agent"),
            (ObservableType::Mutex, "mutex"),
            (ObservableType::RegistryKey, "registry key"),
        ],
        policies: RoutePolicies::all(RoutePolicy::AuthFirst),
        invalid_body_code: "invalid argument",
        documentation: Documentation {
            title: "MISP documentation",
            url: "https://www.misp-project.org/documentation/",
        },
        module_types: None,
    };

    const CLAIMS: &'static [Claim] = config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self { config: Config::from_environment(environment)? })
    }

    fn supports(&self, kind: ObservableType) -> bool {
        let is_known = Self::ABOUT.name_of(kind).is_some();
        is_known && (self.config.has_more_types || !MORE_TYPES.contains(&kind))
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Client::new(&self.config, call)?.check_version().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, observables: &[Observable]) -> Findings {
        let client = match Client::new(&self.config, call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        let Partial { data: matches, mut errors } =
            search(&client, call, observables, EventTags::Include).await;
        let neighbours = match self.config.relations_limit {
            0 => Partial::default(),
            _ => {
                let event_ids = mapping::event_ids(&matches);
                client.search_by_events(&event_ids, mapping::ATTRIBUTE_TYPES).await
            }
        };
        // One is enough to say that relations are missing.
        errors.extend(neighbours.errors.into_iter().next().map(without_relations));
        let neighbours = Neighbours::new(&neighbours.data);
        let data = self.mapper(call, client.base_url()).observed(&matches, &neighbours);
        Findings { data, errors }
    }

    async fn deliberate(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Findings {
        let client = match Client::new(&self.config, call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        let Partial { data: matches, errors } =
            search(&client, call, observables, EventTags::Omit).await;
        let data = self.mapper(call, client.base_url()).deliberated(&matches);
        Findings { data, errors }
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Partial<Vec<Link>> {
        let base_url = match self.config.base_url_for(call) {
            Ok(base_url) => base_url,
            Err(error) => return error.into(),
        };
        let links = observables.iter().filter_map(|observable| search_link(&base_url, observable));
        links.collect::<Vec<_>>().into()
    }

    async fn respond(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Partial<Vec<Action>> {
        let offered = OfferedActions {
            has_scan: self.config.urlscan.api_key_for(call).is_some(),
            has_sightings: self.config.has_sightings,
        };
        let actions = observables.iter().flat_map(|one| offered.for_observable(one));
        actions.collect::<Vec<_>>().into()
    }

    async fn trigger(&self, call: &Call<'_, Credentials>, trigger: &Trigger) -> Result<()> {
        let observable = trigger.observable().filter(|one| self.supports(one.kind));
        let observable = observable.ok_or_else(Trigger::unsupported)?;
        match ActionKind::from_id(&trigger.action_id) {
            Some(ActionKind::Scan) => {
                let url = scannable_url(&observable).ok_or_else(Trigger::unsupported)?;
                Urlscan::new(&self.config.urlscan, call).scan(&url).await
            }
            Some(ActionKind::Sighting(sighting_type)) if self.config.has_sightings => {
                let value = sighting_value(&observable).ok_or_else(Trigger::unsupported)?;
                Client::new(&self.config, call)?.add_sighting(&value, sighting_type).await
            }
            _ => Err(Trigger::unsupported()),
        }
    }
}

impl Misp {
    fn mapper<'a>(&self, call: &Call<'_, Credentials>, base_url: &'a BaseUrl) -> Mapper<'a> {
        Mapper {
            namespace: Self::ABOUT.namespace(),
            source: Self::ABOUT.name,
            base_url: base_url.as_str(),
            now: call.now,
            relations_limit: self.config.relations_limit,
        }
    }
}

/// Searches for all observables at once and returns the events that each was found in.
async fn search(
    client: &Client<'_>,
    call: &Call<'_, Credentials>,
    observables: &[Observable],
    tags: EventTags,
) -> Partial<Vec<MatchedObservable>> {
    let search = SearchValues::of(observables);
    let mut found = client.search_by_values(&search.values, observables.len(), tags).await;
    found.errors.extend(search.warning);
    let matches = MatchedObservable::all(observables, found.data, call.limit);
    Partial { data: matches, errors: found.errors }
}

fn without_relations(error: Error) -> Error {
    error.with_preface("Relations are missing from the answer.").as_warning()
}

/// Returns a link to MISP's search, docs/relays/misp.md#links; none for a value that MISP would
/// not search for, and for a link that is too long for CTIM.
fn search_link(base_url: &BaseUrl, observable: &Observable) -> Option<Link> {
    if matches!(observable.value.trim(), "" | "0") {
        return None;
    }
    let name = Misp::ABOUT.name_of(observable.kind)?;
    let value = escaped(&observable.value);
    Some(Link {
        id: format!("ref-misp-search-{}-{value}", observable.kind),
        title: format!("Search events with this {name}"),
        description: format!("Lookup events with this {name} on MISP"),
        url: Uri::parse(&format!("{}/events/index/searchall:{value}", base_url.as_str()))?,
        categories: vec!["Search", "MISP"],
    })
}
