//! Which alerts are read from lists, and which are hunted for because the vendor's rate limit
//! leaves no request for their list: docs/relays/defender-atp.md#quotas-and-call-budget.

use std::collections::{BTreeSet, HashMap, HashSet};

use microsoft::defender::{Alert, AlertQuery, MAX_REQUESTS, NormalizedObservable, Sha1s};
use relay_core::{Error, ErrorKind, Partial};

use super::{
    Client,
    error::{left_out, recent_only},
    types::AlertsByQuery,
};

/// The list that requests for file profiles are counted with.
const FILES: &str = "files";

/// The requests that a call has planned, by list.
#[derive(Debug, Clone, Default)]
struct CallBudget(HashMap<&'static str, usize>);

impl CallBudget {
    /// Plans one request to a list. Returns false when the budget is used up.
    fn take(&mut self, list: &'static str) -> bool {
        let planned = self.0.entry(list).or_default();
        let is_left = *planned < MAX_REQUESTS;
        *planned += usize::from(is_left);
        is_left
    }

    fn allocate(&mut self, queries: Vec<AlertQuery>) -> Allocation {
        let is_left = |query: &AlertQuery| query.list().is_some_and(|list| self.take(list));
        let (direct, via_hunting) = queries.into_iter().partition(is_left);
        Allocation { direct, via_hunting }
    }
}

/// Queries, by how their alerts are found.
#[derive(Debug, Default)]
pub(crate) struct Allocation {
    /// To be read from their lists.
    pub(super) direct: Vec<AlertQuery>,
    /// To be hunted for.
    pub(super) via_hunting: Vec<AlertQuery>,
}

/// The requests for the alerts of one call; nothing where Graph is the backend.
#[derive(Debug, Default)]
pub(crate) struct AlertPlan {
    budget: CallBudget,
    /// Cached SHA-1 hashes of files.
    pub(super) sha1s: Sha1s,
    /// Hashes of files whose profile is to be read.
    pub(super) profiles: Vec<String>,
    /// Files that can neither be profiled nor hunted for, because no hunting table of alerts holds
    /// MD5: their hashes as given.
    pub(super) left_out: Vec<String>,
    /// The alerts that can be read before the profiles are there.
    pub(super) first: Allocation,
}

impl AlertPlan {
    /// No request; Graph's alerts are searched by every hash.
    pub(super) fn of_cached(sha1s: Sha1s) -> Self {
        Self { sha1s, ..Self::default() }
    }

    /// `sha1s` are the cached ones, `unknown` the hashes of files that nothing is cached for.
    pub(super) fn new(
        observables: &[NormalizedObservable<'_>],
        sha1s: Sha1s,
        unknown: &[&str],
    ) -> Self {
        let mut budget = CallBudget::default();
        let mut first = budget.allocate(listed_queries(observables, &sha1s));
        let files = observables.iter().filter(|it| unknown.contains(&it.value.as_str()));
        let (profiles, rest): (Vec<_>, Vec<_>) = files.partition(|_| budget.take(FILES));
        first.via_hunting.extend(rest.iter().filter_map(|file| AlertQuery::new(file)));
        let unsearched = rest.iter().filter(|file| AlertQuery::new(file).is_none());
        let left_out = unsearched.map(|file| file.observable.value.clone()).collect();
        let profiles = profiles.into_iter().map(|file| file.value.clone()).collect();
        Self { budget, sha1s, profiles, left_out, first }
    }

    /// The alerts that can be read once the profiles are there.
    pub(super) fn late(
        &self,
        observables: &[NormalizedObservable<'_>],
        sha1s: &Sha1s,
    ) -> Allocation {
        let mut queries = listed_queries(observables, sha1s);
        let Allocation { direct, via_hunting } = &self.first;
        queries.retain(|query| !direct.contains(query) && !via_hunting.contains(query));
        self.budget.clone().allocate(queries)
    }
}

impl Client<'_> {
    /// The alerts that are not read from their lists: hunting finds their ids, then they are read
    /// many at a time.
    pub(super) async fn hunted_alerts(&self, queries: &[AlertQuery]) -> Partial<AlertsByQuery> {
        let observables: Vec<_> = queries.iter().map(AlertQuery::observable).collect();
        let values: Vec<_> = observables.iter().map(|it| it.value.clone()).collect();
        if queries.is_empty() || !self.defender.hunts_at_graph() {
            return Partial {
                errors: left_out(&values).into_iter().collect(),
                ..Partial::default()
            };
        }
        let ids = self.defender.hunted_alert_ids(&self.search_options(), &observables).await;
        let distinct: BTreeSet<&str> = ids.data.iter().flatten().map(String::as_str).collect();
        let distinct: Vec<_> = distinct.into_iter().collect();
        let read = self.defender.alerts_with_evidence(&distinct).await;
        let by_id = read.data.into_iter();
        let by_id = by_id.filter_map(|alert| Some((alert.id.clone().into_inner()?, alert)));
        let by_id: HashMap<String, Alert> = by_id.collect();
        let alerts = |ids: &Vec<String>| {
            let alerts = ids.iter().filter_map(|id| by_id.get(id));
            alerts.take(self.call.limit).cloned().collect()
        };
        let found = queries.iter().cloned().zip(ids.data.iter().map(alerts)).collect();
        let note = if ids.errors.is_empty() { recent_only } else { left_out };
        // The error that stopped the others is told.
        let told = |error: &Error| error.kind() != ErrorKind::NotAsked;
        let failures = ids.errors.into_iter().chain(read.errors).filter(told);
        let failures = failures.map(Error::as_warning);
        let data = AlertsByQuery { found, ..AlertsByQuery::default() };
        Partial { data, errors: note(&values).into_iter().chain(failures).collect() }
    }
}

/// What an observable's alerts are searched by, as far as its SHA-1 is known.
pub(super) fn alert_query(
    observable: &NormalizedObservable<'_>,
    sha1s: &Sha1s,
) -> Option<AlertQuery> {
    let file = sha1s.get(&observable.value).cloned().map(AlertQuery::File);
    file.or_else(|| AlertQuery::new(observable))
}

/// The queries that have a list, each once, in the order of the observables.
fn listed_queries(observables: &[NormalizedObservable<'_>], sha1s: &Sha1s) -> Vec<AlertQuery> {
    let mut seen = HashSet::new();
    let queries = observables.iter().filter_map(|observable| alert_query(observable, sha1s));
    queries.filter(|query| query.list().is_some() && seen.insert(query.clone())).collect()
}

#[cfg(test)]
mod tests {
    use relay_core::{
        Observable,
        ObservableType::{Ip, Md5, Sha1, Sha256},
    };

    use super::*;

    #[test]
    fn each_list_has_forty_requests() {
        let addresses = (0..41).map(|n| Observable::new(Ip, format!("192.0.2.{n}")));
        let files = (0..30).map(|n| Observable::new(Sha1, format!("{n:040x}")));
        let unknown = (0..15).map(|n| match n % 2 {
            0 => Observable::new(Sha256, format!("{n:064x}")),
            _ => Observable::new(Md5, format!("{n:032x}")),
        });
        let observables: Vec<_> = addresses.chain(files).chain(unknown).collect();
        let observables: Vec<_> =
            observables.iter().filter_map(NormalizedObservable::new).collect();
        let unknown: Vec<_> = observables[71..].iter().map(|it| it.value.as_str()).collect();
        let plan = AlertPlan::new(&observables, Sha1s::new(), &unknown);
        assert_eq!((plan.first.direct.len(), plan.first.via_hunting.len()), (70, 1 + 3));
        assert_eq!((plan.profiles.len(), plan.left_out.len()), (10, 2));

        let profiled = unknown.first().map(|hash| ((*hash).to_owned(), "ab".repeat(20)));
        let late = plan.late(&observables, &profiled.into_iter().collect());
        assert_eq!((late.direct.len(), late.via_hunting.len()), (0, 1));
    }
}
