//! The MISP relay, specified in docs/relays/misp.md.
//!
//! `config` holds settings and claims, `equality` knows when a value of MISP is an observable,
//! `client` sends requests to MISP, `mapping` turns its events into CTIM entities, `investigation`
//! leads from one to the other, `actions` offers and does actions.

mod actions;
mod client;
mod config;
mod equality;
mod investigation;
mod mapping;

use relay_core::{
    About, Action, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Error, ErrorKind,
    Findings, Link, Observable, ObservableType, Partial, ProductCategory, Relay, Result,
    RoutePolicies, RoutePolicy, Trigger, ctim::Uri, url::escaped,
};

pub use config::Credentials;

use actions::{ActionKind, OfferedActions, scannable_url, urlscan::Urlscan};
use client::{Client, SightingType};
use config::Config;
use equality::{link_text, searched_texts};
use investigation::Investigation;
use mapping::{Mapper, attribute_ids};

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
        categories: &[ProductCategory::ThreatIntelligence],
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

    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        self.config.base_url.iter().collect()
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Client::new(&self.config, call)?.check().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, observables: &[Observable]) -> Findings {
        let client = match Client::new(&self.config, call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        let investigation = Investigation::new(&client, &self.config, call.limit);
        let found = investigation.observed(observables).await;
        let mapper = Mapper {
            relations_limit: found.relations_limit,
            ..self.mapper(call, client.base_url())
        };
        let mut findings = call.map_each(
            found.matches,
            |one| &one.observable,
            |one| mapper.observed(&one, &found.neighbours).into(),
        );
        findings.errors.splice(0..0, found.errors);
        findings
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
        let investigation = Investigation::new(&client, &self.config, call.limit);
        let found = investigation.deliberated(observables).await;
        let data = self.mapper(call, client.base_url()).deliberated(&found.matches);
        Findings { data, errors: found.errors }
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
            visibility: self.config.urlscan.visibility,
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
                self.add_sighting(call, observable, sighting_type).await
            }
            _ => Err(Trigger::unsupported()),
        }
    }
}

impl Misp {
    /// Reports on exactly the attributes that observe finds, docs/relays/misp.md#sightings.
    async fn add_sighting(
        &self,
        call: &Call<'_, Credentials>,
        observable: Observable,
        sighting_type: SightingType,
    ) -> Result<()> {
        if searched_texts(&observable).is_empty() {
            return Err(Trigger::unsupported());
        }
        let client = Client::new(&self.config, call)?;
        let investigation = Investigation::new(&client, &self.config, call.limit);
        let found = investigation.matched(std::slice::from_ref(&observable)).await;
        let ids = attribute_ids(&found.matches);
        match found.errors.into_iter().find(|error| !error.is_warning()) {
            Some(error) => Err(error),
            None if ids.is_empty() => Err(nothing_to_report_on()),
            None => client.add_sighting(&ids, sighting_type).await,
        }
    }

    fn mapper<'a>(&self, call: &Call<'_, Credentials>, base_url: &'a BaseUrl) -> Mapper<'a> {
        Mapper {
            namespace: Self::ABOUT.namespace(),
            source: Self::ABOUT.name,
            base_url: base_url.as_str(),
            events_page: Uri::parse(&[base_url.as_str(), "/events/view"].concat()),
            now: call.now,
            relations_limit: self.config.relations_limit,
        }
    }
}

fn nothing_to_report_on() -> Error {
    let message = "MISP did not add the sighting: it holds no attribute with this value that the key may see.";
    Error::new(ErrorKind::NotFound, message)
}

/// Returns a link to MISP's search, docs/relays/misp.md#links; none for a value that MISP would
/// not search for, and for a link that is too long for CTIM.
fn search_link(base_url: &BaseUrl, observable: &Observable) -> Option<Link> {
    let name = Misp::ABOUT.name_of(observable.kind)?;
    let searched = escaped(&link_text(observable)?);
    let base_url = base_url.as_str();
    Some(Link {
        id: format!("ref-misp-search-{}-{}", observable.kind, escaped(&observable.value)),
        title: format!("Search events with this {name}"),
        description: format!("Lookup events with this {name} on MISP"),
        url: Uri::parse(&format!("{base_url}/events/index/searchall:{searched}"))?,
        categories: vec!["Search", "MISP"],
    })
}
