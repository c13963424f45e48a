//! From observables to sightings: the strategy for each type, and the records of filtered lists.
//!
//! Source: docs/relays/graph-security.md#strategies.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::future::join;
use relay_core::{
    Error, ErrorKind, Findings, Observable, ObservableType, Partial, ctim::Sighting,
    oauth::TokenSource,
};

use super::{SearchOptions, Strategy, search_term::SearchTerm, sighting::sighting, types::Alert};
use crate::{GraphClient, Permission, RecordList, StopReason, odata};

pub(super) const ALERTS: &str = "/security/alerts_v2";
/// Records of one page. Microsoft documents no maximum; its samples use 100.
const MAX_PAGE_SIZE: usize = 100;

/// The alerts about observables, by their indexes in the caller's list.
#[derive(Default)]
pub(super) struct FoundAlerts {
    pub(super) by_index: HashMap<usize, Vec<Arc<Alert>>>,
    pub(super) errors: Vec<Error>,
}

impl<C: Sync> GraphClient<'_, C> {
    /// Finds the alerts about `observables` as sightings, in their order; at most the call's entity
    /// limit for each.
    ///
    /// Errors stand beside the sightings that were found. Source:
    /// docs/relays/graph-security.md#sightings.
    pub async fn sightings(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Findings {
        let Partial { data, errors } = self.sightings_of_each(options, observables).await;
        let mut findings = Findings { errors, ..Findings::default() };
        data.into_iter().flatten().for_each(|sighting| findings.data.add_sighting(sighting));
        findings
    }

    /// Finds the same sightings apart: one list for each of `observables`, in their order.
    pub async fn sightings_of_each(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Partial<Vec<Vec<Sighting>>> {
        let terms = SearchTerm::of_all(observables);
        let found = self.search(options, &terms).await;
        let mut data = vec![Vec::new(); observables.len()];
        for term in &terms {
            let alerts = found.by_index.get(&term.index).into_iter().flatten();
            let tenant = self.account.tenant.as_str();
            let sightings = alerts.filter_map(|alert| sighting(options, tenant, term, alert));
            data[term.index].extend(sightings);
        }
        Partial { data, errors: found.errors }
    }

    async fn search(&self, options: &SearchOptions<'_>, terms: &[SearchTerm<'_>]) -> FoundAlerts {
        let (to_hunt, to_filter): (Vec<_>, Vec<_>) =
            terms.iter().partition(|term| self.is_to_be_hunted(term));
        let (hunted, (filtered, unsupported)) =
            join(self.hunt(options, &to_hunt), self.filter(options, &to_filter)).await;
        let hunted_instead = self.hunt(options, &unsupported).await;
        hunted.merge(filtered).merge(hunted_instead)
    }

    fn is_to_be_hunted(&self, term: &SearchTerm<'_>) -> bool {
        let cache = &self.graph.filter_support;
        match self.graph.strategy {
            Strategy::Filter => false,
            Strategy::Hunting => true,
            Strategy::Auto => {
                cache.is_unsupported(self.login.key(), term.observable.kind, self.call.now)
            }
        }
    }

    /// Reads filtered lists. Returns also the terms that must be hunted, because the service cannot
    /// filter by their types; the types are remembered.
    async fn filter<'t>(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&'t SearchTerm<'t>],
    ) -> (FoundAlerts, Vec<&'t SearchTerm<'t>>) {
        let limit = self.call.limit;
        let url = |term: &&SearchTerm<'_>| {
            odata::list_url(ALERTS, &term.filter(options), limit.min(MAX_PAGE_SIZE))
        };
        let compare = |index: usize, alert: &Alert| terms[index].value.compare(alert, options);
        let urls = terms.iter().map(url).collect();
        let lists = self.lists(urls, limit, Permission::ReadAlerts, compare).await;

        let unsupported = self.unsupported_types(terms, &lists);
        let mut found = FoundAlerts::default();
        let mut to_hunt = Vec::new();
        for (term, list) in terms.iter().zip(lists) {
            if unsupported.contains(&term.observable.kind) {
                to_hunt.push(*term);
                continue;
            }
            found.errors.extend(error(list.stop_reason));
            found.by_index.insert(term.index, list.records.into_iter().map(Arc::new).collect());
        }
        (found, to_hunt)
    }

    /// Returns, and remembers, the types whose filter the service refuses or ignores; none where
    /// the strategy forbids to hunt them.
    fn unsupported_types(
        &self,
        terms: &[&SearchTerm<'_>],
        lists: &[RecordList<Alert>],
    ) -> HashSet<ObservableType> {
        if self.graph.strategy != Strategy::Auto {
            return HashSet::new();
        }
        let is_unsupported = |list: &RecordList<Alert>| {
            matches!(
                list.stop_reason,
                StopReason::FilterIgnored | StopReason::Refused(400 | 501, _)
            )
        };
        let failed = terms.iter().zip(lists).filter(|(_, list)| is_unsupported(list));
        let types: HashSet<_> = failed.map(|(term, _)| term.observable.kind).collect();
        for kind in &types {
            self.graph.filter_support.mark_unsupported(self.login.key(), *kind, self.call.now);
        }
        types
    }
}

impl FoundAlerts {
    fn merge(mut self, other: Self) -> Self {
        self.by_index.extend(other.by_index);
        self.errors.extend(other.errors);
        self
    }
}

fn error(reason: StopReason) -> Option<Error> {
    match reason {
        StopReason::Complete => None,
        StopReason::Refused(_, error) | StopReason::Failed(error) => Some(error),
        StopReason::FilterIgnored => {
            let text = "Microsoft Graph does not filter alerts by evidence for this tenant, so the answer may be incomplete; set GRAPH_V2_STRATEGY to auto or hunting.";
            Some(Error::new(ErrorKind::Unsupported, text).as_warning())
        }
    }
}
