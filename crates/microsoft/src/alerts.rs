//! Alerts about observables: asked by filter or by hunting, checked again, mapped to CTIM.

mod clues;
mod evidence;
mod filter;
mod form;
mod hunt;
mod learnt;
mod matching;
mod query;
mod relations;
mod search;
mod sighting;
mod targets;
mod wire;

use relay_core::{BadSetting, Environment, Namespace};

pub(crate) use learnt::Learnt;

/// How alerts about observables are found. Source: spec §5.6, §5.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Filtered lists, and hunting where a tenant's service refuses or ignores the filter.
    Auto,
    /// Filtered lists only.
    Filter,
    /// Hunting only.
    Hunting,
}

impl Strategy {
    /// `GRAPH_V2_STRATEGY`: `auto`, `filter` or `hunting`.
    pub fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let words = [("auto", Self::Auto), ("filter", Self::Filter), ("hunting", Self::Hunting)];
        environment.word("GRAPH_V2_STRATEGY", &words, Self::Auto)
    }
}

/// In whose name alerts become sightings, and which alerts.
#[derive(Debug, Clone, Copy)]
pub struct Reporter<'a> {
    /// The product's name, for `source` and where an alert names no product.
    pub source: &'a str,
    /// Makes the sightings' ids.
    pub namespace: Namespace,
    /// The one service whose alerts are wanted; none for all.
    pub only: Option<Service>,
}

/// A Microsoft security service, by the names that alerts and hunting tables have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    in_alerts: &'static str,
    in_hunting: &'static str,
}

impl Service {
    /// Microsoft Defender for Endpoint.
    pub const DEFENDER_FOR_ENDPOINT: Self = Self {
        in_alerts: "microsoftDefenderForEndpoint",
        in_hunting: "Microsoft Defender for Endpoint",
    };
}
