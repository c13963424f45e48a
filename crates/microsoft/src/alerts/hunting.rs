//! Alerts found by hunting: one query about all observables, then each alert once.
//!
//! Source: docs/relays/graph-security.md#hunting-queries.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use relay_core::{CircuitBreaker, Error, ErrorKind, Observable, Partial, Result, url::escaped};

use super::{
    SearchOptions,
    alert_match::{AlertMatch, HuntingRow},
    found::AlertsByIndex,
    hunting_query,
    search::ALERTS,
    search_term::{HashType, NormalizedValue, SearchTerm},
    types::Alert,
};
use crate::{
    BatchRequest, BatchResponse, GraphClient, Permission, error::not_sent, error_from,
    halves::in_halves,
};

impl<C: Sync> GraphClient<'_, C> {
    /// Hunts, then reads the alerts that were found.
    pub(super) async fn hunt(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> AlertsByIndex {
        let Partial { data: ids, mut errors } = self.alert_ids(options, terms).await;
        errors.splice(0..0, terms.iter().filter_map(|term| warning_about_md5(term)));
        let alerts = self.alerts(ids.iter().flatten().map(String::as_str)).await;
        let mut by_index = HashMap::new();
        for (term, ids) in terms.iter().zip(&ids) {
            let outcomes = ids.iter().filter_map(|id| alerts.get(id.as_str()));
            let (found, failed): (Vec<_>, Vec<_>) = outcomes.partition(|outcome| outcome.is_ok());
            let failed = failed.into_iter().filter_map(|outcome| outcome.as_ref().err().cloned());
            errors.extend(failed.map(|error| self.error_about(error, term.observable)));
            let found = found.into_iter().flatten().filter(|alert| options.includes(alert));
            by_index.insert(term.index, found.take(self.call.limit).cloned().collect());
        }
        AlertsByIndex { by_index, errors }
    }

    /// Finds the ids of the last thirty days' alerts about each of `observables`, the newest
    /// first: one list for each, in their order.
    ///
    /// Errors of the queries stand beside the ids that were found.
    pub async fn alert_ids_of_each(
        &self,
        options: &SearchOptions<'_>,
        observables: &[Observable],
    ) -> Partial<Vec<Vec<String>>> {
        let terms = SearchTerm::of_all(observables);
        let found = self.alert_ids(options, &terms.iter().collect::<Vec<_>>()).await;
        let mut ids = vec![Vec::new(); observables.len()];
        terms.iter().zip(found.data).for_each(|(term, of_term)| ids[term.index] = of_term);
        Partial { data: ids, errors: found.errors }
    }

    /// Returns a list of ids for each term.
    async fn alert_ids(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> Partial<Vec<Vec<String>>> {
        let Partial { data: matches, errors } = self.alert_matches(options, terms).await;
        let mut by_key: HashMap<String, Vec<String>> = HashMap::new();
        for AlertMatch { key, alert_id, .. } in matches {
            by_key.entry(key).or_default().push(alert_id);
        }
        let of_term = |term: &&SearchTerm<'_>| by_key.get(&term.value.key()?).cloned();
        let ids = terms.iter().map(|term| of_term(term).unwrap_or_default()).collect();
        Partial { data: ids, errors }
    }

    /// Runs the queries about all terms; one whose answer is too large in halves.
    async fn alert_matches(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> Partial<Vec<AlertMatch>> {
        let groups = hunting_query::groups(terms);
        let breaker = CircuitBreaker::default();
        let ask = |terms| self.hunting_rows(&breaker, options, terms);
        let is_too_large = |error: &Error| error.kind() == ErrorKind::TooLarge;
        let mut found: Partial<Vec<AlertMatch>> = Partial::default();
        for (terms, rows) in in_halves(groups.iter().map(Vec::as_slice), ask, is_too_large).await {
            match rows {
                Ok(rows) => found.data.extend(rows.into_iter().filter_map(HuntingRow::alert_match)),
                Err(error) => found.errors.extend(
                    terms.iter().map(|term| self.error_about(error.clone(), term.observable)),
                ),
            }
        }
        // One value may have been found in several spellings and by several queries.
        found.data.sort_by_key(|found| Reverse(found.seen));
        let mut seen = HashSet::new();
        found.data.retain(|it| seen.insert((it.key.clone(), it.alert_id.clone())));
        found
    }

    async fn hunting_rows(
        &self,
        breaker: &CircuitBreaker,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> Result<Vec<HuntingRow>> {
        let query = hunting_query::query(terms, options, self.call.limit);
        let rows = breaker.guard(self.run_hunting_query(&query)).await;
        rows.unwrap_or_else(|| Err(not_sent()))
    }

    /// Reads alerts by their ids, each once; those that were deleted are left out.
    async fn alerts<'i>(
        &self,
        ids: impl Iterator<Item = &'i str>,
    ) -> HashMap<&'i str, Result<Arc<Alert>>> {
        let mut seen = HashSet::new();
        let ids: Vec<_> = ids.filter(|id| is_segment(id) && seen.insert(*id)).collect();
        let url = |id: &&str| format!("{ALERTS}/{}", escaped(id));
        let requests: Vec<_> = ids.iter().map(|id| BatchRequest::get(url(id))).collect();
        let read = |_, response| alert(response);
        let outcomes = ids.into_iter().zip(self.batch(&requests, usize::MAX, read).await);
        outcomes.filter_map(|(id, alert)| Some((id, alert.transpose()?.map(Arc::new)))).collect()
    }
}

/// Whether an id can be a segment of a path: not one of the names that lead elsewhere.
fn is_segment(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

fn alert(response: BatchResponse<Alert>) -> Result<Option<Alert>> {
    match response.status() {
        404 => Ok(None),
        _ if response.is_success() => response.into_record().map(Some),
        _ => Err(error_from(&response, Permission::ReadAlerts)),
    }
}

/// Returns a warning about an MD5, for which the hunting tables have no column.
fn warning_about_md5(term: &SearchTerm<'_>) -> Option<Error> {
    let is_md5 = matches!(term.value, NormalizedValue::Hash(HashType::Md5, _));
    let text = "Microsoft Graph cannot hunt alerts by MD5; use the file's SHA-256 or SHA-1, or set GRAPH_V2_STRATEGY to filter.";
    let warning = || Error::new(ErrorKind::Unsupported, text).as_warning();
    is_md5.then(|| warning().about([&term.observable.value]))
}
