//! Microsoft Defender for Endpoint behind the Threat Response routes.
//!
//! `api` speaks the product, `map` speaks CTIM, `observe` and `respond` join them; `microsoft`
//! hunts, and brings the alerts where the product's own API is retired.

mod actions;
mod audit;
mod client;
mod config;
mod desk;
mod mapping;
mod memory;
mod observe;
mod pace;
mod respond;
mod subject;

use microsoft::Graph;
use relay_core::{
    About, Action, BadSetting, Call, Claim, Documentation, Environment, Error, Findings, Link,
    Observable, ObservableType, Partial, Relay, Result, RoutePolicies, RoutePolicy, Trigger,
};

pub use config::Credentials;
use config::Settings;
use desk::Desk;
use memory::Memory;
use subject::Subject;

/// The relay: settings, and what it remembers of callers by digests of their credentials.
#[derive(Debug)]
pub struct Defender {
    settings: Settings,
    graph: Graph,
    memory: Memory,
}

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
    policies: RoutePolicies {
        deliberate: RoutePolicy::Disabled,
        ..RoutePolicies::all(RoutePolicy::BodyFirst)
    },
    invalid_body_code: "invalid payload",
    documentation: Documentation {
        title: "Microsoft Defender for Endpoint API",
        url: "https://learn.microsoft.com/defender-endpoint/api/apis-intro",
    },
    module_types: Some([
        "564f6f99-b94a-4605-8280-a679c0e26074",
        "63f880fc-2b04-4b4c-b48d-9c44d9cb4e02",
        "e6507218-ad69-4306-853f-dd5a37771f5e",
    ]),
};

impl Relay for Defender {
    type Credentials = Credentials;

    const ABOUT: About = ABOUT;

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            settings: Settings::new(environment)?,
            graph: Graph::new(environment)?,
            memory: Memory::default(),
        })
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        let outcome = async { self.desk(call)?.health().await };
        outcome.await.map_err(|error| self.named(error))
    }

    async fn observe(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        match self.desk(call) {
            Ok(desk) => self.all_named(desk.observe(wanted).await),
            Err(error) => self.named(error).into(),
        }
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Link>> {
        if self.settings.only_seed_features {
            return Partial::default();
        }
        let tenant = call.credentials.tenant.as_str();
        let subjects = wanted.iter().filter_map(Subject::of);
        let links = subjects.filter_map(|it| mapping::link(&it, &self.settings.portal, tenant));
        links.collect::<Vec<_>>().into()
    }

    async fn actions(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Action>> {
        if self.settings.only_seed_features {
            return Partial::default();
        }
        match self.desk(call) {
            Ok(desk) => self.all_named(desk.actions(wanted).await),
            Err(error) => self.named(error).into(),
        }
    }

    async fn trigger(&self, call: &Call<'_, Credentials>, trigger: &Trigger) -> Result<()> {
        let outcome = async { self.desk(call)?.trigger(trigger).await };
        outcome.await.map_err(|error| self.named(error))
    }
}

impl Defender {
    fn desk<'a>(&'a self, call: &'a Call<'a, Credentials>) -> Result<Desk<'a>> {
        Desk::open(&self.settings, &self.graph, &self.memory, call)
    }

    /// The failure in the words of an operator who calls the product by another name.
    fn named(&self, error: Error) -> Error {
        let name = &self.settings.name;
        if name == ABOUT.name {
            return error;
        }
        let text = error.message().replace(ABOUT.name, name);
        error.with_message(text)
    }

    fn all_named<T>(&self, partial: Partial<T>) -> Partial<T> {
        let errors = partial.errors.into_iter().map(|error| self.named(error)).collect();
        Partial { errors, ..partial }
    }
}
