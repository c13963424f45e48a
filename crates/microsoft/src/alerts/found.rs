//! The alerts that a search found, until they are mapped.

use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use relay_core::{Error, Observable, ObservableType, ctim::Sighting};

use super::{
    SearchOptions,
    search_term::{HashType, NormalizedValue, SearchTerm},
    sighting::sighting,
    types::Alert,
};
use crate::Portal;

/// The alerts about observables, by their indexes in the caller's list.
#[derive(Debug, Default)]
pub(super) struct AlertsByIndex {
    pub(super) by_index: HashMap<usize, Vec<Arc<Alert>>>,
    pub(super) errors: Vec<Error>,
}

impl AlertsByIndex {
    /// Adds the alerts that another search found, each alert once.
    pub(super) fn merge(mut self, other: Self, limit: usize) -> Self {
        for (index, alerts) in other.by_index {
            match self.by_index.entry(index) {
                Entry::Occupied(mut known) => merge(known.get_mut(), alerts, limit),
                Entry::Vacant(none) => drop(none.insert(alerts)),
            }
        }
        self.errors.extend(other.errors);
        self
    }
}

/// The newest first, unless there were none.
fn merge(known: &mut Vec<Arc<Alert>>, alerts: Vec<Arc<Alert>>, limit: usize) {
    if known.is_empty() {
        *known = alerts;
        return;
    }
    let new: Vec<_> =
        alerts.into_iter().filter(|it| known.iter().all(|known| known.id != it.id)).collect();
    known.extend(new);
    known.sort_by_key(|it| Reverse(*it.created));
    known.truncate(limit);
}

/// The alerts about observables, which become sightings one observable at a time.
#[derive(Debug, Default)]
pub struct FoundAlerts<'o> {
    by_index: HashMap<usize, (SearchTerm<'o>, Vec<Arc<Alert>>)>,
    portal: Portal<'o>,
    tenant: &'o str,
}

impl<'o> FoundAlerts<'o> {
    pub(super) fn new(
        portal: Portal<'o>,
        tenant: &'o str,
        terms: Vec<SearchTerm<'o>>,
        mut found: HashMap<usize, Vec<Arc<Alert>>>,
    ) -> Self {
        let with_alerts = |term: SearchTerm<'o>| {
            let alerts = found.remove(&term.index)?;
            Some((term.index, (term, alerts)))
        };
        let by_index = terms.into_iter().filter_map(with_alerts).collect();
        Self { by_index, portal, tenant }
    }

    /// Returns the sightings of the observable at this index of the list that was searched for, and
    /// drops its alerts.
    pub fn sightings(
        &mut self,
        options: &SearchOptions<'_>,
        index: usize,
    ) -> impl Iterator<Item = Sighting> {
        let (portal, tenant) = (self.portal, self.tenant);
        self.by_index.remove(&index).into_iter().flat_map(move |(term, alerts)| {
            let map = move |alert: Arc<Alert>| sighting(options, portal, tenant, &term, &alert);
            alerts.into_iter().filter_map(map)
        })
    }

    /// Returns whether there is an alert about the observable at this index.
    #[must_use]
    pub fn has_any(&self, index: usize) -> bool {
        self.by_index.get(&index).is_some_and(|(_, alerts)| !alerts.is_empty())
    }

    /// Returns the SHA-1 hashes of files that were asked for by another hash, by that hash, as far as
    /// the alerts name both.
    #[must_use]
    pub fn sha1s(&self) -> HashMap<String, String> {
        let found = self.by_index.values();
        found.filter_map(|(term, alerts)| term.value.sha1(alerts)).collect()
    }
}

impl NormalizedValue {
    /// Returns the hash that is asked for and the SHA-1 of the same file, if an alert names both.
    fn sha1(&self, alerts: &[Arc<Alert>]) -> Option<(String, String)> {
        let Self::Hash(kind @ (HashType::Sha256 | HashType::Md5), hash) = self else { return None };
        let is_it = |found: &str| found.eq_ignore_ascii_case(hash);
        let mut files = alerts.iter().flat_map(|alert| &alert.evidence).flat_map(|it| it.files());
        let sha1 = files
            .find_map(|file| file.hash(*kind).filter(|it| is_it(it)).and(file.sha1.as_deref()))?;
        let sha1 = Observable::new(ObservableType::Sha1, sha1).normal_form()?;
        Some((hash.clone(), sha1))
    }
}
