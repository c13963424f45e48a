//! Gigamon ThreatINSIGHT (today FortiNDR Cloud) behind the relay protocol.
//!
//! `api` speaks ThreatINSIGHT, `iql` writes what it searches for, `map` speaks CTIM; `investigation`
//! follows one observable from its detections to their events. This file joins them.

mod client;
mod config;
mod investigation;
pub mod iql;
mod links;
mod mapping;
mod memory;
mod paths;

use futures::future::join_all;
use relay_core::{
    About, BadSetting, Call, Claim, Documentation, Environment, Findings, Link, Observable,
    ObservableType, Partial, Relay, Result, RoutePolicies, RoutePolicy,
};

use client::Gigamon;
pub use config::Credentials;
use config::Settings;
use investigation::Investigation;
use iql::Wanted;
use mapping::{Devices, View};
use memory::Memory;

/// The relay: settings, and what it learnt of each key's interface.
pub struct GigamonThreatInsight {
    settings: Settings,
    memory: Memory,
}

impl Relay for GigamonThreatInsight {
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
            refer: RoutePolicy::BodyFirst,
            ..RoutePolicies::observe_only(RoutePolicy::BodyFirst)
        },
        invalid_body_code: "invalid payload received",
        documentation: Documentation {
            title: "FortiNDR Cloud documentation",
            url: "https://docs.fortinet.com/product/fortindr-cloud",
        },
        module_types: Some([
            "f4b2cf01-0447-436e-8dc1-b0b15049888b",
            "cdf11c33-0891-491a-8e36-201e4decd3d0",
            "904e961f-ff81-48f5-aeb0-5c033e2054b7",
        ]),
    };

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self { settings: Settings::new(environment)?, memory: Memory::default() })
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        Gigamon::of(call, &self.settings, &self.memory)?.probe().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        let gigamon = match Gigamon::of(call, &self.settings, &self.memory) {
            Ok(gigamon) => gigamon,
            Err(error) => return error.into(),
        };
        let said = call.credentials.allow_test_accounts;
        let investigation = Investigation {
            gigamon: &gigamon,
            test_accounts: self.settings.allow_test_accounts(said),
            limit: call.limit,
        };
        let wanted: Vec<_> = wanted.iter().filter_map(Wanted::of).collect();
        let found: Vec<_> = wanted.iter().map(|wanted| investigation.about(wanted)).collect();
        let found = join_all(found).await;
        let leases = gigamon.leases(&mapping::inside(found.iter().flat_map(|one| &one.data))).await;
        let view = View {
            source: Self::ABOUT.name,
            namespace: Self::ABOUT.namespace(),
            portal: &self.settings.bases(call.credentials.region).portal,
            devices: Devices::of(leases.data),
        };
        let mut findings = Findings::default();
        for (wanted, Partial { data, errors }) in wanted.iter().zip(found) {
            findings.errors.extend(errors);
            findings.data.append(mapping::entities(wanted, &data, &view));
        }
        findings.errors.extend(leases.errors);
        findings
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Link>> {
        let portal = &self.settings.bases(call.credentials.region).portal;
        let links: Vec<_> =
            wanted.iter().filter_map(|asked| links::search(portal, asked)).collect();
        links.into()
    }
}
