//! From observables to sightings: the strategy for each type, and the records of filtered lists.
//!
//! Source: docs/relays/graph-security.md#strategies.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures::future::join;
use relay_core::{
    Error, ErrorKind, Findings, Observable, ObservableType, Partial, Time, ctim::Sighting,
    oauth::TokenSource,
};

use super::{
    SearchOptions, Strategy,
    filter::Breadth,
    filter_support::FilterSupport,
    search_term::{HashType, NormalizedValue, SearchTerm},
    sighting::sighting,
    types::Alert,
};
use crate::{GraphClient, PAGE_SIZE, Permission, RecordList, StopReason, odata};

pub(super) const ALERTS: &str = "/security/alerts_v2";

/// The alerts about observables, by their indexes in the caller's list.
#[derive(Default)]
pub(super) struct FoundAlerts {
    pub(super) by_index: HashMap<usize, Vec<Arc<Alert>>>,
    pub(super) errors: Vec<Error>,
}

/// The alerts about observables, as sightings.
#[derive(Debug, Default)]
pub struct FoundSightings {
    /// One list for each observable, in their order.
    pub by_observable: Vec<Vec<Sighting>>,
    /// The SHA-1 hashes of files that were asked for by another hash, by that hash, as far as the
    /// alerts name both.
    pub sha1s: HashMap<String, String>,
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
        let sightings = data.by_observable.into_iter().flatten();
        sightings.for_each(|sighting| findings.data.add_sighting(sighting));
        findings
    }

    /// Finds the same sightings apart.
    pub async fn sightings_of_each(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Partial<FoundSightings> {
        let terms = SearchTerm::of_all(observables);
        let found = self.search(options, &terms).await;
        let by_observable = vec![Vec::new(); observables.len()];
        let mut data = FoundSightings { by_observable, ..FoundSightings::default() };
        for term in &terms {
            let alerts = found.by_index.get(&term.index).into_iter().flatten();
            data.sha1s.extend(term.value.sha1(alerts.clone()));
            let tenant = self.account.tenant.as_str();
            let sightings = alerts.filter_map(|alert| sighting(options, tenant, term, alert));
            data.by_observable[term.index].extend(sightings);
        }
        Partial { data, errors: found.errors }
    }

    async fn search(&self, options: &SearchOptions<'_>, terms: &[SearchTerm<'_>]) -> FoundAlerts {
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
    ) -> (FoundAlerts, Vec<&'t SearchTerm<'t>>) {
        let lists = self.filtered_lists(options, terms).await;
        let unsupported = self.unsupported_types(terms, &lists);
        let mut found = FoundAlerts::default();
        let mut to_hunt = Vec::new();
        for (term, list) in terms.iter().zip(lists) {
            // What was found stays, whatever became of the rest of the list.
            found.by_index.insert(term.index, list.records.into_iter().map(Arc::new).collect());
            if unsupported.contains(&term.observable.kind) {
                to_hunt.push(*term);
            } else {
                let about = |error: Error| error.about([&term.observable.value]);
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

impl NormalizedValue {
    /// Returns the hash that is asked for and the SHA-1 of the same file, if an alert names both.
    fn sha1<'a>(&self, alerts: impl Iterator<Item = &'a Arc<Alert>>) -> Option<(String, String)> {
        let Self::Hash(kind @ (HashType::Sha256 | HashType::Md5), hash) = self else { return None };
        let is_it = |found: &str| found.eq_ignore_ascii_case(hash);
        let mut files = alerts.flat_map(|alert| &alert.evidence).flat_map(|it| it.files());
        let sha1 = files
            .find_map(|file| file.hash(*kind).filter(|it| is_it(it)).and(file.sha1.as_deref()))?;
        let sha1 = Observable::new(ObservableType::Sha1, sha1).normal_form()?;
        Some((hash.clone(), sha1))
    }
}

impl FoundAlerts {
    /// Adds the alerts that another search found, each alert once.
    fn merge(mut self, other: Self, limit: usize) -> Self {
        for (index, alerts) in other.by_index {
            let known = self.by_index.entry(index).or_default();
            if known.is_empty() {
                *known = alerts;
                continue;
            }
            let new: Vec<_> = alerts
                .into_iter()
                .filter(|it| known.iter().all(|known| known.id != it.id))
                .collect();
            known.extend(new);
            known.sort_by_cached_key(|it| Reverse(it.created.as_deref().and_then(Time::parse)));
            known.truncate(limit);
        }
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
