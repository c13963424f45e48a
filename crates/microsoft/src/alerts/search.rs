//! From observables to sightings: the strategy for each type, and the records of filtered lists.
//!
//! Source: docs/relays/graph-security.md#strategies.

use std::{collections::HashSet, sync::Arc};

use futures::future::join;
use relay_core::{
    Error, ErrorKind, Findings, Observable, ObservableType, Partial, oauth::TokenSource,
};

use super::{
    SearchOptions, Strategy,
    filter::Breadth,
    filter_support::FilterSupport,
    found::{AlertsByIndex, FoundAlerts},
    search_term::SearchTerm,
    types::Alert,
};
use crate::{GraphClient, PAGE_SIZE, Permission, RecordList, StopReason, odata};

pub(super) const ALERTS: &str = "/security/alerts_v2";

impl<C: Sync> GraphClient<'_, C> {
    /// Finds the alerts about `observables` as sightings, in their order; at most the call's entity
    /// limit for each.
    ///
    /// Errors stand beside the sightings that were found, and name their observables. Source:
    /// docs/relays/graph-security.md#sightings.
    pub async fn sightings(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Findings {
        let Partial { data: mut found, errors } = self.alerts_about(options, observables).await;
        let with_alerts = observables.iter().enumerate();
        let with_alerts = with_alerts.filter(|(index, _)| found.has_any(*index));
        let with_alerts: Vec<_> = with_alerts.collect();
        let map = |(index, _): (usize, &Observable)| {
            let mut findings = Findings::default();
            let sightings = found.sightings(options, index);
            sightings.for_each(|sighting| findings.data.add_sighting(sighting));
            findings
        };
        let mut findings = self.call.map_each(with_alerts, |(_, observable)| observable, map);
        findings.errors.splice(0..0, errors);
        findings
    }

    /// Finds the same alerts, to be mapped by the caller.
    pub async fn alerts_about<'o>(
        &'o self,
        options: &SearchOptions<'_>,
        observables: impl IntoIterator<Item = &'o Observable>,
    ) -> Partial<FoundAlerts<'o>> {
        let terms = SearchTerm::of_all(observables);
        let AlertsByIndex { by_index, errors } = self.search(options, &terms).await;
        let (portal, tenant) = (self.graph.cloud.portal, self.account.tenant.as_str());
        Partial { data: FoundAlerts::new(portal, tenant, terms, by_index), errors }
    }

    async fn search(&self, options: &SearchOptions<'_>, terms: &[SearchTerm<'_>]) -> AlertsByIndex {
        let (to_hunt, to_filter): (Vec<_>, Vec<_>) =
            terms.iter().partition(|term| self.is_to_be_hunted(term));
        let (hunted, (filtered, unsupported)) =
            join(self.hunt(options, &to_hunt), self.filter(options, &to_filter)).await;
        let hunted_instead = self.hunt(options, &unsupported).await;
        // Where hunting does not work either, the next call tries the filter again.
        if hunted_instead.errors.iter().all(Error::is_warning) {
            unsupported.iter().for_each(|term| self.keep_support(term, FilterSupport::Unsupported));
        }
        let limit = self.call.limit;
        hunted.merge(filtered, limit).merge(hunted_instead, limit)
    }

    fn is_to_be_hunted(&self, term: &SearchTerm<'_>) -> bool {
        match self.graph.strategy {
            Strategy::Filter => false,
            Strategy::Hunting => true,
            Strategy::Auto => self.support(term) == FilterSupport::Unsupported,
        }
    }

    fn support(&self, term: &SearchTerm<'_>) -> FilterSupport {
        let cache = &self.graph.filter_support;
        cache.get(self.login.key(), term.observable.kind, self.call.now)
    }

    fn keep_support(&self, term: &SearchTerm<'_>, support: FilterSupport) {
        let cache = &self.graph.filter_support;
        cache.keep(self.login.key(), term.observable.kind, support, self.call.now);
    }

    /// Reads filtered lists. Returns also the terms that must be hunted, because the service cannot
    /// filter by their types.
    async fn filter<'t>(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&'t SearchTerm<'t>],
    ) -> (AlertsByIndex, Vec<&'t SearchTerm<'t>>) {
        let lists = self.filtered_lists(options, terms).await;
        let unsupported = self.unsupported_types(terms, &lists);
        let mut found = AlertsByIndex::default();
        let mut to_hunt = Vec::new();
        for (term, list) in terms.iter().zip(lists) {
            // What was found stays, whatever became of the rest of the list.
            found.by_index.insert(term.index, list.records.into_iter().map(Arc::new).collect());
            if unsupported.contains(&term.observable.kind) {
                to_hunt.push(*term);
            } else {
                let about = |error| self.error_about(error, term.observable);
                found.errors.extend(error(list.stop_reason).map(about));
            }
        }
        (found, to_hunt)
    }

    /// Reads a list for each term; again by less evidence where the service refuses the whole filter.
    async fn filtered_lists(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> Vec<RecordList<Alert>> {
        let breadth = |term: &SearchTerm<'_>| match self.support(term) {
            FilterSupport::Filters(breadth) => breadth,
            FilterSupport::Unsupported => Breadth::Core,
        };
        let whole: Vec<_> = terms.iter().map(|term| (*term, breadth(term))).collect();
        let mut lists = self.lists_of(options, &whole).await;
        let is_refused =
            |list: &RecordList<Alert>| matches!(list.stop_reason, StopReason::Refused(400, _));
        let refused = |at: &usize| whole[*at].1 == Breadth::Whole && is_refused(&lists[*at]);
        let refused: Vec<_> = (0..lists.len()).filter(refused).collect();
        let core: Vec<_> = refused.iter().map(|at| (whole[*at].0, Breadth::Core)).collect();
        for (at, list) in refused.into_iter().zip(self.lists_of(options, &core).await) {
            if !is_refused(&list) {
                self.keep_support(terms[at], FilterSupport::Filters(Breadth::Core));
            }
            lists[at] = list;
        }
        lists
    }

    async fn lists_of(
        &self,
        options: &SearchOptions<'_>,
        terms: &[(&SearchTerm<'_>, Breadth)],
    ) -> Vec<RecordList<Alert>> {
        let url = |(term, breadth): &(&SearchTerm<'_>, Breadth)| {
            odata::list_url(ALERTS, &term.filter(options, *breadth), PAGE_SIZE)
        };
        let compare = |index: usize, alert: &Alert| terms[index].0.value.compare(alert, options);
        let urls = terms.iter().map(url).collect();
        self.lists(urls, self.call.limit, Permission::ReadAlerts, compare).await
    }

    /// Returns the types whose filter the service refuses or ignores; none where the strategy
    /// forbids to hunt them.
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
        failed.map(|(term, _)| term.observable.kind).collect()
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
