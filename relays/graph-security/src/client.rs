//! Requests to Microsoft Graph for one call.
//!
//! Alerts of `alerts_v2` are found and mapped by [`microsoft`]; this client adds the legacy list:
//! one filtered list for each observable, all in batches.

mod error;
mod query;
mod types;

use microsoft::{Graph, GraphClient, Permission, RecordList, RecordMatch, SearchOptions, odata};
use relay_core::{Call, Findings, Namespace, Observable, Partial, Result};

pub(crate) use types::{Alert, Connection, FileState, HostState};

use crate::{
    Credentials,
    config::{Backend, Config},
};
use error::error_from;

/// The legacy list. Source: docs/relays/graph-security.md#legacy-lists.
const LEGACY_ALERTS: &str = "/security/alerts";

/// Alerts of the legacy list, with the observable that each list is about.
pub(crate) type LegacyAlerts<'o> = Vec<(&'o Observable, Vec<Alert>)>;

/// Microsoft Graph for one caller.
pub(crate) struct Client<'a> {
    graph: GraphClient<'a, Credentials>,
    /// The list that alerts are read from.
    pub(crate) backend: Backend,
    /// Alerts for one observable.
    entity_limit: usize,
}

impl<'a> Client<'a> {
    /// Makes the client for `call`, with the account and the choices of its token.
    ///
    /// Errors: those of [`Graph::client`].
    pub(crate) fn new(
        config: &Config,
        graph: &'a Graph,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let graph = graph.client(call, call.credentials.account())?;
        let backend = config.backend(call.credentials);
        Ok(Self { graph, backend, entity_limit: call.limit })
    }

    /// Checks with one request that alerts can be read.
    ///
    /// Errors: `Forbidden` with the name of the missing permission; else those of any request.
    pub(crate) async fn check(&self) -> Result<()> {
        match self.backend {
            Backend::AlertsV2 => self.graph.check_alerts().await,
            Backend::Legacy => {
                self.graph.check_list("/v1.0/security/alerts", Permission::ReadEvents).await
            }
        }
    }

    /// Returns the alerts of `alerts_v2` about each observable, as sightings.
    pub(crate) async fn sightings(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Findings {
        self.graph.sightings(options, observables).await
    }

    /// Returns the verdicts of Microsoft's threat intelligence on the observables' hosts.
    pub(crate) async fn verdicts(&self, observables: &[Observable]) -> Findings {
        self.graph.verdicts(observables).await
    }

    /// Returns the same verdicts with their judgements.
    pub(crate) async fn reputations(
        &self,
        source: &str,
        namespace: Namespace,
        observables: &[Observable],
    ) -> Findings {
        self.graph.reputations(source, namespace, observables).await
    }

    /// Returns the legacy alerts about each observable that the list can be filtered by, in the
    /// order of `observables`.
    pub(crate) async fn legacy_alerts<'o>(
        &self,
        observables: &'o [Observable],
    ) -> Partial<LegacyAlerts<'o>> {
        let limit = self.entity_limit;
        let (filtered, urls): (Vec<_>, Vec<_>) = observables
            .iter()
            .filter_map(|observable| {
                let filter = query::filter(observable)?;
                Some((observable, odata::list_url(LEGACY_ALERTS, &filter, limit)))
            })
            .unzip();
        // The providers' own comparison counts: a legacy alert need not show what it matched by.
        let compare = |_, _: &Alert| RecordMatch::Match;
        let lists = self.graph.lists(urls, limit, Permission::ReadEvents, compare).await;
        let mut found = Partial::<LegacyAlerts<'o>>::default();
        for (observable, RecordList { records, stop_reason, .. }) in filtered.into_iter().zip(lists)
        {
            if !records.is_empty() {
                found.data.push((observable, records));
            }
            let about = |error| self.graph.error_about(error, observable);
            found.errors.extend(error_from(stop_reason).map(about));
        }
        found
    }
}
