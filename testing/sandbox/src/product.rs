//! The five products and their folder names.

use axum::Router;
use jiff::Timestamp;

use crate::{Fixture, defender_atp, gigamon_threatinsight, graph_security, misp, qualys_ioc};

/// A product that the sandbox imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// Microsoft Graph security alerts, with the Microsoft login.
    GraphSecurity,
    /// Microsoft Defender for Endpoint, with both Microsoft logins.
    DefenderAtp,
    /// Qualys Indication of Compromise, with the Qualys gateway's login.
    QualysIoc,
    /// A MISP server, and the submission call of urlscan.io.
    Misp,
    /// Gigamon ThreatINSIGHT: entities, detections and events.
    GigamonThreatinsight,
}

impl Product {
    /// Every product, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::GraphSecurity,
        Self::DefenderAtp,
        Self::QualysIoc,
        Self::Misp,
        Self::GigamonThreatinsight,
    ];

    /// The name of the relay's folder, such as `graph-security`.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::GraphSecurity => "graph-security",
            Self::DefenderAtp => "defender-atp",
            Self::QualysIoc => "qualys-ioc",
            Self::Misp => "misp",
            Self::GigamonThreatinsight => "gigamon-threatinsight",
        }
    }

    /// The product with this folder name; `None` for any other text.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.slug() == slug)
    }

    /// What it takes to run the product's relay against this simulator.
    pub fn fixture(self) -> &'static Fixture {
        match self {
            Self::GraphSecurity => &graph_security::fixture::FIXTURE,
            Self::DefenderAtp => &defender_atp::fixture::FIXTURE,
            Self::QualysIoc => &qualys_ioc::fixture::FIXTURE,
            Self::Misp => &misp::fixture::FIXTURE,
            Self::GigamonThreatinsight => &gigamon_threatinsight::fixture::FIXTURE,
        }
    }

    /// The product's routes over fresh data, which is as old as it was at `now`.
    pub(crate) fn router(self, now: Timestamp) -> Router {
        match self {
            Self::GraphSecurity => graph_security::router(),
            Self::DefenderAtp => defender_atp::router(),
            Self::QualysIoc => qualys_ioc::router(),
            Self::Misp => misp::router(now),
            Self::GigamonThreatinsight => gigamon_threatinsight::router_at(now),
        }
    }
}
