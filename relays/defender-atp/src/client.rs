//! Decides where alerts and events come from and how many requests they may cost:
//! docs/relays/defender-atp.md#backends. `microsoft` sends the requests.

mod error;
mod query;
mod types;

use std::{cmp::Reverse, sync::Arc};

use futures::future::{join, join_all};
use microsoft::{
    Graph, SearchOptions, Service,
    defender::{
        Alert, AlertDetails, Defender, DefenderClient, DeviceEvent, EventKey, NormalizedObservable,
        Sha1s,
    },
};
use relay_core::{Call, Partial, Result, Time};

use crate::{
    ABOUT, Credentials,
    config::{Backend, Config},
    mapping::Mapper,
};

pub(crate) use error::{hunting_warnings, invalid_request};
pub(crate) use query::AlertPlan;
use query::{Allocation, alert_query};
use types::{AlertsByQuery, EventsByKey, Sightings};

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
        if self.backend() == Backend::Graph {
            return AlertPlan::default();
        }
        let files = observables.iter().filter(|observable| observable.needs_profile());
        let (sha1s, missing) = self.defender.cached_sha1s(files.map(|file| file.value.as_str()));
        AlertPlan::new(observables, sha1s, &missing)
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
    ) -> Partial<Sightings> {
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

    async fn graph_alerts(&self, observables: &[NormalizedObservable<'_>]) -> Partial<Sightings> {
        let observables: Vec<_> = observables.iter().map(|it| it.observable.clone()).collect();
        self.defender.graph().sightings_of_each(&self.search_options(), &observables).await
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
    ) -> Partial<Sightings> {
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
        Partial { data: sightings.collect(), errors: errors.concat() }
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
    /// The events of each observable, the newest first. One query searches for all of them; files
    /// that the tables do not hold by their hash are searched for by their SHA-1 as well.
    pub(crate) async fn events(
        &self,
        observables: &[NormalizedObservable<'_>],
        profiles: impl Future<Output = Arc<Partial<Sha1s>>>,
    ) -> Partial<Vec<Vec<DeviceEvent>>> {
        if self.defender.hunting_is_off() {
            return observables.iter().map(|_| Vec::new()).collect::<Vec<_>>().into();
        }
        let limit = self.call.limit;
        let keys = distinct(observables.iter().filter_map(EventKey::new));
        let Partial { data: mut events, mut errors } = self.defender.events(&keys, limit).await;
        let is_missing =
            |it: &&NormalizedObservable<'_>| it.needs_profile() && events_of(&events, it).is_none();
        let missing: Vec<_> = observables.iter().filter(is_missing).collect();
        let mut sha1s = Sha1s::new();
        if !missing.is_empty() && errors.is_empty() {
            sha1s = profiles.await.data.clone();
            let late = missing.iter().filter_map(|file| sha1s.get(&file.value).cloned());
            let late = distinct(late.map(EventKey::sha1).filter(|key| !keys.contains(key)));
            if !late.is_empty() {
                let more = self.defender.events(&late, limit).await;
                events.extend(more.data);
                errors.extend(more.errors);
            }
        }
        let of_observable = |observable: &NormalizedObservable<'_>| {
            let by_sha1 = || {
                let sha1 = sha1s.get(&observable.value)?.clone();
                events.get(&EventKey::sha1(sha1).text())
            };
            let found = events_of(&events, observable).or_else(by_sha1);
            newest_first(found.cloned().unwrap_or_default())
        };
        Partial { data: observables.iter().map(of_observable).collect(), errors }
    }
}

fn events_of<'e>(
    events: &'e EventsByKey,
    observable: &NormalizedObservable<'_>,
) -> Option<&'e Vec<DeviceEvent>> {
    events.get(&EventKey::new(observable)?.text())
}

fn distinct(keys: impl Iterator<Item = EventKey>) -> Vec<EventKey> {
    let mut kept = Vec::new();
    for key in keys {
        if !kept.contains(&key) {
            kept.push(key);
        }
    }
    kept
}

fn newest_first(mut events: Vec<DeviceEvent>) -> Vec<DeviceEvent> {
    events.sort_by_cached_key(|event| Reverse(event.timestamp.as_deref().and_then(Time::parse)));
    events
}
