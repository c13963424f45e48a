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
    About, Action, BadSetting, Call, Claim, Documentation, Environment, Findings, Link, Observable,
    ObservableType, Partial, Relay, Result, RoutePolicies, RoutePolicy, Trigger,
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

    fn product_name(&self) -> &str {
        &self.settings.name
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        self.desk(call)?.health().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        match self.desk(call) {
            Ok(desk) => desk.observe(wanted).await,
            Err(error) => error.into(),
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

    async fn respond(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Action>> {
        if self.settings.only_seed_features {
            return Partial::default();
        }
        match self.desk(call) {
            Ok(desk) => desk.actions(wanted).await,
            Err(error) => error.into(),
        }
    }

    async fn trigger(&self, call: &Call<'_, Credentials>, trigger: &Trigger) -> Result<()> {
        self.desk(call)?.trigger(trigger).await
    }
}

impl Defender {
    fn desk<'a>(&'a self, call: &'a Call<'a, Credentials>) -> Result<Desk<'a>> {
        Desk::open(&self.settings, &self.graph, &self.memory, call)
    }
}
