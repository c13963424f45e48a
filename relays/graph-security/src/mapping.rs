//! Legacy alerts as CTIM entities.
//!
//! Source: docs/relays/graph-security.md#legacy-sightings.

mod relations;
mod sighting;
mod vocabulary;

use relay_core::{Bundle, Namespace, Observable};

use crate::client::Alert;

/// Maps the legacy alerts of one tenant.
pub(crate) struct Mapper<'a> {
    /// The product's name: the sightings' `source`, and the origin of alerts that name no provider.
    pub(crate) source: &'a str,
    /// Makes the sightings' ids.
    pub(crate) namespace: Namespace,
    /// The tenant as the token names it; part of the ids.
    pub(crate) tenant: &'a str,
}

impl Mapper<'_> {
    /// Returns one sighting of the observable for each alert.
    pub(crate) fn bundle(&self, observable: &Observable, alerts: &[Alert]) -> Bundle {
        let mut bundle = Bundle::default();
        let sightings = alerts.iter().filter_map(|alert| self.sighting(observable, alert));
        sightings.for_each(|sighting| bundle.add_sighting(sighting));
        bundle
    }
}
