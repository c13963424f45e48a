//! Alerts found by hunting: one query about all observables, then each alert once.
//!
//! Source: docs/relays/graph-security.md#hunting-queries.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use relay_core::{
    Error, ErrorKind, Observable, Partial, Response, Result, join_bounded, url::escaped,
};

use super::{
    SearchOptions,
    alert_match::{AlertMatch, HuntingRow},
    hunting_query::queries,
    search::{ALERTS, FoundAlerts},
    search_term::{HashType, NormalizedValue, SearchTerm},
    types::Alert,
};
use crate::{BatchRequest, GraphClient, Permission, error_from};

/// Hunting queries under way at the same time.
const MAX_CONCURRENT_QUERIES: usize = 4;

impl<C: Sync> GraphClient<'_, C> {
    /// Hunts, then reads the alerts that were found.
    pub(super) async fn hunt(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> FoundAlerts {
        let Partial { data: matches, mut errors } = self.alert_matches(options, terms).await;
        errors.splice(0..0, warning_about_md5(terms));
        let alerts = self.alerts(&matches, &mut errors).await;
        let mut by_key: HashMap<&str, Vec<&Arc<Alert>>> = HashMap::new();
        for AlertMatch { key, alert_id, .. } in &matches {
            let alert = alerts.get(alert_id.as_str()).filter(|alert| options.includes(alert));
            by_key.entry(key).or_default().extend(alert);
        }
        let of_term = |term: &&SearchTerm<'_>| {
            let alerts = by_key.get(term.value.key()?.as_str())?;
            let alerts = alerts.iter().take(self.call.limit).map(|alert| Arc::clone(alert));
            Some((term.index, alerts.collect()))
        };
        FoundAlerts { by_index: terms.iter().filter_map(of_term).collect(), errors }
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
        let found = self.alert_matches(options, &terms.iter().collect::<Vec<_>>()).await;
        let mut by_key: HashMap<String, Vec<String>> = HashMap::new();
        for AlertMatch { key, alert_id, .. } in found.data {
            by_key.entry(key).or_default().push(alert_id);
        }
        let mut ids = vec![Vec::new(); observables.len()];
        for term in &terms {
            let ids_of_term = term.value.key().and_then(|key| by_key.get(&key));
            ids[term.index].extend(ids_of_term.into_iter().flatten().cloned());
        }
        Partial { data: ids, errors: found.errors }
    }

    async fn alert_matches(
        &self,
        options: &SearchOptions<'_>,
        terms: &[&SearchTerm<'_>],
    ) -> Partial<Vec<AlertMatch>> {
        let queries = queries(terms.iter().map(|term| &term.value), options, self.call.limit);
        let hunts: Vec<_> =
            queries.iter().map(|query| self.run_hunting_query::<HuntingRow>(query)).collect();
        let mut found: Partial<Vec<AlertMatch>> = Partial::default();
        for rows in join_bounded(hunts, MAX_CONCURRENT_QUERIES).await {
            match rows {
                Ok(rows) => found.data.extend(rows.into_iter().filter_map(HuntingRow::alert_match)),
                Err(error) => found.errors.push(error),
            }
        }
        // One value may have been found in several spellings and by several queries.
        found.data.sort_by_key(|found| Reverse(found.seen));
        let mut seen = HashSet::new();
        found.data.retain(|it| seen.insert((it.key.clone(), it.alert_id.clone())));
        found
    }

    /// Reads the alerts of the matches, by id; those that were deleted are left out.
    async fn alerts<'m>(
        &self,
        matches: &'m [AlertMatch],
        errors: &mut Vec<Error>,
    ) -> HashMap<&'m str, Arc<Alert>> {
        let mut seen = HashSet::new();
        let ids = matches.iter().map(|found| found.alert_id.as_str());
        let ids: Vec<_> = ids.filter(|id| is_segment(id) && seen.insert(*id)).collect();
        let url = |id: &&str| format!("{ALERTS}/{}", escaped(id));
        let requests: Vec<_> = ids.iter().map(|id| BatchRequest::get(url(id))).collect();
        let mut alerts = HashMap::new();
        let read = |_, response: &Response| alert(response);
        for (id, found) in ids.into_iter().zip(self.batch(&requests, read).await) {
            match found {
                Ok(Some(alert)) => drop(alerts.insert(id, Arc::new(alert))),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        alerts
    }
}

/// Whether an id can be a segment of a path: not one of the names that lead elsewhere.
fn is_segment(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

fn alert(response: &Response) -> Result<Option<Alert>> {
    match response.status() {
        404 => Ok(None),
        _ if response.is_success() => response.json().map(Some),
        _ => Err(error_from(response, Permission::ReadAlerts)),
    }
}

/// Returns a warning if there is an MD5, for which the hunting tables have no column.
fn warning_about_md5(terms: &[&SearchTerm<'_>]) -> Option<Error> {
    let is_md5 =
        |term: &&SearchTerm<'_>| matches!(term.value, NormalizedValue::Hash(HashType::Md5, _));
    let text = "Microsoft Graph cannot hunt alerts by MD5; use the file's SHA-256 or SHA-1, or set GRAPH_V2_STRATEGY to filter.";
    let warning = || Error::new(ErrorKind::Unsupported, text).as_warning();
    terms.iter().any(is_md5).then(warning)
}
