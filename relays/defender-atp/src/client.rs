//! Decides where alerts and events come from and how many requests they may cost:
//! docs/relays/defender-atp.md#backends. `microsoft` sends the requests.

mod error;
mod query;
mod types;

use std::sync::Arc;

use futures::future::join;
use microsoft::{
    Graph, SearchOptions, Service,
    defender::{AlertDetails, Defender, DefenderClient, NormalizedObservable, Sha1s},
};
use relay_core::{Call, Error, Findings, Observable, Partial, Result};

use crate::{
    ABOUT, Credentials,
    config::{Backend, Config},
};

pub(crate) use error::{actions_ended, invalid_request};
pub(crate) use query::AlertPlan;
use query::{Allocation, alert_query};
use types::AlertsByQuery;
pub(crate) use types::{Alerts, Events, Profiles};

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

    /// Whether there is an API that acts: Graph does not.
    pub(crate) fn can_act(&self) -> bool {
        self.backend() != Backend::Graph && !self.defender.is_remembered_as_retired()
    }

    /// Whether a response of this call showed that the API that acts is retired.
    pub(crate) async fn has_ceased_to_act(&self) -> bool {
        let is_retired = self.defender.is_retired().await;
        if is_retired {
            self.defender.remember_as_retired();
        }
        is_retired
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

    /// The verdicts of Microsoft's threat intelligence on the observables' hosts, which the first
    /// Python relay did not ask for.
    pub(crate) async fn verdicts(&self, observables: &[Observable]) -> Findings {
        if self.config.only_seed_features {
            return Findings::default();
        }
        self.defender.graph().verdicts(observables).await
    }

    /// The same verdicts with their judgements.
    pub(crate) async fn reputations(&self, observables: &[Observable]) -> Findings {
        if self.config.only_seed_features {
            return Findings::default();
        }
        let source = &self.config.product_name;
        self.defender.graph().reputations(source, ABOUT.namespace(), observables).await
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
    pub(crate) async fn profiles(&self, plan: &AlertPlan) -> Arc<Profiles> {
        let hashes: Vec<_> = plan.profiles.iter().map(String::as_str).collect();
        let mut sha1s = self.defender.sha1s(&hashes).await;
        sha1s.found.extend(plan.sha1s.clone());
        Arc::new(Profiles { sha1s, warning: error::left_out(&plan.left_out) })
    }

    /// The alerts about each observable. `profiles` are those of the plan.
    pub(crate) async fn alerts<'o>(
        &'o self,
        observables: &[NormalizedObservable<'o>],
        plan: &AlertPlan,
        profiles: impl Future<Output = Arc<Profiles>>,
    ) -> Partial<Alerts<'o>> {
        match self.backend() {
            Backend::Graph => self.graph_alerts(observables).await,
            backend => {
                let alerts = self.defender_alerts(observables, plan, profiles).await;
                if backend == Backend::Defender || !self.defender.found_retired() {
                    return alerts;
                }
                self.defender.remember_as_retired();
                self.graph_alerts(observables).await
            }
        }
    }

    async fn graph_alerts<'o>(
        &'o self,
        observables: &[NormalizedObservable<'o>],
    ) -> Partial<Alerts<'o>> {
        let given = observables.iter().map(|it| it.observable);
        let Partial { data: alerts, errors } =
            self.defender.graph().alerts_about(&self.search_options(), given).await;
        self.defender.keep_sha1s(&alerts.sha1s());
        Partial { data: Alerts::Graph(alerts), errors }
    }

    /// Which alerts of Graph are searched, and how they become sightings.
    pub(crate) fn search_options(&self) -> SearchOptions<'_> {
        SearchOptions {
            source: &self.config.product_name,
            namespace: ABOUT.namespace(),
            service: Some(Service::DEFENDER_FOR_ENDPOINT),
        }
    }

    /// Three steps at most: docs/relays/defender-atp.md#order-of-requests.
    async fn defender_alerts<'o>(
        &self,
        observables: &[NormalizedObservable<'o>],
        plan: &AlertPlan,
        profiles: impl Future<Output = Arc<Profiles>>,
    ) -> Partial<Alerts<'o>> {
        let (profiles, first) = join(profiles, self.alerts_of(&plan.first)).await;
        let sha1s = &profiles.sha1s.found;
        let late = plan.late(observables, sha1s);
        let nothing_known = AlertDetails::default();
        let (details, second) =
            join(self.details_of(&first.data, &nothing_known), self.alerts_of(&late)).await;
        let late_details = self.details_of(&second.data, &details.data).await;

        let mut alerts = first.data;
        alerts.extend(second.data);
        let mut errors =
            [first.errors, second.errors, details.errors, late_details.errors].concat();
        errors.splice(0..0, self.alert_errors(observables, &profiles, &alerts));
        let of_observable = |observable: &NormalizedObservable<'_>| {
            let query = alert_query(observable, sha1s);
            query.and_then(|query| alerts.found.get(&query)).cloned().unwrap_or_default()
        };
        let by_observable = observables.iter().map(of_observable).collect();
        Partial { data: Alerts::Own(by_observable, details.data.and(late_details.data)), errors }
    }

    /// What is missing of the alerts about these observables.
    fn alert_errors(
        &self,
        observables: &[NormalizedObservable<'_>],
        profiles: &Profiles,
        alerts: &AlertsByQuery,
    ) -> Vec<Error> {
        let mut errors: Vec<_> = profiles.warning.clone().into_iter().collect();
        for observable in observables {
            let given = observable.observable;
            let sha1s = &profiles.sha1s;
            errors.extend(sha1s.errors_about(&self.defender, &observable.value, given));
            if let Some(query) = alert_query(observable, &sha1s.found) {
                errors.extend(alerts.errors_about(&self.defender, &query, given));
            }
        }
        errors
    }

    async fn details_of(
        &self,
        alerts: &AlertsByQuery,
        known: &AlertDetails,
    ) -> Partial<AlertDetails> {
        let alerts: Vec<_> = alerts.found.values().flatten().collect();
        self.defender.details(&alerts, known).await
    }

    /// The alerts out of lists, and out of hunting where the budget has no list for them.
    async fn alerts_of(&self, allocation: &Allocation) -> Partial<AlertsByQuery> {
        // Hunted alerts have to be read thereafter, so hunting starts first.
        let (mut alerts, lists) = join(
            self.hunted_alerts(&allocation.via_hunting),
            self.defender.alerts(&allocation.direct),
        )
        .await;
        alerts.data.extend(lists);
        alerts
    }

    /// The events of all observables. One query searches for all of them; files are searched for by
    /// their SHA-1 too, in the same query where it is cached.
    pub(crate) async fn events(
        &self,
        observables: &[NormalizedObservable<'_>],
        plan: &AlertPlan,
        profiles: impl Future<Output = Arc<Profiles>>,
    ) -> Events {
        let mut events = Events::default();
        self.add_events(&mut events, observables, &plan.sha1s).await;
        if observables.iter().any(NormalizedObservable::needs_profile) {
            let sha1s = &profiles.await.sha1s.found;
            self.add_events(&mut events, observables, sha1s).await;
        }
        events
    }

    /// Adds the events by keys that were not searched for yet, unless hunting failed before.
    pub(crate) async fn add_events(
        &self,
        events: &mut Events,
        observables: &[NormalizedObservable<'_>],
        sha1s: &Sha1s,
    ) {
        let keys = events.new_keys(observables, sha1s);
        if keys.is_empty() || events.has_failed() || self.defender.hunting_is_off() {
            return;
        }
        let found = self.defender.events(&keys, self.call.limit).await;
        events.add(keys, found);
    }

    /// The warnings about hunting. A failure that the alerts met too, such as one of the login, is not
    /// repeated.
    pub(crate) fn hunting_warnings(
        &self,
        events: &Events,
        observables: &[NormalizedObservable<'_>],
        of_alerts: &[Error],
    ) -> Vec<Error> {
        let errors = events.errors(&self.defender, observables).into_iter();
        let is_repeated = |error: &Error| of_alerts.iter().any(|it| it.is_same_failure(error));
        errors.filter(|error| !is_repeated(error)).map(Error::as_warning).collect()
    }
}
