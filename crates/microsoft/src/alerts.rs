//! Alerts about observables: found by filter or by hunting, checked again, mapped to CTIM.

mod alert_match;
mod evidence;
mod filter;
mod filter_support;
mod found;
mod hunting;
mod hunting_query;
mod matching;
mod relations;
mod search;
mod search_term;
mod sighting;
mod targets;
mod types;
mod vocabulary;

use relay_core::{BadSetting, Environment, Namespace};

pub(crate) use filter_support::FilterSupportCache;
pub use found::FoundAlerts;
pub use vocabulary::severity;

/// How alerts about observables are found. Source:
/// docs/relays/graph-security.md#strategies.
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
    /// Reads `GRAPH_V2_STRATEGY`: `auto` (default), `filter` or `hunting`.
    ///
    /// # Errors
    ///
    /// [`BadSetting`] for any other word.
    pub fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let words = [("auto", Self::Auto), ("filter", Self::Filter), ("hunting", Self::Hunting)];
        environment.word("GRAPH_V2_STRATEGY", &words, Self::Auto)
    }
}

/// Which alerts a search is for, and under which name and ids they become sightings.
#[derive(Debug, Clone, Copy)]
pub struct SearchOptions<'a> {
    /// The product's name: the sightings' `source`, and the origin of alerts that name no product.
    pub source: &'a str,
    /// Makes the sightings' ids.
    pub namespace: Namespace,
    /// The one service whose alerts are searched; all services without it.
    pub service: Option<Service>,
}

/// A Microsoft security service, by the names that alerts and hunting tables have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The word of `serviceSource`.
    in_alerts: &'static str,
    /// The text of the column `ServiceSource`.
    in_hunting: &'static str,
}

impl Service {
    /// Microsoft Defender for Endpoint.
    pub const DEFENDER_FOR_ENDPOINT: Self = Self {
        in_alerts: "microsoftDefenderForEndpoint",
        in_hunting: "Microsoft Defender for Endpoint",
    };
}

/// Every form of hunting query about these observables.
#[cfg(test)]
pub(crate) fn all_queries(
    observables: &[relay_core::Observable],
    options: &SearchOptions<'_>,
) -> Vec<String> {
    let terms = search_term::SearchTerm::of_all(observables);
    let terms: Vec<_> = terms.iter().collect();
    let groups = hunting_query::groups(&terms);
    groups.iter().map(|group| hunting_query::query(group, options, 100)).collect()
}

/// Every form of filter about these observables.
#[cfg(test)]
pub(crate) fn all_filters(
    observables: &[relay_core::Observable],
    options: &SearchOptions<'_>,
) -> Vec<String> {
    let terms = search_term::SearchTerm::of_all(observables);
    let of_term = |term: &search_term::SearchTerm<'_>| {
        [filter::Breadth::Core, filter::Breadth::Whole]
            .map(|breadth| term.filter(options, breadth).as_str().to_owned())
    };
    terms.iter().flat_map(of_term).collect()
}

/// Every member that is read, by the name of Microsoft's type.
#[cfg(test)]
pub(crate) fn all_members() -> Vec<(&'static str, &'static [&'static str])> {
    let alert = ("alert", crate::members::of::<types::Alert>());
    std::iter::once(alert).chain(evidence::records()).collect()
}
