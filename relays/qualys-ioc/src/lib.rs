//! The relay for Qualys IOC, today Qualys Endpoint Detection and Response.
//!
//! There are two searches of events, active and historical, which run side by side: for all hashes and
//! addresses together, for every other observable alone. The `client` sends them, `mapping` turns the events into CTIM entities.
//! Specification: docs/relays/qualys-ioc.md.

mod client;
mod config;
mod mapping;

use relay_core::{
    About, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Findings, Link,
    Observable, ObservableType, Partial, ProductCategory, Relay, Result, RoutePolicies,
    RoutePolicy, oauth::TokenCache,
};

/// The query writer, for property tests and fuzz targets.
#[doc(hidden)]
pub use client::query;
pub use config::Credentials;

use client::{Client, PathCache};
use config::Config;
use mapping::Mapper;

/// The Qualys IOC relay: its settings, the access tokens of its callers, and where their gateways have
/// the event search.
pub struct QualysIoc {
    config: Config,
    tokens: TokenCache,
    paths: PathCache,
}

impl Relay for QualysIoc {
    type Credentials = Credentials;

    const ABOUT: About = About {
        name: "Qualys IOC",
        slug: "qualys-ioc",
        version: env!("CARGO_PKG_VERSION"),
        observables: &[
            (ObservableType::Md5, "MD5"),
            (ObservableType::Sha256, "SHA256"),
            (ObservableType::FileName, "file name"),
            (ObservableType::FilePath, "file path"),
            (ObservableType::Ip, "IP"),
            (ObservableType::Ipv6, "IPv6"),
            (ObservableType::Domain, "domain"),
            (ObservableType::Mutex, "mutex"),
        ],
        policies: RoutePolicies {
            refer: RoutePolicy::BodyFirst,
            ..RoutePolicies::observe_only(RoutePolicy::BodyFirst)
        },
        invalid_body_code: "invalid argument",
        documentation: Documentation {
            title: "Qualys EDR API",
            url: "https://docs.qualys.com/en/edr/api/",
        },
        categories: &[ProductCategory::Edr],
        module_types: Some([
            "f0f6ecac-4861-40bc-bcef-753fd783aaed",
            "fe3d9bed-5741-44ed-99a6-8e2d27b377b0",
            "c1f02cc6-4821-4875-93e4-3c5d8b6b888e",
        ]),
    };

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            config: Config::from_environment(environment)?,
            tokens: TokenCache::default(),
            paths: PathCache::default(),
        })
    }

    fn fixed_urls(&self) -> Vec<&BaseUrl> {
        self.config.own_api_url().into_iter().collect()
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Client::new(&self.config, &self.tokens, &self.paths, call)?.health().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, observables: &[Observable]) -> Findings {
        let client = match Client::new(&self.config, &self.tokens, &self.paths, call) {
            Ok(client) => client,
            Err(error) => return error.into(),
        };
        let Partial { data: terms, errors } = query::search_terms(observables);
        let found = client.find(&terms).await;
        let mapper = Mapper::new(&self.config, call);
        let mut findings = call.map_each(
            terms.iter().zip(found),
            |(term, _)| term.observable,
            |(term, found)| {
                let mut findings = mapper.entities(term, found.data);
                findings.errors.splice(0..0, found.errors);
                findings
            },
        );
        findings.errors.splice(0..0, errors);
        findings
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        observables: &[Observable],
    ) -> Partial<Vec<Link>> {
        match self.config.platform_url(call) {
            Some(platform_url) => mapping::links(&platform_url, observables).into(),
            None => call.explain_missing(config::missing_platform_url()).into(),
        }
    }
}
