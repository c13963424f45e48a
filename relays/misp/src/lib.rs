//! The MISP relay: facts about it, credentials and settings, and what each route asks.
//!
//! `api` speaks MISP, `urlscan` speaks urlscan.io, `attribution` finds out which observable
//! a row of MISP belongs to, `map` speaks CTIM, `respond` offers actions.

mod actions;
mod client;
mod config;
mod mapping;

use relay_core::{
    About, Action, BadSetting, BaseUrl, Call, Claim, Documentation, Environment, Error, ErrorKind,
    Findings, Link, Observable, ObservableType, Partial, Relay, Result, RoutePolicies, RoutePolicy,
    Trigger, ctim::Uri, http::escaped,
};

pub use config::Credentials;

use client::Api;
use config::Settings;
use mapping::Subject;

/// The MISP relay.
pub struct Misp {
    settings: Settings,
}

const MORE_TYPES: &[ObservableType] = &[
    ObservableType::Email,
    ObservableType::FileName,
    ObservableType::UserAgent,
    ObservableType::Mutex,
    ObservableType::RegistryKey,
];

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

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self { settings: Settings::read(environment)? })
    }

    fn supports(&self, kind: ObservableType) -> bool {
        let known = Self::ABOUT.name_of(kind).is_some();
        known && (self.settings.more_types || !MORE_TYPES.contains(&kind))
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Api::new(call, self.host(call)?)?.version().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        match self.subjects(call, wanted, client::Tags::OfEvents).await {
            Ok((api, subjects, mut errors)) => {
                let neighbours = match self.settings.relations_limit {
                    0 => Partial::default(),
                    _ => api.neighbours(&mapping::event_ids(&subjects)).await,
                };
                // One is enough to say that relations are missing.
                errors.extend(neighbours.errors.into_iter().next().map(without_relations));
                let neighbourhood = mapping::Neighbourhood::new(&neighbours.data);
                let maker = self.maker(call, &api);
                Findings { data: maker.observed(&subjects, &neighbourhood), errors }
            }
            Err(error) => error.into(),
        }
    }

    async fn deliberate(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        match self.subjects(call, wanted, client::Tags::None).await {
            Ok((api, subjects, errors)) => {
                Findings { data: self.maker(call, &api).deliberated(&subjects), errors }
            }
            Err(error) => error.into(),
        }
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Link>> {
        match self.host(call) {
            Ok(host) => {
                let asked = wanted.iter().filter(|one| !matches!(one.value.trim(), "" | "0"));
                asked.filter_map(|one| search_link(&host, one)).collect::<Vec<_>>().into()
            }
            Err(error) => error.into(),
        }
    }

    async fn actions(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Action>> {
        let with_urlscan = self.settings.urlscan.key(call.credentials).is_some();
        let offer = actions::Offer { urlscan: with_urlscan, misp: self.settings.actions };
        wanted.iter().flat_map(|one| offer.for_observable(one)).collect::<Vec<_>>().into()
    }

    async fn trigger(&self, call: &Call<'_, Credentials>, trigger: &Trigger) -> Result<()> {
        let observable = trigger.observable().filter(|one| self.supports(one.kind));
        let observable = observable.ok_or_else(Trigger::unsupported)?;
        let kind = actions::Kind::of(&trigger.action_id).ok_or_else(Trigger::unsupported)?;
        match kind {
            actions::Kind::Scan => {
                let url = actions::scannable_url(&observable).ok_or_else(Trigger::unsupported)?;
                self.settings.urlscan.scan(call, &url).await
            }
            actions::Kind::Sighting(kind) if self.settings.actions => {
                let value =
                    client::query::reported(&observable).ok_or_else(Trigger::unsupported)?;
                Api::new(call, self.host(call)?)?.add_sighting(&value, kind).await
            }
            actions::Kind::Sighting(_) => Err(Trigger::unsupported()),
        }
    }
}

impl Misp {
    /// The caller's own server, else the one that the operator set.
    fn host(&self, call: &Call<'_, Credentials>) -> Result<BaseUrl> {
        let host = match &call.credentials.host {
            Some(host) => BaseUrl::from_token(host),
            None => self.settings.api_url.clone(),
        };
        host.ok_or_else(|| {
            let text = "HOST is missing or is not an https URL; set it in the token, or API_URL in the relay's settings.";
            Error::new(ErrorKind::InvalidInput, text)
        })
    }

    /// Asks for all observables at once and gives every answered row to those it belongs to.
    async fn subjects<'c>(
        &self,
        call: &'c Call<'c, Credentials>,
        wanted: &[Observable],
        tags: client::Tags,
    ) -> Result<(Api<'c>, Vec<Subject>, Vec<Error>)> {
        let api = Api::new(call, self.host(call)?)?;
        let question = client::query::Question::of(wanted);
        let mut found = api.matches(&question.values, wanted.len(), tags).await;
        found.errors.extend(question.warning);
        let subjects = mapping::subjects(wanted, found.data, call.limit);
        Ok((api, subjects, found.errors))
    }

    fn maker(&self, call: &Call<'_, Credentials>, api: &Api<'_>) -> mapping::Maker {
        mapping::Maker {
            namespace: Self::ABOUT.namespace(),
            source: Self::ABOUT.name,
            host: api.host().as_str().to_owned(),
            now: call.now,
            relations_limit: self.settings.relations_limit,
        }
    }
}

/// What it costs that the attributes of the found events did not come.
fn without_relations(error: Error) -> Error {
    let text = format!("Relations are missing from the answer. {}", error.message());
    error.with_message(text).as_warning()
}

/// A link to MISP's own search, spec §5.
fn search_link(host: &BaseUrl, observable: &Observable) -> Option<Link> {
    let name = Misp::ABOUT.name_of(observable.kind)?;
    let value = escaped(&observable.value);
    Some(Link {
        id: format!("ref-misp-search-{}-{value}", observable.kind),
        title: format!("Search events with this {name}"),
        description: format!("Lookup events with this {name} on MISP"),
        url: Uri::parse(&format!("{}/events/index/searchall:{value}", host.as_str()))?,
        categories: vec!["Search", "MISP"],
    })
}
