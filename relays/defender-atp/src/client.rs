//! Decides where alerts and events come from and how many requests they may cost:
//! docs/relays/defender-atp.md#backends. `microsoft` sends the requests.

mod error;
mod query;
mod types;

use std::sync::Arc;

use futures::future::{join, join_all};
use microsoft::{
    FoundSightings, Graph, SearchOptions, Service,
    defender::{Alert, AlertDetails, Defender, DefenderClient, NormalizedObservable, Sha1s},
};
use relay_core::{Call, Partial, Result};

use crate::{
    ABOUT, Credentials,
    config::{Backend, Config},
    mapping::Mapper,
};

pub(crate) use error::{hunting_warnings, invalid_request};
pub(crate) use query::AlertPlan;
use query::{Allocation, alert_query};
use types::AlertsByQuery;
pub(crate) use types::Events;

/// The product for one call: its own API, and Graph.
pub(crate) struct Client<'a> {
    pub(crate) config: &'a Config,
    pub(crate) call: &'a Call<'a, Credentials>,
    pub(crate) defender: DefenderClient<'a, Credentials>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(
        config: &'a Config,
        defender: &'a Defender,
        graph: &'a Graph,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let (account, hunting) = (call.credentials.account(), call.credentials.hunting());
        Ok(Self { config, call, defender: defender.client(call, account, graph, hunting)? })
    }

    /// Where alerts come from for this caller, as far as it is known.
    fn backend(&self) -> Backend {
        match self.call.credentials.backend().unwrap_or(self.config.backend) {
            Backend::Auto if self.defender.is_remembered_as_retired() => Backend::Graph,
            backend => backend,
        }
    }

    /// Checks that alerts can be read from the backend.
    pub(crate) async fn check_alerts(&self) -> Result<()> {
        match self.backend() {
            Backend::Graph => self.defender.graph().check_alerts().await,
            Backend::Defender => Ok(self.defender.check_alerts().await?),
            Backend::Auto => match self.defender.check_alerts().await {
                Err(error) if error.is_retired() || error.may_mean_retired() => {
                    self.defender.remember_as_retired();
                    self.defender.graph().check_alerts().await
                }
                outcome => Ok(outcome?),
            },
        }
    }

    /// Plans the requests for alerts, without sending one.
    pub(crate) fn plan(&self, observables: &[NormalizedObservable<'_>]) -> AlertPlan {
        let files = observables.iter().filter(|observable| observable.needs_profile());
        let (sha1s, missing) = self.defender.cached_sha1s(files.map(|file| file.value.as_str()));
        match self.backend() {
            Backend::Graph => AlertPlan::of_cached(sha1s),
            _ => AlertPlan::new(observables, sha1s, &missing),
        }
    }

    /// Reads the planned file profiles. Returns the SHA-1 hashes of all files that are known,
    /// cached ones included.
    pub(crate) async fn profiles(&self, plan: &AlertPlan) -> Arc<Partial<Sha1s>> {
        let hashes: Vec<_> = plan.profiles.iter().map(String::as_str).collect();
        let Partial { data, errors } = self.defender.sha1s(&hashes).await;
        let left_out = (plan.left_out > 0).then(|| error::left_out(plan.left_out));
        let sha1s = plan.sha1s.clone().into_iter().chain(data).collect();
        Arc::new(Partial { data: sha1s, errors: left_out.into_iter().chain(errors).collect() })
    }

    /// The alerts about each observable, as sightings. `profiles` are those of the plan.
    pub(crate) async fn alerts(
        &self,
        observables: &[NormalizedObservable<'_>],
        plan: &AlertPlan,
        profiles: impl Future<Output = Arc<Partial<Sha1s>>>,
        mapper: &Mapper<'_>,
    ) -> Partial<FoundSightings> {
        match self.backend() {
            Backend::Graph => self.graph_alerts(observables).await,
            backend => {
                let alerts = self.defender_alerts(observables, plan, profiles, mapper).await;
                if backend == Backend::Defender || !self.defender.found_retired() {
                    return alerts;
                }
                self.defender.remember_as_retired();
                self.graph_alerts(observables).await
            }
        }
    }

    async fn graph_alerts(
        &self,
        observables: &[NormalizedObservable<'_>],
    ) -> Partial<FoundSightings> {
        let observables: Vec<_> = observables.iter().map(|it| it.observable.clone()).collect();
        let alerts =
            self.defender.graph().sightings_of_each(&self.search_options(), &observables).await;
        self.defender.keep_sha1s(&alerts.data.sha1s);
        alerts
    }

    fn search_options(&self) -> SearchOptions<'_> {
        SearchOptions {
            source: &self.config.product_name,
            namespace: ABOUT.namespace(),
            service: Some(Service::DEFENDER_FOR_ENDPOINT),
        }
    }

    /// Three steps at most: docs/relays/defender-atp.md#order-of-requests.
    async fn defender_alerts(
        &self,
        observables: &[NormalizedObservable<'_>],
        plan: &AlertPlan,
        profiles: impl Future<Output = Arc<Partial<Sha1s>>>,
        mapper: &Mapper<'_>,
    ) -> Partial<FoundSightings> {
        let (profiles, first) = join(profiles, self.alerts_of(&plan.first)).await;
        let late = plan.late(observables, &profiles.data);
        let nothing_known = AlertDetails::default();
        let (details, second) =
            join(self.details_of(&first.data, &nothing_known), self.alerts_of(&late)).await;
        let late_details = self.details_of(&second.data, &details.data).await;

        let details_of_all = details.data.and(late_details.data);
        let mut alerts: AlertsByQuery = first.data.into_iter().chain(second.data).collect();
        alerts.values_mut().flatten().for_each(|alert| details_of_all.complete(alert));
        let sightings = observables.iter().map(|observable| {
            let query = alert_query(observable, &profiles.data);
            let alerts = query.and_then(|query| alerts.get(&query)).into_iter().flatten();
            let sighting =
                |alert: &Alert| mapper.alert(observable, alert, details_of_all.device(alert));
            alerts.filter_map(sighting).collect()
        });
        let errors = [
            first.errors,
            profiles.errors.clone(),
            second.errors,
            details.errors,
            late_details.errors,
        ];
        let by_observable = sightings.collect();
        let data = FoundSightings { by_observable, ..FoundSightings::default() };
        Partial { data, errors: errors.concat() }
    }

    async fn details_of(
        &self,
        alerts: &AlertsByQuery,
        known: &AlertDetails,
    ) -> Partial<AlertDetails> {
        let alerts: Vec<_> = alerts.values().flatten().collect();
        self.defender.details(&alerts, known).await
    }

    /// The alerts out of lists, and out of hunting where the budget has no list for them.
    async fn alerts_of(&self, allocation: &Allocation) -> Partial<AlertsByQuery> {
        let lists = join_all(allocation.direct.iter().map(|query| self.defender.alerts(query)));
        // Hunted alerts have to be read thereafter, so hunting starts first.
        let (mut alerts, lists) = join(self.hunted_alerts(&allocation.via_hunting), lists).await;
        for (query, list) in allocation.direct.iter().zip(lists) {
            match list {
                Ok(list) => {
                    alerts.data.insert(query.clone(), list.data);
                    alerts.errors.extend(list.errors);
                }
                Err(error) => alerts.errors.push(error.into()),
            }
        }
        alerts
    }

    /// The events of all observables. One query searches for all of them; files are searched for by
    /// their SHA-1 too, in the same query where it is cached.
    pub(crate) async fn events(
        &self,
        observables: &[NormalizedObservable<'_>],
        plan: &AlertPlan,
        profiles: impl Future<Output = Arc<Partial<Sha1s>>>,
    ) -> Partial<Events> {
        let mut found: Partial<Events> = Partial::default();
        self.add_events(&mut found, observables, &plan.sha1s).await;
        if observables.iter().any(NormalizedObservable::needs_profile) && found.errors.is_empty() {
            let sha1s = &profiles.await.data;
            self.add_events(&mut found, observables, sha1s).await;
        }
        found
    }

    /// Adds the events by keys that were not searched for yet.
    pub(crate) async fn add_events(
        &self,
        found: &mut Partial<Events>,
        observables: &[NormalizedObservable<'_>],
        sha1s: &Sha1s,
    ) {
        let keys = found.data.new_keys(observables, sha1s);
        if keys.is_empty() || self.defender.hunting_is_off() {
            return;
        }
        let Partial { data, errors } = self.defender.events(&keys, self.call.limit).await;
        found.data.add(keys, data);
        found.errors.extend(errors);
    }
}
