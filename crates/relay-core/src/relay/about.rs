//! The facts about a relay.

use super::RoutePolicies;
use crate::ctim::{Namespace, ObservableType};

/// Facts about a relay, known at compile time.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The product's name, in messages and in `source`: `MISP`.
    pub name: &'static str,
    /// The relay's folder name, in ids and logs: `misp`.
    pub slug: &'static str,
    /// The version that `/version` answers.
    pub version: &'static str,
    /// The supported types of observables, and what messages call each.
    pub observables: &'static [(ObservableType, &'static str)],
    /// The order of the checks of each route.
    pub policies: RoutePolicies,
    /// The code of the error for a body of the wrong shape.
    pub invalid_body_code: &'static str,
    /// The product's own documentation.
    pub documentation: Documentation,
    /// What the catalogue of XDR lists the product under.
    pub categories: &'static [ProductCategory],
    /// The ids of the product's module type in Threat Response: North America, Europe,
    /// Asia-Pacific. `None` where Threat Response has no module type for the product.
    pub module_types: Option<[&'static str; 3]>,
}

/// A page that explains a product.
#[derive(Debug, Clone, Copy)]
pub struct Documentation {
    /// The page's title, as a form shows it.
    pub title: &'static str,
    /// Its https URL.
    pub url: &'static str,
}

/// A category of XDR's catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductCategory {
    /// Endpoint detection and response.
    Edr,
    /// Network detection and response.
    Ndr,
    /// Security information and event management.
    Siem,
    /// Threat intelligence.
    ThreatIntelligence,
}

impl ProductCategory {
    /// Returns the category's id in XDR, such as `edr`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Edr => "edr",
            Self::Ndr => "ndr",
            Self::Siem => "siem",
            Self::ThreatIntelligence => "threat-intel",
        }
    }

    /// Returns what the id stands for, in a few words.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Edr => "Endpoint detection and response",
            Self::Ndr => "Network detection and response",
            Self::Siem => "Security information and event management",
            Self::ThreatIntelligence => "Threat intelligence",
        }
    }
}

impl About {
    /// Returns what messages call this type, if the relay supports it.
    #[must_use]
    pub fn name_of(&self, kind: ObservableType) -> Option<&'static str> {
        self.observables.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
    }

    /// Returns the namespace of this relay's ids.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace::of(self.slug)
    }

    /// Returns how the relay names itself to products: `threat-relays-<slug>/<version>`.
    #[must_use]
    pub fn user_agent(&self) -> String {
        format!("threat-relays-{}/{}", self.slug, self.version)
    }
}
