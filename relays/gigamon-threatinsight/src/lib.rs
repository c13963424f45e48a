//! The relay for Gigamon ThreatINSIGHT, today Fortinet FortiNDR Cloud.
//!
//! Each observable's active detections are read with their events, and the event search, a few
//! queries for all observables, adds what no detection covers; one device look-up names the internal devices of all events. The `client`
//! sends the requests, `mapping` turns the events into CTIM entities.
//! Specification: docs/relays/gigamon-threatinsight.md.

mod client;
mod config;
mod mapping;

use relay_core::{
    About, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Findings, Link,
    Observable, ObservableType, Partial, ProductCategory, Relay, Result, RoutePolicies,
    RoutePolicy,
};

/// The query writer, for property tests and fuzz targets.
#[doc(hidden)]
pub use client::query;
pub use config::Credentials;

use client::{Client, FamilyCache};
use config::Config;
use mapping::Mapper;
use query::SearchTerm;

/// How many facts about families are kept; two for each base and key.
const MAX_CACHE_ENTRIES: usize = 1000;

/// The Gigamon ThreatINSIGHT relay: its settings, and what is known of each key's API.
pub struct GigamonThreatinsight {
    config: Config,
    cache: FamilyCache,
}

impl Relay for GigamonThreatinsight {
    type Credentials = Credentials;

    const ABOUT: About = About {
        name: "Gigamon ThreatINSIGHT",
        slug: "gigamon-threatinsight",
        version: env!("CARGO_PKG_VERSION"),
        observables: &[
            (ObservableType::Ip, "IP"),
            (ObservableType::Ipv6, "IPv6"),
            (ObservableType::Domain, "domain"),
            (ObservableType::Md5, "MD5"),
            (ObservableType::Sha1, "SHA1"),
            (ObservableType::Sha256, "SHA256"),
        ],
        policies: RoutePolicies {
            refer: RoutePolicy::TokenOptional,
            ..RoutePolicies::observe_only(RoutePolicy::BodyFirst)
        },
        invalid_body_code: "invalid payload received",
        documentation: Documentation {
            title: "FortiNDR Cloud documentation",
            url: "https://docs.fortinet.com/product/fortindr-cloud",
        },
        categories: &[ProductCategory::Ndr],
        module_types: Some([
            "f4b2cf01-0447-436e-8dc1-b0b15049888b",
            "cdf11c33-0891-491a-8e36-201e4decd3d0",
            "904e961f-ff81-48f5-aeb0-5c033e2054b7",
        ]),
    };

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let cache = FamilyCache::new(MAX_CACHE_ENTRIES);
        Ok(Self { config: Config::from_environment(environment)?, cache })
    }

    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        self.config.bases(None).of_api()
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Client::new(&self.config, &self.cache, call)?.health().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, observables: &[Observable]) -> Findings {
        let client = match Client::new(&self.config, &self.cache, call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        // The families have hosts of their own; after a freeze they are connected side by side.
        call.open_connections(&self.config.bases(call.credentials.region).of_api());
        let terms: Vec<_> = observables.iter().filter_map(SearchTerm::of).collect();
        let found = terms.iter().zip(client.events(&terms).await);
        let selected: Vec<_> =
            found.map(|(term, found)| mapping::select(term, found, call.limit)).collect();
        let addresses = mapping::internal_addresses(selected.iter().flat_map(|all| &all.data));
        let leases = client.leases(&addresses).await;
        let mapper = Mapper::new(&self.config.bases(call.credentials.region).portal, leases.data);
        let mut findings = call.map_each(
            terms.iter().zip(selected),
            |(term, _)| term.observable,
            |(term, selected)| Findings {
                data: mapper.entities(term, &selected.data),
                errors: selected.errors,
            },
        );
        findings.errors.extend(leases.errors);
        findings
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Partial<Vec<Link>> {
        mapping::links(&self.config.bases(call.credentials.region).portal, observables).into()
    }

    fn refer_by_settings(&self, observables: &[Observable]) -> Partial<Vec<Link>> {
        mapping::links(&self.config.bases(None).portal, observables).into()
    }
}
